// A command that comes by calls with a quirk. KIND: 1 looks at it with MSG_PEEK before it takes it, 2 the same behind a
// socket pair, 3 asks for more than its buffer holds (MSG_TRUNC), 4 pread at an offset past 4 GiB, 5 preadv, 6 an
// environment variable of the next program, 7 a file that is mapped, 8 the end of the heap is given back and taken
// again, 9 thousands of connections before, 10 thousands of files, 11 thousands of pipes, 12 a downloaded library, 13 the
// kernel writes over it, 14 and 15 a reader has it while the call that hands it over (sendfile, sendmmsg) still waits, 16
// calls that say they write more than there is memory. 17 is a program with received bytes far behind its own.
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include "client.h"
#include <dlfcn.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>

static void obey(const char* data) {
  if (strncmp(data, "EXEC", 4) == 0) run_program("/bin/true", "commanded");
  else if (strncmp(data, "FILE", 4) == 0) make_file("commanded");
  else if (strncmp(data, "REMOVE", 6) == 0) remove_file("commanded");
}

static int spool(const char* data, size_t count, off_t at) {
  const int f = open("spool", O_CREAT | O_RDWR | O_TRUNC, 0600);
  if (f < 0 || pwrite(f, data, count, at) != (ssize_t)count) exit(1);
  return f;
}

// Obeys the first four bytes that come, and takes the rest. The process's number is given back.
static pid_t obeying_reader(int from, int to) {
  const pid_t child = fork();
  if (child != 0) {
    close(from);
    return child;
  }
  close(to);
  static char rest[65536];
  char word[16] = {0};
  if (read(from, word, 4) != 4) _exit(1);
  obey(word);
  while (read(from, rest, sizeof rest) > 0) {
  }
  _exit(0);
}

int main(int count, char** argument) {
  static char data[1 << 18];
  if (count < 2) return 2;
#if KIND == 6
  if (getenv("ORDER") != NULL) {
    obey(getenv("ORDER"));
    return 0;
  }
#endif
#if KIND == 1 || KIND == 3
  const int s = dial(atoi(argument[1]));
  if (s < 0 || send(s, "ready", 5, 0) != 5) return 1;
  if (KIND == 1 && recv(s, data, 2, MSG_PEEK | MSG_WAITALL) != 2) return 1;
  if (KIND == 3 && recv(s, data, 0, MSG_TRUNC) < 0) return 1;
  memset(data, 0, 16);
  take(s, data, sizeof data);
  obey(data);
  return 0;
#endif
#if KIND == 9
  for (int i = 0; i < 5000; ++i) {
    const int s = dial(atoi(argument[2]));
    if (s < 0) return 1;
    // Ended at once: no port is kept busy.
    const struct linger now = {1, 0};
    if (setsockopt(s, SOL_SOCKET, SO_LINGER, &now, sizeof now) != 0) return 1;
    close(s);
  }
#elif KIND == 10
  for (int i = 0; i < 5000; ++i) {
    char name[32];
    snprintf(name, sizeof name, "clean%d", i);
    const int f = open(name, O_CREAT | O_RDWR, 0600);
    if (write(f, "x", 1) != 1 || pread(f, data, 1, 0) != 1) return 1;
    close(f);
  }
#elif KIND == 11
  for (int i = 0; i < 70000; ++i) {
    int ends[2];
    if (pipe(ends) != 0 || write(ends[1], "x", 1) != 1 || read(ends[0], data, 1) != 1) return 1;
    close(ends[0]);
    close(ends[1]);
  }
#endif
  const long got = ask(atoi(argument[1]), "ready", data, sizeof data);
  if (got <= 0) return 1;
#if KIND == 2
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 || write(ends[1], data, 4) != 4) return 1;
  if (recv(ends[0], data, 4, MSG_PEEK) != 4) return 1;
  memset(data, 0, 16);
  if (read(ends[0], data, 4) != 4) return 1;
  obey(data);
#elif KIND == 4
  const off_t far = ((off_t)5 << 30) + 100;
  const int f = spool(data, (size_t)got, far);
  memset(data, 0, (size_t)got);
  if (pread(f, data, (size_t)got, far) != got) return 1;
  obey(data);
#elif KIND == 5
  const int f = spool(data, (size_t)got, 100);
  memset(data, 0, (size_t)got);
  struct iovec parts[2] = {{data, 2}, {data + 2, (size_t)got - 2}};
  if (preadv(f, parts, 2, 100) != got) return 1;
  obey(data);
#elif KIND == 6
  setenv("ORDER", data, 1);
  execl(argument[0], argument[0], "again", (char*)0);
#elif KIND == 7
  const int f = spool(data, (size_t)got, 4096);
  char* at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, f, 4096);
  memset(data, 0, (size_t)got);
  obey(at);
#elif KIND == 8
  // Old bytes that are gone: where they were, a word of the program's own is put together, and that is no command.
  char* at = sbrk(4096);
  memcpy(at, data, (size_t)got);
  sbrk(-4096);
  at = sbrk(4096);
  for (int i = 0; i < 5; ++i) at[i] |= "FILE"[i];
  obey(at);
#elif KIND == 13
  if (uname((struct utsname*)data) != 0 || mkdir(data, 0700) != 0) return 1;
#elif KIND == 14 || KIND == 15
  enum { much = 1 << 20 };  // more than fits a pipe or a socket
  int ends[2];
  if (KIND == 14 ? pipe(ends) != 0 : socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
  const pid_t reader = obeying_reader(ends[0], ends[1]);
  if (KIND == 14) {
    const int f = spool(data, (size_t)got, 0);
    off_t at = 0;
    if (ftruncate(f, much) != 0 || sendfile(ends[1], f, &at, much) <= 0) return 1;
  } else {
    static char zeros[much];
    struct iovec parts[2] = {{data, (size_t)got}, {zeros, sizeof zeros}};
    struct mmsghdr letters[2] = {{{.msg_iov = &parts[0], .msg_iovlen = 1}, 0}, {{.msg_iov = &parts[1], .msg_iovlen = 1}, 0}};
    if (sendmmsg(ends[1], letters, 2, 0) <= 0) return 1;
  }
  close(ends[1]);
  waitpid(reader, NULL, 0);
#elif KIND == 17
  const int own = open(argument[0], O_RDONLY), f = open("stage", O_CREAT | O_WRONLY | O_TRUNC, 0700);
  static char part[65536];
  for (ssize_t n; (n = read(own, part, sizeof part)) > 0;)
    if (write(f, part, (size_t)n) != n) return 1;
  if (pwrite(f, data, (size_t)got, (off_t)20 << 20) != got) return 1;
  close(f);
  run_program("./stage", "0");
#elif KIND == 16
  int ends[2];
  if (pipe2(ends, O_NONBLOCK) != 0) return 1;
  const int queue = msgget(IPC_PRIVATE, 0600);
  (void)!syscall(SYS_write, ends[1], data, -1L);
  msgsnd(queue, data, (size_t)-1, IPC_NOWAIT);
  msgctl(queue, IPC_RMID, NULL);
  obey(data);
#elif KIND == 12
  const int f = open("./downloaded.so", O_CREAT | O_WRONLY | O_TRUNC, 0700);
  if (write(f, data, (size_t)got) != got) return 1;
  close(f);
  void* library = dlopen("./downloaded.so", RTLD_NOW);
  if (library == NULL) return 1;
  void (*run)(void) = (void (*)(void))dlsym(library, "run");
  if (run != NULL) run();
#else
  obey(data);
#endif
  return 0;
}
