// One program receives, another that it executes obeys. OVER: 1 a pipe to its input, 2 its environment, 3 a file that
// it inherits open, 4 a message with siblings of a socket pair.
#define _GNU_SOURCE
#include "obey.h"

int main(int count, char** argument) {
  static char data[4096];
  int ends[2];
  if (count < 2) return 2;
  if (count == 3) {  // the program that is executed
#if OVER == 2
    const char* given = getenv("WORD");
    if (given != NULL) strncpy(data, given, sizeof data - 1);
#else
    if (read(0, data, sizeof data - 1) <= 0) return 1;
#endif
    decode(data, (long)strlen(data));
    obey_word(data);
    return 0;
  }
  const long got = ask(atoi(argument[1]), "hello", data, sizeof data);
  if (got <= 0) return 1;
#if OVER == 1
  if (pipe(ends) != 0) return 1;
#elif OVER == 3
  ends[0] = ends[1] = open("spool", O_CREAT | O_RDWR | O_TRUNC, 0600);
#elif OVER == 4
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
#endif
#if OVER == 2
  setenv("WORD", data, 1);
#else
  if (write(ends[1], data, (size_t)got) != got) return 1;
#if OVER == 3
  lseek(ends[0], 0, SEEK_SET);
#endif
#endif
  memset(data, 0, sizeof data);
  if (fork() == 0) {
#if OVER != 2
    dup2(ends[0], 0);
#endif
    execl(argument[0], argument[0], argument[1], "obey", (char*)0);
    _exit(9);
  }
  wait(NULL);
  return 0;
}
