// Trait: removes its own file while it runs.
// Reported: self_delete.
// Harmless: the file is the copy that the test put into the cell.
#include "specimen.h"

int main(void) {
  specimen_in_cell();
  char path[4096];
  ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
  if (size <= 0) return 1;
  path[size] = '\0';
  return unlink(path) == 0 ? 0 : 1;
}
