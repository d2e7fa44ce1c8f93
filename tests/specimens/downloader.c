// Trait: fetches a file over HTTP and keeps it.
// Reported: http_request of files.example, downloaded_file /tmp/payload.
// Harmless: one request to a name that only tests answer; what it gets is written and never run.
#include "specimen.h"

int main(void) {
  specimen_in_cell();
  int server = specimen_connect("files.example", "80");
  if (server < 0) return 1;
  specimen_say(server, "GET /payload.bin HTTP/1.1\r\nHost: files.example\r\nUser-Agent: Wget/1.21\r\n"
                       "Accept: */*\r\nConnection: close\r\n\r\n");
  int file = open("/tmp/payload", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  char buffer[4096];
  size_t got, total = 0;
  int in_body = 0;
  while (total < 1 << 20 && (got = specimen_hear(server, buffer, sizeof buffer)) > 0) {
    total += got;
    char* body = in_body ? buffer : strstr(buffer, "\r\n\r\n");
    if (!body) continue;
    if (!in_body) body += 4;
    in_body = 1;
    if (write(file, body, got - (size_t)(body - buffer)) < 0) return 1;
  }
  close(file);
  return in_body ? 0 : 1;
}
