// Trait: speaks a protocol of its own over TCP.
// Reported: raw_session; one flow to raw.example:4444 whose first bytes are C0 FF EE 00.
// Harmless: it sends 32 fixed bytes and listens for a moment.
#include "specimen.h"

int main(void) {
  specimen_in_cell();
  int server = specimen_connect("raw.example", "4444");
  if (server < 0) return 1;
  unsigned char hello[32] = {0xC0, 0xFF, 0xEE, 0x00};
  memcpy(hello + 4, "specimen", 8);
  for (int i = 12; i < 32; ++i) hello[i] = (unsigned char)(i * 7);
  if (send(server, hello, sizeof hello, MSG_NOSIGNAL) != sizeof hello) return 1;
  struct timeval moment = {1, 0};
  setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment);
  char answer[256];
  specimen_hear(server, answer, sizeof answer);
  close(server);
  return 0;
}
