// Trait: reaches for the host and its neighbours: loopback, private networks, the metadata service of clouds.
// Reported: host_contact; nothing of the host answers.
// Harmless: it connects, says nothing and closes; two seconds at most for each of ten addresses. A test names
// what it listens on outside in SHIKAKE_PORT and SHIKAKE_ADDRESS.
#include <poll.h>

#include "specimen.h"

static void reach(const char* address, int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  inet_pton(AF_INET, address, &to.sin_addr);
  char what[64];
  snprintf(what, sizeof what, "%s:%d", address, port);
  int result = connect(fd, (struct sockaddr*)&to, sizeof to);
  if (result != 0 && errno == EINPROGRESS) {
    struct pollfd wait = {fd, POLLOUT, 0};
    int error = ETIMEDOUT;
    socklen_t size = sizeof error;
    if (poll(&wait, 1, 2000) == 1) getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    errno = error;
    result = error ? -1 : 0;
  }
  specimen_tried(what, result);
  close(fd);
}

int main(void) {
  specimen_in_cell();
  const char* port = getenv("SHIKAKE_PORT");
  const char* address = getenv("SHIKAKE_ADDRESS");
  if (port) reach("127.0.0.1", atoi(port));
  if (port && address) reach(address, atoi(port));
  reach("127.0.0.1", 22);
  reach("127.0.0.1", 80);
  reach("169.254.169.254", 80);
  reach("10.0.0.1", 22);
  reach("172.17.0.1", 22);
  reach("192.168.0.1", 80);
  reach("192.168.1.254", 80);
  reach("100.64.0.1", 80);
  return 0;
}
