// An ordinary downloader: checks the status line, reads the headers, follows redirects, decodes chunks, saves what
// comes beside its final name and moves it there; says what went wrong, and notes it. Nothing in it obeys.
#include <strings.h>

#include "client.h"

static char line[1024];

static void note(const char* what, int status) {
  FILE* log = fopen("client.log", "a");
  if (log == NULL) return;
  fprintf(log, "%s (%d)\n", what, status);
  fclose(log);
}

static int give_up(FILE* in, const char* what, int status) {
  fprintf(stderr, "http_client: %s (%d)\n", what, status);
  if (status > 0) note(what, status);
  fclose(in);
  return -1;
}

// The body goes to `to`; the number of bytes, below 0 when it broke off.
static long save(FILE* in, int to, long length, int chunked) {
  static char part[512];
  long all = 0;
  for (;;) {
    long left = length;
    if (chunked) {
      if (fgets(line, sizeof line, in) == NULL) return -1;
      left = strtol(line, NULL, 16);
      if (left == 0) return all;
    }
    while (left != 0) {
      const size_t want = left < 0 || left > (long)sizeof part ? sizeof part : (size_t)left;
      const size_t got = fread(part, 1, want, in);
      if (got == 0) return left < 0 ? all : -1;
      if (write(to, part, got) != (ssize_t)got) return -1;
      all += (long)got;
      if (left > 0) left -= (long)got;
    }
    if (!chunked) return all;
    if (fgets(line, sizeof line, in) == NULL) return -1;  // the chunk's end
  }
}

static int get(int port, const char* path, const char* file, int redirects) {
  long length = -1;
  int chunked = 0, next_port = 0;
  char next[256] = "";
  const int s = dial(port);
  if (s < 0) return -1;
  FILE* in = fdopen(s, "r");
  dprintf(s, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n", path, port);
  if (fgets(line, sizeof line, in) == NULL) return give_up(in, "no answer", 0);
  if (strncmp(line, "HTTP/1.", 7) != 0 || strlen(line) < 12) return give_up(in, "not HTTP", 0);
  const int status = atoi(line + 9);
  while (fgets(line, sizeof line, in) != NULL && strcmp(line, "\r\n") != 0) {
    if (strncasecmp(line, "Content-Length:", 15) == 0) length = atol(line + 15);
    else if (strncasecmp(line, "Transfer-Encoding:", 18) == 0) chunked = strstr(line, "chunked") != NULL;
    else if (strncasecmp(line, "Location:", 9) == 0) sscanf(line + 9, " http://%*[^:]:%d%255s", &next_port, next);
  }
  switch (status) {
    case 200: case 203: break;
    case 301: case 302: case 303: case 307: case 308:
      if (next_port == 0 || redirects == 0) return give_up(in, "cannot be redirected", status);
      fclose(in);
      return get(next_port, next, file, redirects - 1);
    case 404: case 410: return give_up(in, "not there", status);
    case 429: case 503: return give_up(in, "later", status);
    default: return give_up(in, "unexpected", status);
  }
  char part[256];
  snprintf(part, sizeof part, "%s.part", file);
  const int to = open(part, O_CREAT | O_WRONLY | O_TRUNC, 0600);
  const long got = to < 0 ? -1 : save(in, to, length, chunked);
  close(to);
  if (got < 0 || (length >= 0 && got != length)) {
    unlink(part);
    return give_up(in, "broke off", status);
  }
  fclose(in);
  if (rename(part, file) != 0) return -1;
  printf("%ld bytes\n", got);
  return 0;
}

int main(int count, char** argument) {
  if (count < 2) return 2;
  if (get(atoi(argument[1]), "/text", "text", 3) != 0) {
    fprintf(stderr, "http_client: nothing was saved\n");
    return 1;
  }
  make_file("complete");
  return 0;
}
