// Trait: none but its make: built dynamic, static, stripped, and for 32 bits, the same program each time.
// Reported: the file /tmp/plain, whatever the make; triage names the make.
// Harmless: it writes one line.
#include "specimen.h"

int main(void) {
  specimen_in_cell();
  return specimen_write_file("/tmp/plain", "a plain program was here\n") == 0 ? 0 : 1;
}
