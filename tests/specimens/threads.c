// Trait: works in several threads.
// Reported: one process with nine threads; each thread's file /tmp/thread-0 to /tmp/thread-7.
// Harmless: eight threads write one line each.
#include <pthread.h>

#include "specimen.h"

static pthread_barrier_t together;

static void* work(void* number) {
  pthread_barrier_wait(&together);  // so that all nine are there at once
  char path[64];
  snprintf(path, sizeof path, "/tmp/thread-%d", (int)(intptr_t)number);
  specimen_write_file(path, "written by a thread\n");
  pthread_barrier_wait(&together);
  return NULL;
}

int main(void) {
  specimen_in_cell();
  enum { count = 8 };
  pthread_t threads[count];
  pthread_barrier_init(&together, NULL, count);
  for (int i = 0; i < count; ++i) {
    if (pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) != 0) return 1;
  }
  for (int i = 0; i < count; ++i) pthread_join(threads[i], NULL);
  return 0;
}
