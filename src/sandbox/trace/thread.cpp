// What every event source's threads can do by reading memory alone.
#include <algorithm>
#include <array>
#include <cstring>

#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::trace {
namespace {
constexpr uint64_t page_bytes = 4096;
}

std::optional<std::string> Thread::read_string(GuestAddress from, size_t max_bytes) {
  std::string text;
  std::array<uint8_t, page_bytes> buffer;
  size_t step = 256;  // most paths are short
  while (text.size() < max_bytes) {
    const GuestAddress at = from + text.size();
    const size_t to_page_end = page_bytes - at.value % page_bytes;
    const size_t wanted = std::min({step, to_page_end, max_bytes - text.size()});
    const size_t got = read(at, std::span(buffer).first(wanted));
    if (got == 0) break;
    const auto* end = static_cast<const uint8_t*>(std::memchr(buffer.data(), 0, got));
    text.append(reinterpret_cast<const char*>(buffer.data()),
                end ? static_cast<size_t>(end - buffer.data()) : got);
    if (end) return text;
    step = page_bytes;
  }
  if (text.empty()) return std::nullopt;
  return text;
}

std::optional<GuestAddress> Thread::read_pointer(const Call& call, GuestAddress from) {
  if (call.pointer_bytes() == 8) {
    if (auto value = read_value<uint64_t>(from)) return GuestAddress{*value};
  } else if (auto value = read_value<uint32_t>(from)) {
    return GuestAddress{*value};
  }
  return std::nullopt;
}

std::string_view name(RunEnd end) {
  switch (end) {
    case RunEnd::all_gone:
      return "all_gone";
    case RunEnd::deadline:
      return "deadline";
    case RunEnd::stopped:
      return "stopped";
    case RunEnd::limit:
      return "limit";
  }
  return "all_gone";
}

}  // namespace shikake::sandbox::trace
