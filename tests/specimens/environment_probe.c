// Trait: looks for marks of virtual machines and sandboxes.
// Reported: environment_check.
// Harmless: it only reads.
#include "specimen.h"

int main(void) {
  specimen_in_cell();
  static const char* const places[] = {"/sys/class/dmi/id/product_name", "/sys/class/dmi/id/sys_vendor",
                                       "/proc/scsi/scsi", "/proc/cpuinfo", "/.dockerenv", "/proc/1/cgroup"};
  char buffer[4096];
  for (size_t i = 0; i < sizeof places / sizeof *places; ++i) {
    int fd = open(places[i], O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    ssize_t got = read(fd, buffer, sizeof buffer);
    printf("%s: %zd bytes\n", places[i], got);
    close(fd);
  }
  return 0;
}
