// Trait: becomes another program three times: itself by its path, itself by /proc/self/exe, then a shell.
// Reported: the shell's command, and the file that it writes.
// Harmless: the shell writes one line.
#include "specimen.h"

int main(int argc, char** argv) {
  specimen_in_cell();
  if (argc == 1) {
    execl(argv[0], argv[0], "second", (char*)NULL);
  } else if (strcmp(argv[1], "second") == 0) {
    execl("/proc/self/exe", argv[0], "third", (char*)NULL);
  } else {
    execl("/bin/sh", "sh", "-c", "echo chained > /tmp/chain", (char*)NULL);
  }
  return 1;
}
