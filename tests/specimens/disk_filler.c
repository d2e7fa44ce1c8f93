// Trait: fills the disk.
// Reported: disk_filling; the run survives.
// Harmless: it writes into the cell's overlay, stops at 8 GiB in files of 64 MiB, and the cell's bound is far below.
#include "specimen.h"

int main(void) {
  specimen_in_cell();
  static char block[1 << 20];
  memset(block, 0x41, sizeof block);
  for (int file = 0; file < 128; ++file) {
    char path[64];
    snprintf(path, sizeof path, "/tmp/fill-%d", file);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    for (int i = 0; fd >= 0 && i < 64; ++i) {
      if (write(fd, block, sizeof block) == (ssize_t)sizeof block) continue;
      printf("refused in file %d (%s)\n", file, strerror(errno));
      return 0;
    }
    if (fd < 0) return 0;
    close(fd);
  }
  puts("wrote 8 GiB");
  return 0;
}
