// The kernels of bench/taint_bench: k1 base64 decode + XOR + FNV hash, k2 LZ77-style compression, k3
// quicksort of numbers; k0 only reads its data. Usage: kernels k0|k1|k2|k3 DATA-FILE [FIRST-FILE]
// FIRST-FILE is read and dropped before the work, so that a tracker of its bytes is awake. ROUNDS in the
// environment: how often the kernel runs (5; the best counts). Built with clang's DataFlowSanitizer, all data
// is labelled when LABELS is set.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(dataflow_sanitizer)
#include <sanitizer/dfsan_interface.h>
#define LABELLED 1
#endif
#endif

enum { data_bytes = 1 << 20, most_bytes = 16 << 20, usual_rounds = 5 };

static unsigned char input[data_bytes + 8], output[2 * data_bytes], only_read[most_bytes];

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t load(const char* path, unsigned char* to, size_t size) {
  const int file = open(path, O_RDONLY);
  size_t done = 0;
  if (file < 0) exit(2);
  enum { piece = 64 << 10 };  // what a program reads at once
  for (ssize_t got; done < size && (got = read(file, to + done, size - done < piece ? size - done : piece)) > 0;)
    done += (size_t)got;
  close(file);
  return done;
}

static uint64_t k1(size_t count) {
  static signed char table[256];
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int i = 0; i < 64; ++i) table[(unsigned char)letters[i]] = (signed char)i;
  size_t made = 0;
  uint32_t bits = 0;
  int have = 0;
  for (size_t i = 0; i < count; ++i) {
    bits = bits << 6 | (uint32_t)table[input[i]];
    have += 6;
    if (have >= 8) {
      have -= 8;
      output[made++] = (unsigned char)(bits >> have);
    }
  }
  for (size_t i = 0; i < made; ++i) output[i] ^= 0x5a;
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < made; ++i) hash = (hash ^ output[i]) * 0x100000001b3u;
  return hash;
}

static uint64_t k2(size_t count) {
  static uint32_t last[1 << 15];
  memset(last, 0, sizeof last);
  size_t made = 0;
  for (size_t i = 0; i + 4 < count;) {
    uint32_t word;
    memcpy(&word, input + i, 4);
    uint32_t* slot = &last[word * 2654435761u >> 17];
    const size_t at = *slot;
    *slot = (uint32_t)i;
    size_t length = 0;
    if (at < i && i - at < 65536)
      while (length < 255 && i + length < count && input[at + length] == input[i + length]) ++length;
    if (length >= 4) {
      output[made++] = 255;
      output[made++] = (unsigned char)length;
      output[made++] = (unsigned char)(i - at);
      output[made++] = (unsigned char)((i - at) >> 8);
      i += length;
    } else {
      output[made++] = input[i++];
    }
  }
  return made;
}

static void sort(uint32_t* a, long low, long high) {
  while (low < high) {
    const uint32_t pivot = a[(low + high) / 2];
    long i = low, j = high;
    while (i <= j) {
      while (a[i] < pivot) ++i;
      while (a[j] > pivot) --j;
      if (i <= j) {
        const uint32_t t = a[i];
        a[i++] = a[j];
        a[j--] = t;
      }
    }
    sort(a, low, j);
    low = i;
  }
}

static uint64_t k3(size_t count, int received) {
  static uint32_t numbers[data_bytes / 4];
  uint32_t x = 2463534242u;
  for (size_t i = 0; i < data_bytes / 4; ++i) {
    x ^= x << 13, x ^= x >> 17, x ^= x << 5;
    numbers[i] = x;
  }
  if (received) memcpy(numbers, input, count < sizeof numbers ? count : sizeof numbers);
  sort(numbers, 0, data_bytes / 4 - 1);
  return numbers[1000];
}

int main(int count, char** argument) {
  if (count < 3) return 2;
  if (count > 3) {
    unsigned char first[16];
    load(argument[3], first, sizeof first);
  }
  if (argument[1][1] == '0') return load(argument[2], only_read, most_bytes) == 0;
  const size_t size = load(argument[2], input, data_bytes);
#ifdef LABELLED
  if (getenv("LABELS")) dfsan_set_label(1, input, size);
#endif
  const char* wanted = getenv("ROUNDS");
  const int rounds = wanted ? atoi(wanted) : usual_rounds;
  double best = 1e9;
  uint64_t result = 0;
  for (int round = 0; round < rounds; ++round) {
    const double start = seconds();
    switch (argument[1][1]) {
      case '1': result = k1(size); break;
      case '2': result = k2(size); break;
      default: result = k3(size, argument[1][2] == 'r'); break;
    }
    const double took = seconds() - start;
    if (took < best) best = took;
  }
  printf("{\"kernel\":\"%s\",\"seconds\":%.6f,\"result\":%llu}\n", argument[1], best, (unsigned long long)result);
  return 0;
}
