// Trait: tries to reach the machine's disks and memory through device nodes.
// Reported: device_node, raw_disk.
// Harmless: it opens for reading only and reads nothing.
#include <sys/sysmacros.h>

#include "specimen.h"

int main(void) {
  specimen_in_cell();
  specimen_tried("mknod disk", mknod("/tmp/disk", S_IFBLK | 0600, makedev(8, 0)));
  specimen_tried("open that disk", open("/tmp/disk", O_RDONLY | O_CLOEXEC));
  specimen_tried("mknod memory", mknod("/tmp/memory", S_IFCHR | 0600, makedev(1, 1)));
  specimen_tried("open that memory", open("/tmp/memory", O_RDONLY | O_CLOEXEC));
  static const char* const devices[] = {"/dev/sda", "/dev/vda", "/dev/nvme0n1", "/dev/mem", "/dev/kmsg", "/dev/port",
                                        "/dev/loop-control", "/dev/fuse", "/dev/kvm"};
  for (size_t i = 0; i < sizeof devices / sizeof *devices; ++i)
    specimen_tried(devices[i], open(devices[i], O_RDONLY | O_CLOEXEC));
  return 0;
}
