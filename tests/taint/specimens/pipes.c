// The parent receives, the child obeys. OVER: 1 a pipe, 2 a file.
#include "client.h"

int main(int count, char** argument) {
  static char data[4096];
  int ends[2];
  if (count < 2) return 2;
#if OVER == 1
  if (pipe(ends) != 0) return 1;
#endif
  const long got = ask(atoi(argument[1]), "hello", data, sizeof data);
  if (got <= 0) return 1;
#if OVER == 2
  ends[1] = open("spool", O_CREAT | O_WRONLY | O_TRUNC, 0600);
  if (write(ends[1], data, (size_t)got) != got) return 1;
  close(ends[1]);
#endif
  memset(data, 0, sizeof data);
  const pid_t child = fork();
  if (child == 0) {
#if OVER == 2
    ends[0] = open("spool", O_RDONLY);
#endif
    const long n = read(ends[0], data, sizeof data - 1);
    decode(data, n);
    if (strncmp(data, "EXEC", 4) == 0) run_program("/bin/true", "commanded");
    else if (strncmp(data, "FILE", 4) == 0) make_file("commanded");
    else if (strncmp(data, "REMOVE", 6) == 0) remove_file("commanded");
    _exit(0);
  }
#if OVER == 1
  static char again[4096];
  const long more = ask(atoi(argument[1]), "again", again, sizeof again);
  if (more > 0 && write(ends[1], again, (size_t)more) != more) return 1;
  close(ends[1]);
#endif
  waitpid(child, 0, 0);
  return 0;
}
