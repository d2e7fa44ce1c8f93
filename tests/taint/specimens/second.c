// The first server names the second. AFTER: 0 nothing is done with the second's answer, 1 it commands,
// 2 it gives a program.
#include "client.h"

int main(int count, char** argument) {
  static char data[65536];
  if (count < 2) return 2;
  long got = ask(atoi(argument[1]), "config", data, 4096);
  if (got <= 0) return 1;
  decode(data, got);
  const char* port = strstr(data, "port=");
  if (port == NULL) return 1;
  got = ask(atoi(port + 5), "hello", data, sizeof data);
  if (got <= 0) return 1;
#if AFTER == 1
  if (strncmp(data, "EXEC", 4) == 0) run_program("/bin/true", "commanded");
  else if (strncmp(data, "FILE", 4) == 0) make_file("commanded");
  else if (strncmp(data, "REMOVE", 6) == 0) remove_file("commanded");
#elif AFTER == 2
  const int f = open("stage", O_CREAT | O_WRONLY | O_TRUNC, 0700);
  if (write(f, data, (size_t)got) != got) return 1;
  close(f);
  chmod("stage", 0700);
  run_program("./stage", "x");
#else
  make_file("configured");
#endif
  return 0;
}
