#include "sandbox/trace/auxiliary.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/unique_fd.h"

namespace shikake::sandbox::trace {

std::optional<uint64_t> auxiliary_value(pid_t task, bool narrow, AuxiliaryKey key) {
  const base::UniqueFd file(open(fmt::format("/proc/{}/auxv", task).c_str(), O_RDONLY | O_CLOEXEC));
  std::array<uint8_t, 1024> bytes;  // about 20 pairs of two words
  const ssize_t length = file ? read(file.get(), bytes.data(), bytes.size()) : -1;
  const size_t word = narrow ? 4 : 8;
  for (size_t at = 0; length > 0 && at + 2 * word <= static_cast<size_t>(length); at += 2 * word) {
    uint64_t name = 0, value = 0;  // little-endian, zero-extended
    std::memcpy(&name, &bytes[at], word);
    std::memcpy(&value, &bytes[at + word], word);
    if (name == static_cast<uint64_t>(key)) return value;
  }
  return std::nullopt;
}

}  // namespace shikake::sandbox::trace
