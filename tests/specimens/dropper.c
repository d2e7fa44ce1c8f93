// Trait: writes a program and runs it.
// Reported: dropped_executable and dropped_executable_run of /tmp/dropped, which is analysed in turn.
// Harmless: what it drops is a copy of itself with a mark at its end, and a copy with that mark ends at once.
#include "specimen.h"

static const char mark[] = "dropped\n";

static int is_marked(int file) {
  char end[sizeof mark - 1];
  const off_t size = lseek(file, 0, SEEK_END);
  return pread(file, end, sizeof end, size - (off_t)sizeof end) == (ssize_t)sizeof end &&
         memcmp(end, mark, sizeof end) == 0;
}

int main(void) {
  specimen_in_cell();
  int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (self < 0) return 1;
  if (is_marked(self)) return 0;
  lseek(self, 0, SEEK_SET);
  int drop = open("/tmp/dropped", O_WRONLY | O_CREAT | O_TRUNC, 0700);
  if (drop < 0 || specimen_copy(self, drop) != 0) return 1;
  if (write(drop, mark, sizeof mark - 1) != (ssize_t)sizeof mark - 1) return 1;
  close(drop);
  pid_t child = fork();
  if (child == 0) {
    execl("/tmp/dropped", "dropped", (char*)NULL);
    _exit(1);
  }
  int status = 1;
  waitpid(child, &status, 0);
  return status;
}
