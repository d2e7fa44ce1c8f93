// One thing to do, but the server says with what. ARGUMENT: 1 a command line, 2 a file to remove.
#include "client.h"

int main(int count, char** argument) {
  static char data[4096];
  if (count < 2) return 2;
  long got = ask(atoi(argument[1]), "hello", data, sizeof data);
  if (got <= 0) return 1;
  decode(data, got);
#if ARGUMENT == 1
  run_program("/bin/echo", data);
#else
  remove_file(data);
#endif
  return 0;
}
