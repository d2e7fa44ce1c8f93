// Obeys a server. DISPATCH: 1 words compared in turn, 2 an opcode in a switch, 3 a table of functions,
// 4 a state machine, 5 a table of words searched, 6 a binary header, 7 a hash of the word.
#include "client.h"

static void do_exec(void) { run_program("/bin/true", "commanded"); }
static void do_file(void) { make_file("commanded"); }
static void do_remove(void) { remove_file("commanded"); }
static void do_beacon(void) { printf("alive\n"); }

static void obey(char* data, long count) {
#if DISPATCH == 1
  if (strncmp(data, "EXEC", 4) == 0) do_exec();
  else if (strncmp(data, "FILE", 4) == 0) do_file();
  else if (strncmp(data, "REMOVE", 6) == 0) do_remove();
  else do_beacon();
#elif DISPATCH == 2
  switch (data[0]) {
    case 'E': do_exec(); break;
    case 'F': do_file(); break;
    case 'R': do_remove(); break;
    case 'B': do_beacon(); break;
    default: printf("unknown\n"); break;
  }
#elif DISPATCH == 3
  static void (*const table[4])(void) = {do_exec, do_file, do_remove, do_beacon};
  table[(data[0] - 'A') & 3]();
#elif DISPATCH == 4
  int state = 0;
  for (long i = 0; i < count; ++i) {
    if (state == 0 && data[i] == 'E') state = 1;
    else if (state == 0 && data[i] == 'F') state = 2;
    else if (state == 1 && data[i] == 'X') state = 3;
    else if (state == 2 && data[i] == 'I') state = 4;
  }
  if (state == 3) do_exec();
  else if (state == 4) do_file();
  else do_beacon();
#elif DISPATCH == 5
  static const struct {
    const char* word;
    void (*act)(void);
  } table[] = {{"BEACON", do_beacon}, {"REMOVE", do_remove}, {"FILE", do_file}, {"EXEC", do_exec}};
  for (int i = 0; i < 4; ++i)
    if (strncmp(data, table[i].word, strlen(table[i].word)) == 0) {
      table[i].act();
      break;
    }
#elif DISPATCH == 6
  struct {
    uint32_t magic;
    uint16_t opcode, size;
  } head;
  memcpy(&head, data, sizeof head);
  const uint16_t opcode = ntohs(head.opcode);
  if (opcode == 1) do_exec();
  else if (opcode == 2) do_file();
  else if (opcode == 3) do_remove();
  else do_beacon();
#elif DISPATCH == 7
  uint32_t hash = 5381;
  for (long i = 0; i < 4 && i < count; ++i) hash = hash * 33 + (uint8_t)data[i];
  if (hash == 2089051434u) do_exec();
  else if (hash == 2089071269u) do_file();
  else if (hash == 2089498200u) do_remove();
  else do_beacon();
#endif
  (void)count;
}

int main(int count, char** argument) {
  static char data[4096];
  if (count < 2) return 2;
  long got = ask(atoi(argument[1]), "hello", data, sizeof data);
  if (got <= 0) return 1;
  got = decode(data, got);
  obey(data, got);
  return 0;
}
