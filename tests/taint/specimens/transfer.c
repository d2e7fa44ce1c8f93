// Bytes that the program itself never touches. KIND: 1 sendfile sends a file, 2 splice takes a program from the
// network into a file, 3 sendfile copies what was received to another file that is run, 4 recvmmsg takes a command,
// 5 copy_file_range copies, 6 tee doubles a pipe, 7 pwritev and preadv, by places far into a file, 8 vmsplice.
#define _GNU_SOURCE
#include "obey.h"
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
#elif KIND == 5
  if (send(s, "GET /stage", 10, 0) != 10) return 1;
  const int first = open("first", O_CREAT | O_RDWR | O_TRUNC, 0600);
  long all = 0;
  for (long got; (got = recv(s, data, sizeof data, 0)) > 0; all += got)
    if (write(first, data, (size_t)got) != got) return 1;
  const int f = open("stage", O_CREAT | O_WRONLY | O_TRUNC, 0700);
  off64_t from = 0;
  for (long got; all > 0 && (got = copy_file_range(first, &from, f, NULL, (size_t)all, 0)) > 0;) all -= got;
  close(f);
  run_file("./stage");
#elif KIND >= 6
  if (send(s, "hello", 5, 0) != 5) return 1;
  const long got = take(s, data, sizeof data);
  int one[2], other[2];
  if (got <= 0 || pipe(one) != 0 || pipe(other) != 0) return 1;
  static char again[4096];
  struct iovec parts[2] = {{data, 2}, {data + 2, (size_t)got - 2}}, places[2] = {{again, 3}, {again + 3, (size_t)got - 3}};
#if KIND == 6
  if (write(one[1], data, (size_t)got) != got || tee(one[0], other[1], (size_t)got, 0) != got) return 1;
  if (read(one[0], data, (size_t)got) != got || read(other[0], again, (size_t)got) != got) return 1;
#elif KIND == 7
  const int f = open("far", O_CREAT | O_RDWR | O_TRUNC, 0600);
  if (pwritev(f, parts, 2, 70000) != got || preadv(f, places, 2, 70000) != got) return 1;
  if (pwrite(f, again, (size_t)got, 90000) != got || pread(f, again, (size_t)got, 90000) != got) return 1;
#else
  if (vmsplice(one[1], parts, 2, 0) != got || readv(one[0], places, 2) != got) return 1;
#endif
  memset(data, 0, sizeof data);
  obey_word(again);
#else
  if (send(s, "ready", 5, 0) != 5) return 1;
  struct iovec vector = {data, sizeof data - 1};
  struct mmsghdr message = {.msg_hdr = {.msg_iov = &vector, .msg_iovlen = 1}};
  if (recvmmsg(s, &message, 1, MSG_WAITFORONE, NULL) != 1) return 1;
  obey_word(data);
#endif
  close(s);
  return 0;
}
