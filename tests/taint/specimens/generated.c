// Code that was not in the program. KIND: 1 the decoder is copied to new memory and run there; 2 it is written over
// another function that ran before; 3 what chooses the action is; 4 (x86) after a function that was changed a thousand times.
#include <sys/mman.h>

#include "obey.h"

typedef int (*Function)(int);
enum { size = 512 };

// None of them calls anything or knows where it is.
__attribute__((noinline, used)) static int same(int letter) { return letter; }
__attribute__((noinline, used)) static int decoded(int letter) { return letter ^ 0x5a; }
__attribute__((noinline, used)) static int chosen(int letter) {
  int number = 0;
  if (letter == 'E') number = 1;
  if (letter == 'F') number = 2;
  if (letter == 'R') number = 3;
  return number;
}

// Thumb functions have odd addresses.
static Function put(char* to, Function from) {
  const uintptr_t at = (uintptr_t)from;
#if defined(__arm__)
  const uintptr_t thumb = at & 1;
#else
  const uintptr_t thumb = 0;
#endif
  memcpy(to, (const char*)(at - thumb), size);
  __builtin___clear_cache(to, to + size);
  return (Function)((uintptr_t)to + thumb);
}

int main(int count, char** argument) {
  static char data[4096];
  if (count < 2) return 2;
  char* memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  const long got = ask(atoi(argument[1]), "hello", data, sizeof data);
  if (got <= 0) return 1;
#if KIND == 3
  switch (put(memory, chosen)(data[0])) {
    case 1: run_program("/bin/true", "commanded"); break;
    case 2: make_file("commanded"); break;
    case 3: remove_file("commanded"); break;
    default: break;
  }
#else
#if KIND == 2
  const Function before = put(memory, same);
  for (int turn = 0; turn < 50; ++turn)
    for (long i = 0; i < got; ++i) data[i] = (char)before(data[i]);
#endif
#if KIND == 4
  for (int i = 0; i < 1000; ++i) {
    const unsigned char code[] = {0xb8, (unsigned char)i, (unsigned char)(i >> 8), 0, 0, 0xc3};  // mov $i, %eax; ret
    memcpy(memory + 2048, code, sizeof code);
    if (((Function)(uintptr_t)(memory + 2048))(0) != i) return 1;
  }
#endif
  const Function decode_one = put(memory, decoded);
  for (long i = 0; i < got; ++i) data[i] = (char)decode_one(data[i]);
  obey_word(data);
#endif
  return 0;
}
