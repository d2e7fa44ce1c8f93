// Received bytes cross shared memory. KIND: 1 anonymous memory, parent to child; 2 a memory file, to a program that is
// executed; 3 named shared memory, the same; 4 a System V segment; 5 a program is written to a file through memory and
// executed; 6 a file is written and then read through memory; 7 a file is read through memory and sent; 8 a file that
// grows in memory is executed.
#define _GNU_SOURCE
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "obey.h"

enum { size = 1 << 16 };
typedef struct {
  volatile int ready;
  char word[4096];
} Board;

// No system call tells the reader that the word is there.
static void read_board(Board* board) {
  char word[64];
  while (!board->ready) {
  }
  __sync_synchronize();
  memcpy(word, board->word, sizeof word);
  decode(word, (long)strnlen(word, sizeof word - 1));
  obey_word(word);
}

static void write_board(Board* board, int port) {
  static char data[4096];
  const long got = ask(port, "hello", data, sizeof data);
  if (got > 0) memcpy(board->word, data, (size_t)got);
  __sync_synchronize();
  board->ready = 1;
}

static Board* board_of(int f) {
  Board* board = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
  if (board == MAP_FAILED) _exit(3);
  return board;
}

int main(int count, char** argument) {
  if (count < 2) return 2;
  const int port = atoi(argument[1]);
#if KIND <= 4
  char name[64];
  Board* board = NULL;
  if (count == 4) {  // the program that is executed
    const int given = atoi(argument[3]);
#if KIND == 2
    read_board(board_of(given));
#elif KIND == 3
    snprintf(name, sizeof name, "/shikake-specimen-%d", given);
    read_board(board_of(shm_open(name, O_RDWR, 0600)));
#elif KIND == 4
    read_board(shmat(given, NULL, 0));
#endif
    return 0;
  }
  int given = 0;
#if KIND == 1
  board = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
#elif KIND == 2
  given = memfd_create("board", 0);
  if (ftruncate(given, size) != 0) return 1;
  board = board_of(given);
#elif KIND == 3
  given = getpid();
  snprintf(name, sizeof name, "/shikake-specimen-%d", given);
  const int f = shm_open(name, O_RDWR | O_CREAT, 0600);
  if (f < 0 || ftruncate(f, size) != 0) return 1;
  board = board_of(f);
#else
  given = shmget(IPC_PRIVATE, size, 0600);
  board = shmat(given, NULL, 0);
#endif
  if (fork() == 0) {
#if KIND == 1
    read_board(board);
#else
    char number[16];
    snprintf(number, sizeof number, "%d", given);
    execl(argument[0], argument[0], argument[1], "reader", number, (char*)0);
#endif
    _exit(0);
  }
  write_board(board, port);
  wait(NULL);
#if KIND == 3
  shm_unlink(name);
#elif KIND == 4
  shmctl(given, IPC_RMID, NULL);
#endif
#else
  static char data[1 << 20];
#if KIND == 7
  const int f = open(argument[2], O_RDONLY);
  char* secret = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, f, 0);
  const int s = dial(port);
  if (secret == MAP_FAILED || send(s, secret, strlen(secret), 0) <= 0) return 1;
  take(s, data, sizeof data);
#else
  const long got = ask(port, "GET /stage", data, sizeof data);
  if (got <= 0) return 1;
  const int f = open("stage", O_CREAT | O_RDWR | O_TRUNC, 0700);
#if KIND == 6
  if (write(f, data, (size_t)got) != got) return 1;
  memset(data, 0, sizeof data);
  const char* word = mmap(NULL, (size_t)got, PROT_READ, MAP_PRIVATE, f, 0);
  obey_word(word);
#else
  const size_t first = KIND == 8 ? 4096 : (size_t)got;
  if (ftruncate(f, got) != 0) return 1;
  char* there = mmap(NULL, first, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
#if KIND == 8
  there = mremap(there, first, (size_t)got, MREMAP_MAYMOVE);
#endif
  if (there == MAP_FAILED) return 1;
  memcpy(there, data, (size_t)got);
  munmap(there, (size_t)got);
  close(f);
  run_program("./stage", "x");
#endif
#endif
#endif
  return 0;
}
