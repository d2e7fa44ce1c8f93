// Trait: tries to use the kernel's keyrings, which namespaces do not part.
// Reported: keyring_use.
// Harmless: the key that it adds holds the word "specimen" and dies with its own keyring.
#include <sys/syscall.h>

#include "specimen.h"

int main(void) {
  specimen_in_cell();
  specimen_tried("add_key", syscall(SYS_add_key, "user", "specimen", "specimen", 8, -1 /* thread keyring */));
  specimen_tried("keyctl session", syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3, 0));
  specimen_tried("keyctl user", syscall(SYS_keyctl, 0, -4, 0));
  specimen_tried("request_key", syscall(SYS_request_key, "user", "specimen", NULL, -1));
  return 0;
}
