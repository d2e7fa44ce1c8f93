// Trait: runs a program that lies in memory only.
// Reported: memory_executed.
// Harmless: the program is a copy of itself, which ends at once when it is told that it comes from memory.
#include <sys/mman.h>

#include "specimen.h"

int main(int argc, char** argv, char** environment) {
  specimen_in_cell();
  if (argc > 1 && strcmp(argv[1], "from-memory") == 0) return 0;
  int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  int memory = memfd_create("kworker", MFD_CLOEXEC);
  if (self < 0 || memory < 0 || specimen_copy(self, memory) != 0) return 1;
  char* arguments[] = {"kworker", "from-memory", NULL};
  fexecve(memory, arguments, environment);
  return 1;
}
