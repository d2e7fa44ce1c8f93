#include "taint/qemu/guest_memory.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>

// QEMU user mode's own variable: host address = guest address + guest_base. Exported by Debian's build.
extern "C" unsigned long guest_base;

namespace shikake::taint::qemu {

uint64_t host_offset() { return guest_base; }

size_t read_guest(Address address, std::span<uint8_t> to) {
  size_t done = 0;
  while (done < to.size()) {
    // A page at a time: process_vm_readv gives all of a piece or nothing.
    const Address at = address + done;
    const size_t part = std::min<size_t>(to.size() - done, page_bytes - at % page_bytes);
    iovec local{to.data() + done, part};
    iovec remote{reinterpret_cast<void*>(at + guest_base), part};
    if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) != static_cast<ssize_t>(part)) break;
    done += part;
  }
  return done;
}

std::vector<uint8_t> read_guest(Address address, size_t count) {
  std::vector<uint8_t> bytes(count);
  bytes.resize(read_guest(address, std::span(bytes)));
  return bytes;
}

std::string read_string(Address address, size_t limit) {
  std::string text;
  while (text.size() < limit) {
    uint8_t part[256];
    const size_t got = read_guest(address + text.size(), std::span(part).first(std::min(sizeof part, limit - text.size())));
    const auto end = std::find(part, part + got, 0);
    text.append(part, end);
    if (got == 0 || end != part + got) break;
  }
  return text;
}

uint64_t read_word(Address address, size_t bytes, bool big_endian) {
  uint8_t raw[8] = {};
  read_guest(address, std::span(raw).first(bytes));
  uint64_t word = 0;
  for (size_t i = 0; i < bytes; ++i) word |= uint64_t{raw[i]} << 8 * (big_endian ? bytes - 1 - i : i);
  return word;
}

}  // namespace shikake::taint::qemu
