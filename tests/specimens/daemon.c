// Trait: cuts itself off from who started it (fork, setsid, fork) and goes on.
// Reported: daemonized; the file /tmp/daemon that the daemon writes.
// Harmless: the daemon writes one line and ends.
#include "specimen.h"

int main(void) {
  specimen_in_cell();
  if (fork() != 0) return 0;
  setsid();
  if (fork() != 0) return 0;
  umask(0);
  if (chdir("/") != 0) return 1;
  for (int fd = 0; fd < 3; ++fd) close(fd);
  return specimen_write_file("/tmp/daemon", "still here\n") == 0 ? 0 : 1;
}
