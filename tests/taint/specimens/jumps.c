// Tests the server's word, and goes on at the same place whatever it was, by a jump out of a function. What is done then
// was not decided by it. KIND: 1 once, 2 each turn of a loop.
#include <setjmp.h>

#include "client.h"

static jmp_buf again;

__attribute__((noinline)) static void handle(const char* data) {
  static volatile int hello, ready, later;
  if (strncmp(data, "HELLO", 5) == 0) {
    ++hello;
    longjmp(again, 1);
  }
  if (strncmp(data, "READY", 5) == 0) {
    ++ready;
    longjmp(again, 1);
  }
  if (strncmp(data, "LATER", 5) == 0) ++later;
  longjmp(again, 1);
}

int main(int count, char** argument) {
  static char data[4096];
  static volatile int turn;
  if (count < 2) return 2;
  if (ask(atoi(argument[1]), "hello", data, sizeof data) <= 0) return 1;
  for (turn = 0; turn < (KIND == 1 ? 1 : 20); ++turn)
    if (setjmp(again) == 0) handle(data);
  make_file("started");
  remove_file("victim");
  return 0;
}
