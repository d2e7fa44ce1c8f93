// Trait: writes a program and runs it.
// Reported: dropped_executable and dropped_executable_run of /tmp/dropped.
// Harmless: what it drops is a copy of itself, which ends at once when it is told that it was dropped.
#include "specimen.h"

int main(int argc, char** argv) {
  specimen_in_cell();
  if (argc > 1 && strcmp(argv[1], "dropped") == 0) return 0;
  int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  int drop = open("/tmp/dropped", O_WRONLY | O_CREAT | O_TRUNC, 0700);
  if (self < 0 || drop < 0 || specimen_copy(self, drop) != 0) return 1;
  close(drop);
  pid_t child = fork();
  if (child == 0) {
    execl("/tmp/dropped", "dropped", "dropped", (char*)NULL);
    _exit(1);
  }
  int status = 1;
  waitpid(child, &status, 0);
  return status;
}
