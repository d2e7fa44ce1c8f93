// What is mapped in a process, as the kernel lists it: proc(5), /proc/pid/maps.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/trace/ids.h"

namespace shikake::sandbox::debug {

struct Mapping {
  uint64_t begin = 0, end = 0;
  bool readable = false, writable = false, executable = false;
  uint64_t offset = 0;  // in the file
  uint64_t inode = 0;   // 0: no file
  std::string path;     // inside the guest; "[stack]" and the like; "" for anonymous memory

  uint64_t size() const { return end - begin; }
  bool contains(uint64_t address) const { return address >= begin && address < end; }
};

// The lines of such a file; those that are malformed are left out.
std::vector<Mapping> parse_memory_map(std::string_view text);
// Of a living thread's process, at most max_mappings; empty when it is gone.
std::vector<Mapping> memory_map(trace::Tid tid);

// The kernel's own bound for a process (vm.max_map_count) is 65,530 unless raised.
inline constexpr size_t max_mappings = 65'536;

}  // namespace shikake::sandbox::debug
