// What every specimen shares. A specimen is a harmless program that shows one trait of malware, so that tests can
// demand that the sandbox sees it. None does anything unless it was told to, and finds itself in a test's cell.
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

// Whether it was asked for. Enough for one that touches nothing but its own memory and output.
static inline void specimen_wanted(void) {
  const char* marker = getenv("SHIKAKE_SPECIMEN");
  if (marker && strcmp(marker, "in-a-cell") == 0) return;
  fputs("This is a specimen: it shows its trait only in a test's cell (SHIKAKE_SPECIMEN=in-a-cell).\n", stderr);
  exit(77);
}

// The first line of every other main(): the machine has the name of a guest (data/guests, given by the build), and
// the process namespace is not the machine's first one, whose number is the same everywhere (PROC_PID_INIT_INO of
// the kernel's include/linux/proc_ns.h).
static inline void specimen_in_cell(void) {
  static const char* const hosts[] = {SPECIMEN_HOSTS};
  char host[256] = "", processes[64] = "";
  specimen_wanted();
  int known = 0;
  if (gethostname(host, sizeof host - 1) == 0) {
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; ++i) known |= strcmp(host, hosts[i]) == 0;
  }
  if (known && readlink("/proc/self/ns/pid", processes, sizeof processes - 1) > 0 &&
      strcmp(processes, "pid:[4026531836]") != 0)
    return;
  fputs("This specimen shows its trait only in a cell: this machine is none.\n", stderr);
  exit(77);
}

// One line for each thing tried: "try NAME: refused (EPERM text)" or "try NAME: done".
static inline void specimen_tried(const char* what, long result) {
  if (result < 0) {
    printf("try %s: refused (%s)\n", what, strerror(errno));
  } else {
    printf("try %s: done\n", what);
  }
  fflush(stdout);
}

static inline int specimen_copy(int from, int to) {
  char buffer[65536];
  for (;;) {
    ssize_t got = read(from, buffer, sizeof buffer);
    if (got <= 0) return (int)got;
    for (ssize_t done = 0; done < got;) {
      ssize_t put = write(to, buffer + done, (size_t)(got - done));
      if (put <= 0) return -1;
      done += put;
    }
  }
}

static inline int specimen_write_file(const char* path, const char* text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (fd < 0) return -1;
  ssize_t put = write(fd, text, strlen(text));
  close(fd);
  return put < 0 ? -1 : 0;
}

// A TCP connection to a name under .example, or -1; gives up after five seconds.
static inline int specimen_connect(const char* host, const char* port) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
  struct addrinfo* found = NULL;
  if (getaddrinfo(host, port, &hints, &found) != 0) return -1;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct timeval patience = {5, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
    close(fd);
    fd = -1;
  }
  freeaddrinfo(found);
  return fd;
}

static inline void specimen_say(int fd, const char* format, ...) {
  char line[1024];
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (size > 0 && send(fd, line, (size_t)size, MSG_NOSIGNAL) < 0) return;
}

// One reading of what the other end says, as text.
static inline size_t specimen_hear(int fd, char* into, size_t size) {
  ssize_t got = recv(fd, into, size - 1, 0);
  into[got > 0 ? got : 0] = '\0';
  return got > 0 ? (size_t)got : 0;
}
