// The files that scripts make: what one writes another may read, copy, run. Nothing is ever on a real disk.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shikake::honeyclient::low::page {

class Disk {
 public:
  // False: there is room for no more (limits::max_disk).
  bool write(std::u16string_view path, std::string bytes);
  const std::string* read(std::u16string_view path) const;  // nullptr: no such file; until the next write
  bool remove(std::u16string_view path);
  bool folder_made(std::u16string_view path) const;
  void make_folder(std::u16string_view path);

 private:
  std::map<std::u16string, std::string> files_;  // by path, as Windows compares them
  std::vector<std::u16string> folders_;
  size_t bytes_ = 0;
};

// %TEMP% and the like, as a visitor's Windows has them.
std::u16string expand_variables(std::u16string_view text, bool windows_xp);
std::optional<std::u16string> environment_variable(std::u16string_view name, bool windows_xp);

}  // namespace shikake::honeyclient::low::page
