// Trait: floods whoever reads its output.
// Reported: log_flood; what is kept of the output is bounded, and the run survives.
// Harmless: it stops after 256 MiB.
#include <signal.h>

#include "specimen.h"

int main(void) {
  specimen_in_cell();
  static char block[1 << 16];
  memset(block, 'x', sizeof block);
  block[sizeof block - 1] = '\n';
  for (int i = 0; i < 4096; ++i) {
    if (write(STDOUT_FILENO, block, sizeof block) < 0) return 0;
  }
  return 0;
}
