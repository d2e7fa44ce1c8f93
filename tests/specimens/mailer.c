// Trait: sends mail by itself.
// Reported: mail_sent; one flow to mail.example:25.
// Harmless: one message between names that only tests have, to a server that only tests answer for.
#include "specimen.h"

static int ask(int server, const char* line) {
  char answer[1024];
  if (line) specimen_say(server, "%s\r\n", line);
  return specimen_hear(server, answer, sizeof answer) > 0 && (answer[0] == '2' || answer[0] == '3');
}

int main(void) {
  specimen_in_cell();
  int server = specimen_connect("mail.example", "25");
  if (server < 0 || !ask(server, NULL)) return 1;
  int sent = ask(server, "HELO specimen.example") && ask(server, "MAIL FROM:<specimen@specimen.example>") &&
             ask(server, "RCPT TO:<victim@mail.example>") && ask(server, "DATA") &&
             ask(server, "Subject: a specimen\r\n\r\nnothing to see\r\n.");
  ask(server, "QUIT");
  return sent ? 0 : 1;
}
