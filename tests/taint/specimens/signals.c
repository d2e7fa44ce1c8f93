// A signal comes while a received word is in a register. KIND: 1 the handler finds it among the interrupted registers
// and obeys; 2 the program obeys once the handler, which uses all registers, is done.
#define _GNU_SOURCE
#include <signal.h>
#include <sys/time.h>
#include <ucontext.h>

#include "obey.h"

static volatile int handled;
static volatile unsigned sum;

static void handler(int number, siginfo_t* info, void* context) {
  const unsigned char* saved = context;
  char word[8] = "";
#if KIND == 1
  for (size_t i = 0; i + 4 <= sizeof(ucontext_t); i += 4) {
    memcpy(word, saved + i, 4);
    if (memcmp(word, "EXEC", 4) == 0 || memcmp(word, "FILE", 4) == 0 || memcmp(word, "REMO", 4) == 0) {
      obey_word(word);
      break;
    }
  }
#else
  // Clean values for as many registers as there are.
  unsigned a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8, i = 9, j = 10, k = 11, l = 12, m = 13, n = 14;
  for (int turn = 0; turn < 100; ++turn) {
    a += n ^ 1, b += a ^ 2, c += b ^ 3, d += c ^ 4, e += d ^ 5, f += e ^ 6, g += f ^ 7;
    h += g ^ 8, i += h ^ 9, j += i ^ 10, k += j ^ 11, l += k ^ 12, m += l ^ 13, n += m ^ 14;
  }
  sum = a + b + c + d + e + f + g + h + i + j + k + l + m + n;
  (void)saved;
  (void)word;
#endif
  (void)number;
  (void)info;
  handled = 1;
}

int main(int count, char** argument) {
  static char data[4096];
  if (count < 2) return 2;
  if (ask(atoi(argument[1]), "hello", data, sizeof data) <= 0) return 1;
  register uint32_t word;  // also where nothing is optimised
  uint32_t received;
  memcpy(&received, data, 4);
  word = received;
  received = 0;
  memset(data, 0, sizeof data);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGALRM, &action, NULL);
  const struct itimerval soon = {{0, 0}, {0, 20000}};
  setitimer(ITIMER_REAL, &soon, NULL);
  // In a register all the while, and nowhere else.
  do {
    __asm__ volatile("" : "+r"(word));
  } while (!handled);
#if KIND == 2
  received = word;
  memcpy(data, &received, 4);
  obey_word(data);
#endif
  return 0;
}
