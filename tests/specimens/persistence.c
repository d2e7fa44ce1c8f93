// Trait: has something started again later. Built once for each place (PLACE): cron, systemd, rc, profile,
// authorized_keys, ld.so.preload.
// Reported: the persistence_… of the place, and the file.
// Harmless: it writes a comment, which whoever reads the file ignores, into the cell's own copy of it.
#include "specimen.h"

static void make_folders(const char* path) {
  char folder[512];
  for (const char* slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    mkdir(folder, 0700);
  }
}

int main(void) {
  specimen_in_cell();
  char path[512];
  const char* home = getenv("HOME");
  if (PLACE[0] == '~') {
    snprintf(path, sizeof path, "%s%s", home && *home ? home : "/root", PLACE + 1);
  } else {
    snprintf(path, sizeof path, "%s", PLACE);
  }
  make_folders(path);
  long result = specimen_write_file(path, "# written by a specimen of the tests\n");
  specimen_tried(path, result);
  return result == 0 ? 0 : 1;
}
