// Trait: asks its server for orders over HTTP, again and again.
// Reported: http_request, beacon, long_sleep; five flows to c2.example:80 that ask for /gate.
// Harmless: five requests to a name that only tests answer; answers are thrown away.
#include "specimen.h"

int main(void) {
  specimen_in_cell();
  char answer[4096];
  for (int i = 0; i < 5; ++i) {
    int server = specimen_connect("c2.example", "80");
    if (server < 0) return 1;
    specimen_say(server, "GET /gate?id=4711&n=%d HTTP/1.1\r\nHost: c2.example\r\nUser-Agent: Mozilla/4.0\r\n"
                         "Connection: close\r\n\r\n", i);
    while (specimen_hear(server, answer, sizeof answer) > 0) {
    }
    close(server);
    if (i < 4) sleep(60);
  }
  return 0;
}
