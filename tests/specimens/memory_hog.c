// Trait: uses memory until there is no more.
// Reported: memory_exhaustion; the run survives, whatever became of this program.
// Harmless: it stops at 4 GiB, and the cell's bound is far below.
#include <sys/mman.h>

#include "specimen.h"

int main(void) {
  specimen_in_cell();
  enum { step = 16 << 20, steps = 256 };
  for (int i = 0; i < steps; ++i) {
    char* block = mmap(NULL, step, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) {
      printf("refused at %d MiB\n", i * (step >> 20));
      return 0;
    }
    for (size_t at = 0; at < step; at += 4096) block[at] = 1;
  }
  puts("took 4 GiB");
  return 0;
}
