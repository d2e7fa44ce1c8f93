// Trait: kills every process that it may signal.
// Reported: killing_spree; the monitor and the run survive.
// Harmless: it tries the numbers up to 400 of a process namespace of its own, and runs nowhere else.
#include <signal.h>

#include "specimen.h"

int main(void) {
  specimen_in_cell();
  int signalled = 0;
  for (pid_t victim = 1; victim <= 400; ++victim) {
    if (victim == getpid()) continue;
    if (kill(victim, SIGKILL) == 0) ++signalled;
  }
  printf("signalled %d\n", signalled);
  return 0;
}
