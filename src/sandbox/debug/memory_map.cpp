#include "sandbox/debug/memory_map.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/checked.h"
#include "base/file.h"

namespace shikake::sandbox::debug {
namespace {

// A line holds a path of at most 4 KiB; most have 100 bytes.
constexpr uint64_t max_map_bytes = uint64_t{32} << 20;

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const size_t end = std::min(line.find(' '), line.size());
  std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

// 55d0c0a00000-55d0c0a21000 rw-p 00000000 08:01 1234    /usr/bin/x
bool parse_line(std::string_view line, Mapping& out) {
  const std::string_view range = take_word(line), access = take_word(line), offset = take_word(line);
  take_word(line);  // device
  const std::string_view inode = take_word(line);
  const size_t dash = range.find('-');
  if (dash == range.npos || access.size() != 4) return false;
  const auto begin = base::parse_integer<uint64_t>(range.substr(0, dash), 16);
  const auto end = base::parse_integer<uint64_t>(range.substr(dash + 1), 16);
  const auto start = base::parse_integer<uint64_t>(offset, 16);
  const auto number = base::parse_integer<uint64_t>(inode);
  if (!begin || !end || !start || !number || *end < *begin) return false;
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  out = {*begin,           *end,   access[0] == 'r', access[1] == 'w',
         access[2] == 'x', *start, *number,          std::string(line)};
  return true;
}

}  // namespace

std::vector<Mapping> parse_memory_map(std::string_view text) {
  std::vector<Mapping> out;
  while (!text.empty() && out.size() < max_mappings) {
    const size_t end = std::min(text.find('\n'), text.size());
    Mapping mapping;
    if (parse_line(text.substr(0, end), mapping)) out.push_back(std::move(mapping));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::vector<Mapping> memory_map(trace::Tid tid) {
  auto text = base::read_file(fmt::format("/proc/{}/maps", tid.value), max_map_bytes);
  return text ? parse_memory_map(*text) : std::vector<Mapping>();
}

}  // namespace shikake::sandbox::debug
