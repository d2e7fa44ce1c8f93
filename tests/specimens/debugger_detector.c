// Trait: looks for a debugger in three ways.
// Reported: debugger_check; what it prints is "alone", for it must not see that it is watched.
// Harmless: it only looks.
#include <sys/prctl.h>
#include <sys/ptrace.h>

#include "specimen.h"

static int tracer_in_status(void) {
  FILE* status = fopen("/proc/self/status", "r");
  char line[256];
  int tracer = 0;
  while (status && fgets(line, sizeof line, status)) sscanf(line, "TracerPid: %d", &tracer);
  if (status) fclose(status);
  return tracer;
}

// The first bytes of a function of its own: a breakpoint would show.
__attribute__((noinline)) static int watched(int value) { return value * 3 + 1; }

int main(void) {
  specimen_in_cell();
  int seen = 0;
  if (tracer_in_status() != 0) seen |= 1;
  if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0) seen |= 2;
  const unsigned char* code = (const unsigned char*)(uintptr_t)&watched;
  for (int i = 0; i < 8; ++i) {
    if (code[i] == 0xCC) seen |= 4;
  }
  if (watched(1) != 4) seen |= 8;
  printf(seen ? "watched: %d\n" : "alone\n", seen);
  return seen ? 1 : 0;
}
