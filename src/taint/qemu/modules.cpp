#include "taint/qemu/modules.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "taint/qemu/guest_memory.h"

namespace shikake::taint::qemu {

std::string Modules::place(Address address) {
  const Address host = address + host_offset();
  const std::lock_guard guard(lock_);
  auto found = mappings_.upper_bound(host);  // by their ends
  if (found == mappings_.end() || host < found->second.first) {
    read();
    found = mappings_.upper_bound(host);
  }
  if (found == mappings_.end() || host < found->second.first) return "null";
  const Mapping& mapping = found->second;
  Event event("place");
  const uint64_t offset = host - mapping.first + mapping.offset;
  event.text("module", mapping.file).number("offset", static_cast<int64_t>(offset));
  if (const std::string_view symbol = symbols_of(mapping.file).at(offset); !symbol.empty()) event.text("symbol", symbol);
  std::string line = std::move(event).line();
  line.pop_back();
  return line;
}

// With the lock held.
const Symbols& Modules::symbols_of(const std::string& file) {
  static const Symbols none;
  if (const auto known = symbols_.find(file); known != symbols_.end()) return known->second;
  // A program decides in a few files; one that maps thousands gets names for the first.
  constexpr size_t max_modules = 64;
  if (file.empty() || file[0] != '/' || symbols_.size() == max_modules) return none;
  const OwnWork quiet(bell_);
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  Symbols found = fd < 0 ? Symbols() : Symbols::read(fd);
  if (fd >= 0) close(fd);
  return symbols_.emplace(file, std::move(found)).first->second;
}

void Modules::read() {
  mappings_.clear();
  const OwnWork quiet(bell_);
  FILE* maps = std::fopen("/proc/self/maps", "re");
  if (maps == nullptr) return;
  char line[4352];
  while (std::fgets(line, sizeof line, maps) != nullptr) {
    unsigned long first = 0, end = 0, offset = 0;
    int path = 0;
    if (std::sscanf(line, "%lx-%lx %*4s %lx %*s %*u %n", &first, &end, &offset, &path) < 3) continue;
    std::string file = line + path;
    while (!file.empty() && file.back() == '\n') file.pop_back();
    mappings_[end] = {first, offset, std::move(file)};
  }
  std::fclose(maps);
}

void Modules::forget() {
  const std::lock_guard guard(lock_);
  mappings_.clear();
}

}  // namespace shikake::taint::qemu
