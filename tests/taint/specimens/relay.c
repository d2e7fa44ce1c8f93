// One process receives, another obeys, and a local connection lies between them. OVER: 1 a socket pair, 2 a Unix
// socket with a name, 3 loopback, 4 datagrams on loopback, 5 a socket pair of datagrams, 6 a System V message queue.
#include "client.h"
#include <sys/un.h>
#include <sys/msg.h>

#define WORD 64  // what goes over

static void obey(const char* data) {
  if (strncmp(data, "EXEC", 4) == 0) run_program("/bin/true", "commanded");
  else if (strncmp(data, "FILE", 4) == 0) make_file("commanded");
  else if (strncmp(data, "REMOVE", 6) == 0) remove_file("commanded");
}

static int listener(int type, struct sockaddr_in* at) {
  const int s = socket(AF_INET, type, 0);
  memset(at, 0, sizeof *at);
  at->sin_family = AF_INET;
  at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof *at;
  if (bind(s, (struct sockaddr*)at, sizeof *at) != 0 || getsockname(s, (struct sockaddr*)at, &length) != 0) exit(3);
  if (type == SOCK_STREAM && listen(s, 4) != 0) exit(3);
  return s;
}

int main(int count, char** argument) {
  static char data[4096];
  if (count < 2) return 2;
#if OVER == 1 || OVER == 5
  int ends[2];
  if (socketpair(AF_UNIX, OVER == 1 ? SOCK_STREAM : SOCK_DGRAM, 0, ends) != 0) return 1;
#elif OVER == 2
  struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "relay"};
  const int waits = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(waits, (struct sockaddr*)&at, sizeof at) != 0 || listen(waits, 4) != 0) return 1;
#elif OVER == 6
  const int queue = msgget(IPC_PRIVATE, 0600);
  struct { long type; char data[WORD]; } letter = {7, ""};
#else
  struct sockaddr_in at;
  const int waits = listener(OVER == 3 ? SOCK_STREAM : SOCK_DGRAM, &at);
#endif
  const pid_t child = fork();
  if (child == 0) {
#if OVER == 1 || OVER == 5
    const int from = ends[0];
    close(ends[1]);
#elif OVER == 2 || OVER == 3
    const int from = accept(waits, NULL, NULL);
    if (write(from, "who is there", 12) != 12) _exit(1);
#elif OVER == 4
    const int from = waits;
#endif
#if OVER == 6
    // First one of a type that another asks for, then the word.
    if (msgrcv(queue, &letter, WORD, 9, 0) <= 0 || msgrcv(queue, &letter, WORD, 7, 0) != WORD) _exit(1);
    obey(letter.data);
#else
    long got = 0;
    for (long n; got < WORD && (n = read(from, data + got, WORD - got)) > 0;) got += n;
    obey(data);
#endif
    _exit(0);
  }
#if OVER == 1 || OVER == 5
  const int to = ends[1];
  close(ends[0]);
#elif OVER == 2 || OVER == 3 || OVER == 4
  const int to = socket(OVER == 2 ? AF_UNIX : AF_INET, OVER == 4 ? SOCK_DGRAM : SOCK_STREAM, 0);
  if (connect(to, (struct sockaddr*)&at, sizeof at) != 0) return 1;
#endif
#if OVER == 2 || OVER == 3
  if (read(to, data, 12) != 12) return 1;
#endif
  const long got = ask(atoi(argument[1]), "hello", data, sizeof data);
  if (got <= 0) return 1;
#if OVER == 6
  letter.type = 9;
  if (msgsnd(queue, &letter, WORD, 0) != 0) return 1;
  letter.type = 7;
  memcpy(letter.data, data, WORD);
  if (msgsnd(queue, &letter, WORD, 0) != 0) return 1;
#else
  if (write(to, data, WORD) != WORD) return 1;
  close(to);
#endif
  memset(data, 0, sizeof data);
  waitpid(child, 0, 0);
#if OVER == 6
  msgctl(queue, IPC_RMID, NULL);
#endif
  return 0;
}
