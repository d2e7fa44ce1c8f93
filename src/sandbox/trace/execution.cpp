#include "sandbox/trace/execution.h"

#include <cstring>
#include <string_view>

namespace shikake::sandbox::trace {
namespace {

// The new stack as far as it was read.
class Stack {
 public:
  Stack(Thread& thread, GuestAddress from, bool narrow) : word_(narrow ? 4 : 8), from_(from) {
    bytes_.resize(first_read);
    bytes_.resize(thread.read(from, bytes_));
    if (bytes_.size() < first_read) return;
    bytes_.resize(max_execution_bytes);
    const size_t more = thread.read(from + first_read, std::span(bytes_).subspan(first_read));
    bytes_.resize(first_read + more);
  }

  std::optional<uint64_t> word(size_t index) const {
    if ((index + 1) * word_ > bytes_.size()) return std::nullopt;
    uint64_t value = 0;
    std::memcpy(&value, &bytes_[index * word_], word_);
    return value;
  }
  // Whole, or nothing where it lies beyond what was read.
  std::optional<std::string> string(uint64_t address) const {
    if (address < from_.value || address - from_.value >= bytes_.size()) return std::nullopt;
    const uint8_t* begin = &bytes_[address - from_.value];
    const void* end = std::memchr(begin, 0, static_cast<size_t>(bytes_.data() + bytes_.size() - begin));
    if (!end) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(begin), static_cast<const char*>(end));
  }

 private:
  static constexpr size_t first_read = 8192;  // what most programs' arguments and environment fit in
  size_t word_;
  GuestAddress from_;
  std::vector<uint8_t> bytes_;
};

// Reads strings up to the null pointer; `index` is behind it then. False: cut.
bool read_strings(const Stack& stack, size_t& index, std::vector<std::string>& into) {
  for (;; ++index) {
    const auto pointer = stack.word(index);
    if (!pointer) return false;
    if (*pointer == 0) break;
    auto text = stack.string(*pointer);
    if (!text) return false;
    into.push_back(std::move(*text));
  }
  ++index;
  return true;
}

}  // namespace

Execution read_execution(Thread& thread, GuestAddress from, bool narrow) {
  Execution execution;
  execution.is_32_bit = narrow;
  execution.executable = thread.link("exe");
  execution.directory = thread.link("cwd");
  const Stack stack(thread, from, narrow);
  size_t index = 1;  // after argc
  execution.truncated =
      !read_strings(stack, index, execution.arguments) || !read_strings(stack, index, execution.environment);
  return execution;
}

}  // namespace shikake::sandbox::trace
