// One thread receives, another obeys.
#include <pthread.h>

#include "client.h"

static char queue[4096];
static int ready;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;

static void* worker(void* unused) {
  static char data[4096];
  pthread_mutex_lock(&lock);
  while (!ready) pthread_cond_wait(&filled, &lock);
  memcpy(data, queue, sizeof data);
  pthread_mutex_unlock(&lock);
  decode(data, (long)strlen(data));
  if (strncmp(data, "EXEC", 4) == 0) run_program("/bin/true", "commanded");
  else if (strncmp(data, "FILE", 4) == 0) make_file("commanded");
  else if (strncmp(data, "REMOVE", 6) == 0) remove_file("commanded");
  return unused;
}

int main(int count, char** argument) {
  static char data[4096];
  pthread_t thread;
  if (count < 2) return 2;
  pthread_create(&thread, NULL, worker, NULL);
  if (ask(atoi(argument[1]), "hello", data, sizeof data) <= 0) return 1;
  pthread_mutex_lock(&lock);
  memcpy(queue, data, sizeof queue);
  ready = 1;
  pthread_cond_signal(&filled);
  pthread_mutex_unlock(&lock);
  pthread_join(thread, NULL);
  return 0;
}
