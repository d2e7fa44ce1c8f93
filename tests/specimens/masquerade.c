// Trait: gives itself the name of a kernel thread, and ignores interrupts.
// Reported: name_masquerade, interrupts_ignored.
// Harmless: only its own name and signals change; it ends at once.
#include <signal.h>
#include <sys/prctl.h>

#include "specimen.h"

int main(int argc, char** argv) {
  specimen_in_cell();
  (void)argc;
  prctl(PR_SET_NAME, "kworker/0:1", 0, 0, 0);
  memset(argv[0], 0, strlen(argv[0]));
  signal(SIGINT, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  return 0;
}
