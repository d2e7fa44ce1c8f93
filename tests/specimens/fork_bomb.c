// Trait: starts processes until there is no more room.
// Reported: fork_bomb; the run survives, and nothing of it is left.
// Harmless: at most 2,000 processes, each of which only sleeps; all end with the first.
#include <signal.h>
#include <sys/prctl.h>

#include "specimen.h"

int main(void) {
  specimen_in_cell();
  int started = 0, refused = 0;
  for (; started < 2000 && refused < 20;) {
    pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      sleep(30);
      _exit(0);
    }
    if (child > 0) {
      ++started;
    } else {
      ++refused;
      usleep(1000);
    }
  }
  printf("started %d\n", started);
  return 0;
}
