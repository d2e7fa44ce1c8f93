// Trait: tries to gain rights by namespaces of its own.
// Reported: namespace_change.
// Harmless: a namespace that it gets ends with it.
#include <sched.h>

#include "specimen.h"

int main(void) {
  specimen_in_cell();
  static const struct {
    const char* name;
    int flag;
  } kinds[] = {{"user namespace", CLONE_NEWUSER}, {"mount namespace", CLONE_NEWNS}, {"network namespace", CLONE_NEWNET},
               {"pid namespace", CLONE_NEWPID},   {"ipc namespace", CLONE_NEWIPC},  {"uts namespace", CLONE_NEWUTS}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i) specimen_tried(kinds[i].name, unshare(kinds[i].flag));
  int other = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);
  specimen_tried("open /proc/1/ns/mnt", other);
  if (other >= 0) specimen_tried("setns", setns(other, 0));
  return 0;
}
