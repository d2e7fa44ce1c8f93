// Decodes with a long straight run of vector instructions, as unrolled ciphers have them, and obeys words.
#include "client.h"

static void turn(char* data) {
  static const char ones[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
#if defined(__x86_64__) || defined(__i386__)
  __asm__ volatile("movdqu (%0), %%xmm0\n movdqu (%1), %%xmm1\n .rept 300\n paddb %%xmm1, %%xmm0\n .endr\n movdqu %%xmm0, (%0)"
                   :
                   : "r"(data), "r"(ones)
                   : "memory");  // the registers are nobody's here, and 32-bit compilers know none of them
#else
  for (int n = 0; n < 300; ++n)
    for (int i = 0; i < 16; ++i) data[i] = (char)(data[i] + ones[i]);
#endif
}

int main(int count, char** argument) {
  static char data[4096];
  if (count < 2) return 2;
  if (ask(atoi(argument[1]), "hello", data, sizeof data) < 16) return 1;
  turn(data);
  if (strncmp(data, "EXEC", 4) == 0) run_program("/bin/true", "commanded");
  else if (strncmp(data, "FILE", 4) == 0) make_file("commanded");
  else if (strncmp(data, "REMOVE", 6) == 0) remove_file("commanded");
  return 0;
}
