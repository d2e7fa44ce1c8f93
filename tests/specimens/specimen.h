// What every specimen shares. A specimen is a harmless program that shows one trait of malware, so that tests can
// demand that the sandbox sees it. None does anything unless it was told that it runs in a test's cell.
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

// The first line of every main(): outside a test's cell a specimen says what it is and ends.
static inline void specimen_in_cell(void) {
  const char* marker = getenv("SHIKAKE_SPECIMEN");
  if (marker && strcmp(marker, "in-a-cell") == 0) return;
  fputs("This is a specimen: it shows its trait only in a test's cell (SHIKAKE_SPECIMEN=in-a-cell).\n", stderr);
  exit(77);
}

// For those that would annoy a machine: processes of a fresh process namespace have small numbers, and one that
// has been up for long gives large ones.
static inline void specimen_alone_in_cell(void) {
  specimen_in_cell();
  if (getpid() <= 300) return;
  fputs("This specimen wants a process namespace of its own.\n", stderr);
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
