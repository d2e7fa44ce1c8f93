// Trait: looks for open ports on many addresses.
// Reported: port_scan.
// Harmless: sixty connections, closed at once, to addresses that are reserved for documentation (RFC 5737).
#include <poll.h>

#include "specimen.h"

int main(void) {
  specimen_in_cell();
  for (int i = 0; i < 60; ++i) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(i % 2 ? 23 : 2323)};
    to.sin_addr.s_addr = htonl(0xC6336400u + 10 + (uint32_t)i / 2);  // 198.51.100.10 and on
    connect(fd, (struct sockaddr*)&to, sizeof to);
    struct pollfd wait = {fd, POLLOUT, 0};
    poll(&wait, 1, 50);
    close(fd);
  }
  return 0;
}
