// Long conversations. KIND: 1 obeys frames (length, opcode, key) until told to stop, 2 obeys lines of a chat, 3 sends a
// mail as SMTP wants it, and obeys nothing.
#include "client.h"

static int next_byte(int s) {
  unsigned char byte;
  return recv(s, &byte, 1, 0) == 1 ? byte : -1;
}
static inline int next_line(int s, char* to, int size) {
  int length = 0;
  for (int byte; length < size - 1 && (byte = next_byte(s)) >= 0 && byte != '\n';)
    if (byte != '\r') to[length++] = (char)byte;
  to[length] = 0;
  return length;
}
static inline void say(int s, const char* text) {
  if (send(s, text, strlen(text), 0) < 0) exit(1);
}

#if KIND == 1
static void obey(int s) {
  static unsigned char body[256];
  unsigned char key = 0x21;
  int counter = 0;
  for (;;) {
    const int length = next_byte(s);
    if (length <= 0) return;
    for (int i = 0; i < length; ++i) {
      const int byte = next_byte(s);
      if (byte < 0) return;
      body[i] = (unsigned char)(byte ^ key);
    }
    switch (body[0]) {
      case 1: say(s, "alive"); break;
      case 2: key = body[1]; say(s, "key"); break;
      case 3: usleep(1000u * body[1]); say(s, "slept"); break;
      case 4: make_file("commanded"); say(s, "made"); break;
      case 5: run_program("/bin/true", "commanded"); say(s, "ran"); break;
      case 6: remove_file("victim"); say(s, "removed"); break;
      case 7: ++counter; say(s, "counted"); break;
      case 9: return;
      default: say(s, "what"); break;
    }
  }
}
#elif KIND == 2
static void obey(int s) {
  static char text[512];
  say(s, "NICK me\r\nUSER me 0 * :me\r\n");
  while (next_line(s, text, sizeof text) > 0) {
    char* word = text;
    if (*word == ':') {
      word = strchr(word, ' ');
      if (word == NULL) continue;
      ++word;
    }
    if (strncmp(word, "PING", 4) == 0) {
      say(s, "PONG\r\n");
    } else if (strncmp(word, "001", 3) == 0) {
      say(s, "JOIN #here\r\n");
    } else if (strncmp(word, "PRIVMSG", 7) == 0) {
      const char* order = strstr(word, " :!");
      if (order == NULL) continue;
      order += 3;
      if (strcmp(order, "version") == 0) say(s, "PRIVMSG #here :3\r\n");
      else if (strcmp(order, "run") == 0) run_program("/bin/true", "commanded");
      else if (strcmp(order, "file") == 0) make_file("commanded");
      else if (strcmp(order, "quit") == 0) return;
      say(s, "PRIVMSG #here :done\r\n");
    }
  }
}
#else
static int answer(int s) {
  static char text[512];
  do {
    if (next_line(s, text, sizeof text) < 4) return 0;
  } while (text[3] == '-');
  return atoi(text);
}
static void obey(int s) {
  static const struct {
    const char* say;
    int wants;
  } steps[] = {{"EHLO me\r\n", 250}, {"MAIL FROM:<a@example.com>\r\n", 250}, {"RCPT TO:<b@example.com>\r\n", 250},
               {"DATA\r\n", 354}, {"Subject: x\r\n\r\nhello\r\n.\r\n", 250}};
  if (answer(s) != 220) {
    fprintf(stderr, "no mail server\n");
    return;
  }
  for (unsigned i = 0; i < sizeof steps / sizeof *steps; ++i) {
    say(s, steps[i].say);
    const int code = answer(s);
    if (code == 421 || code == 451) {
      fprintf(stderr, "later: %d\n", code);
      say(s, "QUIT\r\n");
      return;
    }
    if (code != steps[i].wants) {
      fprintf(stderr, "refused: %d\n", code);
      say(s, "RSET\r\n");
      say(s, "QUIT\r\n");
      return;
    }
  }
  say(s, "QUIT\r\n");
  answer(s);
}
#endif

int main(int count, char** argument) {
  if (count < 2) return 2;
  const int s = dial(atoi(argument[1]));
  if (s < 0) return 1;
  obey(s);
  close(s);
  make_file("ended");
  return 0;
}
