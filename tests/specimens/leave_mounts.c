// Trait: tries to leave its cell by mounts.
// Reported: mount_change or escape_attempt for each try; the host's mounts are as before.
// Harmless: it mounts nothing that would outlive the cell's namespace, and only over its own folder.
#include <sys/mount.h>
#include <sys/syscall.h>

#include "specimen.h"

int main(void) {
  specimen_in_cell();
  mkdir("/tmp/mount", 0700);
  specimen_tried("mount proc", mount("proc", "/tmp/mount", "proc", 0, NULL));
  specimen_tried("mount tmpfs", mount("none", "/tmp/mount", "tmpfs", 0, "size=4k"));
  specimen_tried("mount bind of /", mount("/", "/tmp/mount", NULL, MS_BIND | MS_REC, NULL));
  specimen_tried("mount cgroup", mount("none", "/tmp/mount", "cgroup", 0, "memory"));
  specimen_tried("umount /proc", umount2("/proc", MNT_DETACH));
  specimen_tried("pivot_root", syscall(SYS_pivot_root, "/tmp", "/tmp/mount"));
  specimen_tried("open_tree", syscall(SYS_open_tree, -1, "/", 1));
  specimen_tried("chroot", chroot("/tmp"));
  return 0;
}
