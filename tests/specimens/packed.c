// Trait: decodes machine code in memory and jumps to it, as packers do.
// Reported: unpacked_code, with a dump that holds the decoded bytes.
// Harmless: the code is "return 42".
#include <sys/mman.h>

#include "specimen.h"

int main(void) {
  specimen_wanted();
  enum { key = 0x5A };
  // mov eax, 42; ret — each byte combined with the key.
  static const unsigned char encoded[] = {0xB8 ^ key, 42 ^ key, key, key, key, 0xC3 ^ key};
  unsigned char* code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (code == MAP_FAILED) return 1;
  for (size_t i = 0; i < sizeof encoded; ++i) code[i] = encoded[i] ^ key;
  // A mark for whoever looks at the dump; nothing runs it.
  strcpy((char*)code + 64, "http://unpacked.example/second-stage");
  if (mprotect(code, 4096, PROT_READ | PROT_EXEC) != 0) return 1;
  int (*unpacked)(void);
  memcpy(&unpacked, &code, sizeof unpacked);
  return unpacked() == 42 ? 0 : 1;
}
