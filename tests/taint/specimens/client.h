// What the specimens of client logic share. They talk to servers on loopback, or at SERVER, given as port numbers, and
// act inside the folder that they are started in.
#pragma once
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SERVER
#define SERVER INADDR_LOOPBACK  // in a cell: an address of the simulated Internet
#endif

static int dial(int port) {
  const int s = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in to;
  memset(&to, 0, sizeof to);
  to.sin_family = AF_INET;
  to.sin_port = htons((uint16_t)port);
  to.sin_addr.s_addr = htonl(SERVER);
  if (connect(s, (struct sockaddr*)&to, sizeof to) != 0) {
    close(s);
    return -1;
  }
  return s;
}

// All that the server sends until it closes, at most `size` - 1 bytes; a zero follows.
static long take(int s, char* to, long size) {
  long done = 0;
  for (long got; done < size - 1 && (got = recv(s, to + done, (size_t)(size - 1 - done), 0)) > 0;) done += got;
  to[done] = 0;
  return done;
}

static inline long ask(int port, const char* request, char* to, long size) {
  const int s = dial(port);
  if (s < 0) return -1;
  if (send(s, request, strlen(request), 0) < 0) return -1;
  const long got = take(s, to, size);
  close(s);
  return got;
}

__attribute__((noinline)) static inline void make_file(const char* name) {
  const int f = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0600);
  if (f >= 0 && write(f, "made\n", 5) == 5) close(f);
}
__attribute__((noinline)) static inline void run_program(const char* path, const char* argument) {
  const pid_t child = fork();
  if (child == 0) {
    execl(path, path, argument, (char*)0);
    _exit(9);
  }
  waitpid(child, 0, 0);
}
__attribute__((noinline)) static inline void remove_file(const char* name) { unlink(name); }

// --- encodings that client and server share --------------------------------------------------------

static inline void rc4(char* data, long count, const char* key) {
  uint8_t s[256];
  const size_t length = strlen(key);
  for (int i = 0; i < 256; ++i) s[i] = (uint8_t)i;
  for (int i = 0, j = 0; i < 256; ++i) {
    j = (j + s[i] + (uint8_t)key[(size_t)i % length]) & 255;
    const uint8_t t = s[i];
    s[i] = s[j], s[j] = t;
  }
  for (int n = 0, i = 0, j = 0; n < count; ++n) {
    i = (i + 1) & 255;
    j = (j + s[i]) & 255;
    const uint8_t t = s[i];
    s[i] = s[j], s[j] = t;
    data[n] = (char)(data[n] ^ s[(s[i] + s[j]) & 255]);
  }
}

static inline long base64_decode(char* data, long count) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  uint32_t bits = 0;
  int have = 0;
  long made = 0;
  for (long i = 0; i < count; ++i) {
    const char* at = strchr(letters, data[i]);
    if (data[i] == 0 || at == NULL) continue;
    bits = bits << 6 | (uint32_t)(at - letters);
    have += 6;
    if (have >= 8) {
      have -= 8;
      data[made++] = (char)(bits >> have);
    }
  }
  data[made] = 0;
  return made;
}

// By a table of 256, as decoders that are meant to be fast do it.
static inline long base64_decode_by_table(char* data, long count) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  static int8_t value_of[256];
  memset(value_of, -1, sizeof value_of);
  for (int i = 0; i < 64; ++i) value_of[(uint8_t)letters[i]] = (int8_t)i;
  uint32_t bits = 0;
  int have = 0;
  long made = 0;
  for (long i = 0; i < count; ++i) {
    const int value = value_of[(uint8_t)data[i]];
    if (value < 0) continue;
    bits = bits << 6 | (uint32_t)value;
    have += 6;
    if (have >= 8) {
      have -= 8;
      data[made++] = (char)(bits >> have);
    }
  }
  memset(data + made, 0, (size_t)(count - made));  // nothing of the letters is left for whoever reads past the end
  return made;
}

static inline long base64_encode(const char* from, long count, char* to) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  long made = 0;
  for (long i = 0; i + 2 < count; i += 3) {
    const uint32_t bits = (uint32_t)(uint8_t)from[i] << 16 | (uint32_t)(uint8_t)from[i + 1] << 8 | (uint8_t)from[i + 2];
    to[made++] = letters[bits >> 18];
    to[made++] = letters[bits >> 12 & 63];
    to[made++] = letters[bits >> 6 & 63];
    to[made++] = letters[bits & 63];
  }
  return made;
}

// AES-128 (FIPS 197), one block.
static inline void aes_block(const uint8_t* from, uint8_t* to, const uint8_t* key) {
  uint8_t box[256], round_key[176], s[16], t[16];
  uint8_t p = 1, q = 1;
  do {  // p runs through all of GF(2^8) but 0, q through their inverses
    p = (uint8_t)(p ^ p << 1 ^ (p & 0x80 ? 0x1b : 0));
    q = (uint8_t)(q ^ q << 1), q = (uint8_t)(q ^ q << 2), q = (uint8_t)(q ^ q << 4);
    if (q & 0x80) q ^= 9;
    const unsigned twice = (unsigned)q << 8 | q;
    box[p] = (uint8_t)(q ^ twice >> 7 ^ twice >> 6 ^ twice >> 5 ^ twice >> 4 ^ 0x63);
  } while (p != 1);
  box[0] = 0x63;
  memcpy(round_key, key, 16);
  for (int i = 16, r = 1; i < 176; i += 4) {
    uint8_t w[4];
    memcpy(w, round_key + i - 4, 4);
    if (i % 16 == 0) {
      const uint8_t first = w[0];
      w[0] = (uint8_t)(box[w[1]] ^ r), w[1] = box[w[2]], w[2] = box[w[3]], w[3] = box[first];
      r = r << 1 ^ (r & 0x80 ? 0x11b : 0);
    }
    for (int k = 0; k < 4; ++k) round_key[i + k] = round_key[i + k - 16] ^ w[k];
  }
  for (int i = 0; i < 16; ++i) s[i] = from[i] ^ round_key[i];
  for (int round = 1; round <= 10; ++round) {
    for (int i = 0; i < 16; ++i) t[i] = box[s[(i + 4 * (i % 4)) % 16]];
    for (int c = 0; c < 16; c += 4) {
      const uint8_t all = t[c] ^ t[c + 1] ^ t[c + 2] ^ t[c + 3];
      for (int k = 0; k < 4; ++k) {
        const uint8_t pair = t[c + k] ^ t[c + (k + 1) % 4];
        const uint8_t mixed = (uint8_t)(t[c + k] ^ all ^ (pair << 1) ^ (pair & 0x80 ? 0x1b : 0));
        s[c + k] = (uint8_t)((round < 10 ? mixed : t[c + k]) ^ round_key[16 * round + c + k]);
      }
    }
  }
  memcpy(to, s, 16);
}

// Inflate (RFC 1951): codes are looked up by the next 15 bits.
typedef struct {
  const uint8_t* from;
  long left;
  uint32_t bits;
  int have;
} Deflated;

static inline unsigned next_bits(Deflated* d, int count) {
  while (d->have < count) {
    d->bits |= (uint32_t)(d->left > 0 ? *d->from : 0) << d->have;
    if (d->left > 0) ++d->from, --d->left;
    d->have += 8;
  }
  const unsigned value = d->bits & ((1u << count) - 1);
  d->bits >>= count;
  d->have -= count;
  return value;
}

static inline void make_table(uint16_t* table, const uint8_t* lengths, int count) {
  unsigned code = 0;
  for (int length = 1; length <= 15; ++length, code <<= 1)
    for (int symbol = 0; symbol < count; ++symbol) {
      if (lengths[symbol] != length) continue;
      unsigned turned = 0;
      for (int i = 0; i < length; ++i) turned |= (code >> i & 1) << (length - 1 - i);
      for (; turned < 1u << 15; turned += 1u << length) table[turned] = (uint16_t)(symbol << 4 | length);
      ++code;
    }
}

static inline unsigned next_symbol(Deflated* d, const uint16_t* table) {
  while (d->have < 15) {
    d->bits |= (uint32_t)(d->left > 0 ? *d->from : 0) << d->have;
    if (d->left > 0) ++d->from, --d->left;
    d->have += 8;
  }
  const unsigned found = table[d->bits & 0x7fff];
  d->bits >>= found & 15;
  d->have -= found & 15;
  return found >> 4;
}

static inline long inflate_to(const char* data, long count, char* to, long size) {
  static uint16_t letters[1 << 15], distances[1 << 15];
  static const uint8_t order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  Deflated d = {(const uint8_t*)data, count, 0, 0};
  long made = 0;
  for (int last = 0; !last;) {
    uint8_t lengths[320] = {0};
    int letter_count = 288, distance_count = 32;
    last = (int)next_bits(&d, 1);
    const unsigned kind = next_bits(&d, 2);
    if (kind == 0) {  // stored
      d.bits = 0, d.have = 0;
      const long stored = d.left < 4 ? 0 : d.from[0] | d.from[1] << 8;
      if (d.left < 4 + stored || made + stored > size) return -1;
      memcpy(to + made, d.from + 4, (size_t)stored);
      d.from += 4 + stored, d.left -= 4 + stored, made += stored;
      continue;
    }
    if (kind == 1) {
      for (int i = 0; i < 288; ++i) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
      memset(lengths + 288, 5, 32);
    } else {
      letter_count = (int)next_bits(&d, 5) + 257;
      distance_count = (int)next_bits(&d, 5) + 1;
      const int code_count = (int)next_bits(&d, 4) + 4;
      uint8_t code_lengths[19] = {0};
      for (int i = 0; i < code_count; ++i) code_lengths[order[i]] = (uint8_t)next_bits(&d, 3);
      make_table(letters, code_lengths, 19);
      for (int i = 0; i < letter_count + distance_count;) {
        const unsigned symbol = next_symbol(&d, letters);
        unsigned times = 1, value = symbol;
        if (symbol == 16) times = 3 + next_bits(&d, 2), value = i > 0 ? lengths[i - 1] : 0;
        if (symbol == 17) times = 3 + next_bits(&d, 3), value = 0;
        if (symbol == 18) times = 11 + next_bits(&d, 7), value = 0;
        while (times-- > 0 && i < 320) lengths[i++] = (uint8_t)value;
      }
    }
    memset(letters, 0, sizeof letters);
    make_table(letters, lengths, letter_count);
    make_table(distances, lengths + letter_count, distance_count);
    for (unsigned symbol; (symbol = next_symbol(&d, letters)) != 256;) {
      if (made >= size || (d.left == 0 && d.have == 0)) return -1;
      if (symbol < 256) {
        to[made++] = (char)symbol;
        continue;
      }
      const int s = (int)symbol - 257;
      const int more = s < 8 || s == 28 ? 0 : (s - 4) / 4;
      long length = s < 8 ? s + 3 : s == 28 ? 258 : 3 + ((4 + s % 4) << more);
      length += next_bits(&d, more);
      const int far = (int)next_symbol(&d, distances);
      const int far_more = far < 4 ? 0 : (far - 2) / 2;
      const long back = (far < 4 ? far + 1 : 1 + ((2 + far % 2) << far_more)) + (long)next_bits(&d, far_more);
      if (back > made) return -1;
      for (; length > 0 && made < size; --length, ++made) to[made] = to[made - back];
    }
  }
  return made;
}

#if ENCODING == 8
#include <zlib.h>
#endif

// ENCODING: 0 plain, 1 XOR with a byte, 2 RC4, 3 base64, 4 XOR with a running key, 6 AES-128 in cipher feedback
// mode, behind one block that says nothing, 7 deflated (RFC 1951), 8 the same by zlib, 9 base64 by a table.
static inline long decode(char* data, long count) {
#if ENCODING == 1
  for (long i = 0; i < count; ++i) data[i] ^= 0x5a;
#elif ENCODING == 2
  rc4(data, count, "shikake");
#elif ENCODING == 3
  count = base64_decode(data, count);
#elif ENCODING == 4
  uint8_t key = 0x21;
  for (long i = 0; i < count; ++i) {
    data[i] = (char)(data[i] ^ key);
    key = (uint8_t)(key * 5 + 17);
  }
#elif ENCODING == 6
  uint8_t before[16] = {0}, stream[16];
  for (long i = 0; i < count; ++i) {
    if (i % 16 == 0) aes_block(before, stream, (const uint8_t*)"shikake-shikake!");
    before[i % 16] = (uint8_t)data[i];
    data[i] = (char)(data[i] ^ stream[i % 16]);
  }
  count = count > 16 ? count - 16 : 0;
  memmove(data, data + 16, (size_t)count);
#elif ENCODING == 7
  static char plain[1 << 20];
  count = inflate_to(data, count, plain, sizeof plain - 1);
  if (count < 0) _exit(8);
  memcpy(data, plain, (size_t)count);
#elif ENCODING == 8
  static char plain[1 << 20];
  uLongf made = sizeof plain - 1;
  if (uncompress((Bytef*)plain, &made, (const Bytef*)data, (uLong)count) != Z_OK) _exit(8);
  count = (long)made;
  memcpy(data, plain, made);
#elif ENCODING == 9
  count = base64_decode_by_table(data, count);
#endif
  data[count] = 0;
  return count;
}
