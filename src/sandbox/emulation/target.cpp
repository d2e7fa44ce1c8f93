#include "sandbox/emulation/target.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "taint/emulator.h"

namespace shikake::sandbox::emulation {
namespace {

struct Row {
  std::string_view target;
  bool own;
  std::string_view folder, package;
  std::string_view
      loader;  // what dynamic programs name as their interpreter; "" where that does not tell targets apart
};
constexpr Row rows[] = {
    {"x86_64", true, "", "libc6", "/lib64/ld-linux-x86-64.so.2"},
    {"i386", true, "i686-linux-gnu", "libc6-i386-cross", "/lib/ld-linux.so.2"},
    {"arm", false, "arm-linux-gnueabihf", "libc6-armhf-cross", "/lib/ld-linux-armhf.so.3"},
    {"aarch64", false, "aarch64-linux-gnu", "libc6-arm64-cross", "/lib/ld-linux-aarch64.so.1"},
    {"mips", false, "mips-linux-gnu", "libc6-mips-cross", ""},
    {"mipsel", false, "mipsel-linux-gnu", "libc6-mipsel-cross", ""},
};

const Row* find(std::string_view target) {
  for (const Row& row : rows)
    if (row.target == target) return &row;
  return nullptr;
}

}  // namespace

std::optional<std::string_view> target_of(base::ByteSpan head) {
  const auto architecture = taint::architecture_of(head);
  return architecture ? std::optional(taint::name(*architecture)) : std::nullopt;
}

bool is_own(std::string_view target) {
  const Row* row = find(target);
  return row && row->own;
}

std::optional<std::filesystem::path> find_emulator(std::string_view target) {
  const char* folders = std::getenv("PATH");
  std::string_view left = folders ? folders : "/usr/local/bin:/usr/bin";
  while (!left.empty()) {
    const size_t end = std::min(left.find(':'), left.size());
    const std::filesystem::path path =
        std::filesystem::path(left.substr(0, end)) / ("qemu-" + std::string(target));
    left.remove_prefix(std::min(end + 1, left.size()));
    if (path.is_absolute() && ::access(path.c_str(), X_OK) == 0) return path;
  }
  return std::nullopt;
}

std::string library_folder(std::string_view target) {
  const Row* row = find(target);
  return row && !row->folder.empty() ? "/usr/" + std::string(row->folder) : "";
}

std::string_view loader(std::string_view target) {
  const Row* row = find(target);
  return row ? row->loader : "";
}

std::string_view library_package(std::string_view target) {
  const Row* row = find(target);
  return row ? row->package : "";
}

}  // namespace shikake::sandbox::emulation
