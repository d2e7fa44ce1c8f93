// Asks a name server, then its commander, through one datagram socket. KIND: 1 sendto and recvfrom, 2 recv, which does
// not tell who answered, 3 connects before each, 4 messages over a socket of IPv6, 5 the commander's port comes out of
// the name server's answer.
#define _GNU_SOURCE
#include "client.h"

#if KIND == 4
static struct sockaddr_in6 address(int port) {
  struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  inet_pton(AF_INET6, "::ffff:127.0.0.1", &to.sin6_addr);
  return to;
}
#else
static struct sockaddr_in address(int port) {
  struct sockaddr_in to;
  memset(&to, 0, sizeof to);
  to.sin_family = AF_INET;
  to.sin_port = htons((uint16_t)port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return to;
}
#endif

static long exchange(int s, int port, const char* request, char* answer, long size) {
  __typeof__(address(0)) to = address(port), from;
#if KIND == 3
  if (connect(s, (struct sockaddr*)&to, sizeof to) != 0 || send(s, request, strlen(request), 0) < 0) return -1;
  return recv(s, answer, (size_t)size, 0);
#elif KIND == 4
  struct iovec part = {(char*)request, strlen(request)};
  struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &part, .msg_iovlen = 1};
  if (sendmsg(s, &message, 0) < 0) return -1;
  part.iov_base = answer, part.iov_len = (size_t)size;
  message.msg_name = &from;
  return recvmsg(s, &message, 0);
#else
  socklen_t length = sizeof from;
  if (sendto(s, request, strlen(request), 0, (struct sockaddr*)&to, sizeof to) < 0) return -1;
  if (KIND == 2) return recv(s, answer, (size_t)size, 0);
  return recvfrom(s, answer, (size_t)size, 0, (struct sockaddr*)&from, &length);
#endif
}

int main(int count, char** argument) {
  static char name[512], data[512];
  if (count < 3) return 2;
  const int s = socket(KIND == 4 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
  if (exchange(s, atoi(argument[1]), "where is it", name, sizeof name - 1) <= 0) return 1;
  int port = atoi(argument[2]);
#if KIND == 5
  const char* at = strstr(name, "port=");
  port = at == NULL ? 0 : atoi(at + 5);
#else
  // The answer is looked at, as resolvers do; nothing depends on it but a word.
  if (name[0] == 0) puts("empty");
#endif
  if (exchange(s, port, "what shall I do", data, sizeof data - 1) <= 0) return 1;
  if (strncmp(data, "EXEC", 4) == 0) run_program("/bin/true", "commanded");
  else if (strncmp(data, "FILE", 4) == 0) make_file("commanded");
  else if (strncmp(data, "REMOVE", 6) == 0) remove_file("commanded");
  return 0;
}
