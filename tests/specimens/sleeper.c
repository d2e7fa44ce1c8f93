// Trait: sleeps longer than a sandbox waits, then acts.
// Reported: long_sleep; the file /tmp/awake, although the run took far less than ten minutes.
// Harmless: it writes one line.
#include <time.h>

#include "specimen.h"

int main(void) {
  specimen_in_cell();
  struct timespec span = {600, 0};
  while (nanosleep(&span, &span) != 0 && errno == EINTR) {
  }
  return specimen_write_file("/tmp/awake", "ten minutes later\n") == 0 ? 0 : 1;
}
