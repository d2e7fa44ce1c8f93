// Each thread starts its successor and ends, well over a thousand times; the last one obeys.
#include <pthread.h>

#include "client.h"

enum { steps = 1500 };
static char data[4096];
static volatile int done;

static void* step(void* number) {
  const long n = (long)number;
  pthread_t next;
  if (n < steps) {
    while (pthread_create(&next, NULL, step, (void*)(n + 1)) != 0) usleep(1000);
    pthread_detach(next);
    return NULL;
  }
  if (strncmp(data, "EXEC", 4) == 0) run_program("/bin/true", "commanded");
  else if (strncmp(data, "FILE", 4) == 0) make_file("commanded");
  else if (strncmp(data, "REMOVE", 6) == 0) remove_file("commanded");
  done = 1;
  return NULL;
}

int main(int count, char** argument) {
  pthread_t first;
  if (count < 2) return 2;
  if (ask(atoi(argument[1]), "hello", data, sizeof data) <= 0) return 1;
  if (pthread_create(&first, NULL, step, (void*)1L) != 0) return 1;
  pthread_detach(first);
  while (!done) usleep(1000);
  return 0;
}
