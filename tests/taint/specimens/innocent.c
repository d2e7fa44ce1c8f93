// Talks, and is not commanded. KIND: 1 kill switch, 2 captive-portal check, 3 time gate, 4 connectivity
// check, 5 telemetry, 6 version check, 7 advert shown, 8 text saved, 9 greeting checked before talking,
// 10 checksum of what came, 11 captive-portal check that says what it found.
#include "client.h"

int main(int count, char** argument) {
  static char data[65536];
  if (count < 2) return 2;
  const int port = atoi(argument[1]);
#if KIND == 1
  if (ask(port, "GET /switch", data, sizeof data) > 0 && strncmp(data, "STOP", 4) == 0) return 0;
  make_file("spread");
#elif KIND == 2
  ask(port, "GET /generate_204", data, sizeof data);
  const char* space = strchr(data, ' ');
  if (space == NULL || atoi(space + 1) != 204) return 0;
  make_file("online");
#elif KIND == 11
  ask(port, "GET /generate_204", data, sizeof data);
  const char* space = strchr(data, ' ');
  if (space == NULL) {
    fprintf(stderr, "no answer: %s\n", data);
    return 1;
  }
  if (atoi(space + 1) >= 500) {
    fprintf(stderr, "broken: %s\n", space);
    return 1;
  }
  if (atoi(space + 1) != 204) {
    fprintf(stderr, "a portal: %s\n", space);
    remove_file("online.old");
    return 1;
  }
  make_file("online");
#elif KIND == 3
  ask(port, "GET /time", data, sizeof data);
  if (atol(data) < 1000000) return 0;
  make_file("late");
#elif KIND == 4
  const int s = dial(port);
  if (s < 0) return 1;
  take(s, data, sizeof data);
  close(s);
  make_file("connected");
#elif KIND == 5
  snprintf(data, sizeof data, "uptime=%d&version=3", 1234);
  ask(port, data, data, sizeof data);
  make_file("counted");
#elif KIND == 6
  ask(port, "GET /version", data, sizeof data);
  int major = 0, minor = 0;
  if (sscanf(data, "%d.%d", &major, &minor) == 2 && (major > 3 || (major == 3 && minor > 1))) printf("update %s\n", data);
  make_file("checked");
#elif KIND == 7
  const long got = ask(port, "GET /advert", data, sizeof data);
  if (got > 0 && write(1, data, (size_t)got) != got) return 1;
#elif KIND == 8
  const long got = ask(port, "GET /text", data, sizeof data);
  const int f = open("text", O_CREAT | O_WRONLY | O_TRUNC, 0600);
  if (got > 0 && write(f, data, (size_t)got) != got) return 1;
  close(f);
#elif KIND == 9
  const int s = dial(port);
  take(s, data, 5);
  if (strncmp(data, "220 ", 4) != 0) return 1;
  if (send(s, "HELO me\r\n", 9, 0) != 9) return 1;
  close(s);
#else
  const long got = ask(port, "GET /data", data, sizeof data);
  uint32_t sum = 0;
  for (long i = 0; i < got; ++i) sum = sum * 31 + (uint8_t)data[i];
  printf("%u\n", sum);
  make_file("summed");
#endif
  return 0;
}
