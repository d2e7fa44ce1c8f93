// A command that goes through memory in its own way. KIND: 1 its buffer grows until the C library moves it by mremap.
#define _GNU_SOURCE
#include "client.h"

static void obey(const char* data) {
  if (strncmp(data, "EXEC", 4) == 0) run_program("/bin/true", "commanded");
  else if (strncmp(data, "FILE", 4) == 0) make_file("commanded");
  else if (strncmp(data, "REMOVE", 6) == 0) remove_file("commanded");
}

int main(int count, char** argument) {
  if (count < 2) return 2;
  char* data = malloc(200 << 10);
  char* behind = malloc(200 << 10);  // in the way of growing where it is
  if (data == NULL || behind == NULL || ask(atoi(argument[1]), "ready", data, 4096) <= 0) return 1;
  data = realloc(data, 4 << 20);
  behind = realloc(behind, 8 << 20);
  if (data == NULL || behind == NULL) return 1;
  obey(data);
  return 0;
}
