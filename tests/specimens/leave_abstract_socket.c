// Trait: tries to talk to the host's services by abstract sockets, which have no place in the file system.
// Reported: local_socket; none answers.
// Harmless: it connects and says nothing.
#include <stddef.h>
#include <sys/un.h>

#include "specimen.h"

int main(void) {
  specimen_in_cell();
  static const char* const names[] = {"/tmp/.X11-unix/X0", "/tmp/dbus-session", "/containerd-shim/x.sock",
                                      "shikake-outside"};
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strncpy(to.sun_path + 1, names[i], sizeof to.sun_path - 2);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(names[i]));
    specimen_tried(names[i], connect(fd, (struct sockaddr*)&to, size));
    close(fd);
  }
  static const char* const paths[] = {"/run/dbus/system_bus_socket", "/var/run/docker.sock", "/run/systemd/private"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; ++i) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strncpy(to.sun_path, paths[i], sizeof to.sun_path - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    specimen_tried(paths[i], connect(fd, (struct sockaddr*)&to, sizeof to));
    close(fd);
  }
  return 0;
}
