// Makes a name from what one server says, looks it up, and calls on the address: port of the server with the seed, of
// the name server (UDP), of the server called on. KNOWN: the name is a fixed one, and the first server is not asked.
#include "client.h"

#ifndef RESOLVER
#define RESOLVER SERVER
#endif

// The first address in the answer; 0 when there is none.
static uint32_t look_up(int port, const char* name) {
  static unsigned char message[512];
  static const unsigned char head[12] = {0x53, 0x49, 1, 0, 0, 1};
  size_t length = sizeof head;
  memcpy(message, head, sizeof head);
  while (*name != 0) {
    const size_t part = strcspn(name, ".");
    message[length++] = (unsigned char)part;
    memcpy(message + length, name, part);
    length += part;
    name += part + (name[part] == '.');
  }
  memcpy(message + length, "\0\0\1\0\1", 5);
  const size_t question = length + 5;
  const int s = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(RESOLVER)}};
  if (connect(s, (struct sockaddr*)&to, sizeof to) != 0 || send(s, message, question, 0) < 0) return 0;
  const ssize_t got = recv(s, message, sizeof message, 0);
  close(s);
  if (got < (ssize_t)question + 16 || message[7] == 0) return 0;
  uint32_t address;
  memcpy(&address, message + question + 12, 4);  // behind a pointer to the name, type, class, life and length
  return address;
}

static void make_name(const char* seed, char* name) {
  uint32_t state = 5381;
  for (int i = 0; i < 10 && seed[i] != 0; ++i) state = state * 33 + (uint8_t)seed[i];
  for (int i = 0; i < 12; ++i) {
    state = state * 1103515245 + 12345;
    name[i] = (char)('a' + (state >> 16) % 26);
  }
  strcpy(name + 12, ".example");
}

int main(int count, char** argument) {
  static char seed[4096], data[4096], name[64] = "updates.example";
  if (count < 4) return 2;
#ifndef KNOWN
  if (ask(atoi(argument[1]), "GET /date", seed, sizeof seed) < 10) return 1;
  make_name(seed, name);
#endif
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argument[3]))};
  to.sin_addr.s_addr = look_up(atoi(argument[2]), name);
  const int s = socket(AF_INET, SOCK_STREAM, 0);
  if (to.sin_addr.s_addr == 0 || connect(s, (struct sockaddr*)&to, sizeof to) != 0) return 1;
  if (send(s, "hello", 5, 0) != 5) return 1;
  take(s, data, sizeof data);
  close(s);
  make_file("called");
  return 0;
}
