// Bytes that the program itself never touches. KIND: 1 sendfile sends a file, 2 splice takes a program from the
// network into a file, 3 sendfile copies what was received to another file that is run, 4 recvmmsg takes a command.
#define _GNU_SOURCE
#include "client.h"
#include <sys/sendfile.h>
#include <sys/uio.h>

static void run_file(const char* name) {
  chmod(name, 0700);
  run_program(name, "x");
}

int main(int count, char** argument) {
  static char data[65536];
  if (count < 2) return 2;
  const int s = dial(atoi(argument[1]));
  if (s < 0) return 1;
#if KIND == 1
  const int f = open(argument[2], O_RDONLY);
  if (sendfile(s, f, NULL, 4096) <= 0) return 1;
  take(s, data, sizeof data);
#elif KIND == 2
  int pipes[2];
  if (send(s, "GET /stage", 10, 0) != 10 || pipe(pipes) != 0) return 1;
  const int f = open("stage", O_CREAT | O_WRONLY | O_TRUNC, 0700);
  for (long got; (got = splice(s, NULL, pipes[1], NULL, 4096, 0)) > 0;)
    while (got > 0) {
      const long moved = splice(pipes[0], NULL, f, NULL, (size_t)got, 0);
      if (moved <= 0) return 1;
      got -= moved;
    }
  close(f);
  run_file("./stage");
#elif KIND == 3
  if (send(s, "GET /stage", 10, 0) != 10) return 1;
  const int first = open("first", O_CREAT | O_RDWR | O_TRUNC, 0600);
  for (long got; (got = recv(s, data, sizeof data, 0)) > 0;)
    if (write(first, data, (size_t)got) != got) return 1;
  const int f = open("stage", O_CREAT | O_WRONLY | O_TRUNC, 0700);
  off_t from = 0;
  while (sendfile(f, first, &from, 65536) > 0) {
  }
  close(f);
  run_file("./stage");
#else
  if (send(s, "ready", 5, 0) != 5) return 1;
  struct iovec vector = {data, sizeof data - 1};
  struct mmsghdr message = {.msg_hdr = {.msg_iov = &vector, .msg_iovlen = 1}};
  if (recvmmsg(s, &message, 1, MSG_WAITFORONE, NULL) != 1) return 1;
  if (strncmp(data, "EXEC", 4) == 0) run_program("/bin/true", "commanded");
  else if (strncmp(data, "FILE", 4) == 0) make_file("commanded");
  else if (strncmp(data, "REMOVE", 6) == 0) remove_file("commanded");
#endif
  close(s);
  return 0;
}
