// What the debugger's tests debug: argv[1] names what it does. Each ends by itself and touches nothing.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((noinline, noclone, used)) int guest_add(int a, int b) {
  __asm__ volatile("" ::: "memory");
  return a + b;
}

__attribute__((noinline, noclone, used)) int guest_greet(const char* name) {
  __asm__ volatile("" ::: "memory");
  return (int)strlen(name) + guest_add(1, 2);
}

__attribute__((noinline, noclone, used)) int guest_count_down(int n) {
  __asm__ volatile("" ::: "memory");
  return n <= 0 ? 0 : 1 + guest_count_down(n - 1);
}

static void* in_thread(void* number) {
  int sum = 0;
  for (int i = 0; i < 50; ++i) sum += guest_add((int)(long)number, i);
  return (void*)(long)sum;
}

static int threads(void) {
  pthread_t all[3];
  for (long i = 0; i < 3; ++i) {
    if (pthread_create(&all[i], NULL, in_thread, (void*)i) != 0) return 1;
  }
  for (int i = 0; i < 3; ++i) pthread_join(all[i], NULL);
  return 0;
}

static int forked(void) {
  const pid_t child = fork();
  if (child == 0) _exit(guest_add(20, 3) == 23 ? 0 : 1);
  int status = 1;
  waitpid(child, &status, 0);
  return status == 0 ? guest_add(1, 1) - 2 : 1;
}

static volatile sig_atomic_t trapped;
static void on_trap(int signal) { trapped = signal; }

// A program that sets traps of its own: it must get its signal.
static int own_trap(void) {
  signal(SIGTRAP, on_trap);
#if defined(__x86_64__) || defined(__i386__)
  __asm__ volatile("int3");
#else
  raise(SIGTRAP);
#endif
  return trapped == SIGTRAP ? 0 : 1;
}

static unsigned char first_byte(int (*function)(int, int)) {
  unsigned char* code;
  memcpy(&code, &function, sizeof code);
  return *code;
}

// A program that looks for breakpoints in its own code.
static int look_at_code(void) {
  const int breakpoint = 0xCC;
  guest_add(1, 2);
  return first_byte(guest_add) == breakpoint ? 1 : 0;
}

static int run(const unsigned char* code) {
  int (*function)(void);
  memcpy(&function, &code, sizeof function);
  return function();
}

// mov eax, n; ret
static void put(unsigned char* where, unsigned char n) {
  const unsigned char code[] = {0xB8, n, 0, 0, 0, 0xC3};
  memcpy(where, code, sizeof code);
}

static int writes_code_twice(void) {
  unsigned char* code =
      mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (code == MAP_FAILED) return 1;
  put(code, 7);
  if (run(code) != 7) return 1;
  put(code + 5000, 9);
  return run(code + 5000) == 9 ? 0 : 1;
}

static int writes_code_in_thread_and_child(void) {
  unsigned char* code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  put(code, 11);
  mprotect(code, 4096, PROT_READ | PROT_EXEC);
  const pid_t child = fork();
  if (child == 0) _exit(run(code) == 11 ? 0 : 1);
  int status = 1;
  waitpid(child, &status, 0);
  return status;
}

// Data that may not run: the fault is its own.
static int runs_data(void) {
  unsigned char* data = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  put(data, 1);
  return run(data);
}

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "functions") == 0) {
    const char* home = getenv("GUEST_SECRET");
    return guest_greet("analyst") == 10 && home && *home ? 0 : guest_add(40, 2);
  }
  if (strcmp(what, "recursion") == 0) return guest_count_down(5) == 5 ? 0 : 1;
  if (strcmp(what, "threads") == 0) return threads();
  if (strcmp(what, "fork") == 0) return forked();
  if (strcmp(what, "own-trap") == 0) return own_trap();
  if (strcmp(what, "look-at-code") == 0) return look_at_code();
  if (strcmp(what, "code-twice") == 0) return writes_code_twice();
  if (strcmp(what, "code-in-child") == 0) return writes_code_in_thread_and_child();
  if (strcmp(what, "run-data") == 0) return runs_data();
  if (strcmp(what, "ask-for-id") == 0) return getuid() == 4711 ? 0 : 1;
  return 2;
}
