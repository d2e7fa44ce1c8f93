// Trait: tries to take hold of whoever watches it, and of process 1.
// Reported: process_injection or escape_attempt; the monitor goes on.
// Harmless: it reads at most a word of processes of its own cell.
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "specimen.h"

int main(void) {
  specimen_in_cell();
  const pid_t victims[] = {1, getppid(), 2};
  char word[8];
  struct iovec ours = {word, sizeof word}, theirs = {(void*)0x400000, sizeof word};
  for (size_t i = 0; i < sizeof victims / sizeof *victims; ++i) {
    if (victims[i] == getpid()) continue;
    long attached = ptrace(PTRACE_ATTACH, victims[i], 0, 0);
    specimen_tried("ptrace attach", attached);
    if (attached == 0) ptrace(PTRACE_DETACH, victims[i], 0, 0);
    specimen_tried("ptrace seize", ptrace(PTRACE_SEIZE, victims[i], 0, 0));
    specimen_tried("process_vm_readv", process_vm_readv(victims[i], &ours, 1, &theirs, 1, 0));
    specimen_tried("process_vm_writev", process_vm_writev(victims[i], &ours, 1, &theirs, 1, 0));
  }
  return 0;
}
