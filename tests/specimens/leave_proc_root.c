// Trait: tries to leave its cell through other processes' roots and memory in /proc.
// Reported: escape_attempt; it sees no file of the host.
// Harmless: it opens for reading and reads nothing. A test names a file of its own outside in SHIKAKE_CANARY.
#include <dirent.h>

#include "specimen.h"

int main(void) {
  specimen_in_cell();
  static const char* const roads[] = {"/proc/1/root", "/proc/1/cwd", "/proc/1/root/../../..", "/proc/self/root/../.."};
  for (size_t i = 0; i < sizeof roads / sizeof *roads; ++i) {
    DIR* folder = opendir(roads[i]);
    specimen_tried(roads[i], folder ? 0 : -1);
    if (folder) closedir(folder);
    const char* canary = getenv("SHIKAKE_CANARY");
    if (!canary) continue;
    char path[4096], what[64];
    snprintf(path, sizeof path, "%s%s", roads[i], canary);
    snprintf(what, sizeof what, "canary by road %zu", i);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    specimen_tried(what, fd);
    if (fd >= 0) close(fd);
  }
  static const char* const files[] = {"/proc/1/environ", "/proc/1/mem", "/proc/1/maps", "/proc/kcore", "/proc/kmsg",
                                      "/proc/sysrq-trigger"};
  for (size_t i = 0; i < sizeof files / sizeof *files; ++i) {
    int fd = open(files[i], O_RDONLY | O_CLOEXEC);
    specimen_tried(files[i], fd);
    if (fd >= 0) close(fd);
  }
  return 0;
}
