// Trait: tries to gain rights by user ids and set-user-id files.
// Reported: identity_change, setuid_bit.
// Harmless: the file is a copy of itself in the cell's /tmp, which only prints its ids.
#include "specimen.h"

int main(int argc, char** argv) {
  specimen_in_cell();
  if (argc > 1 && strcmp(argv[1], "copy") == 0) {
    printf("copy runs as %d\n", (int)geteuid());
    return 0;
  }
  specimen_tried("setuid", setuid(0));
  specimen_tried("setresuid", setresuid(0, 0, 0));
  specimen_tried("setgid", setgid(0));
  int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  int copy = open("/tmp/setuid-copy", O_WRONLY | O_CREAT | O_TRUNC, 0755);
  if (self >= 0 && copy >= 0) specimen_copy(self, copy);
  specimen_tried("chmod 4755", fchmod(copy, 04755));
  close(copy);
  specimen_tried("chown", chown("/tmp/setuid-copy", 0, 0));
  fflush(stdout);
  if (fork() == 0) {
    execl("/tmp/setuid-copy", "setuid-copy", "copy", (char*)NULL);
    _exit(1);
  }
  wait(NULL);
  return 0;
}
