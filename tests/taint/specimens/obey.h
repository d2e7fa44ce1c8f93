// What commanded specimens do with a word.
#pragma once
#include "client.h"

__attribute__((noinline)) static void obey_word(const char* word) {
  if (strncmp(word, "EXEC", 4) == 0) run_program("/bin/true", "commanded");
  else if (strncmp(word, "FILE", 4) == 0) make_file("commanded");
  else if (strncmp(word, "REMOVE", 6) == 0) remove_file("commanded");
}
