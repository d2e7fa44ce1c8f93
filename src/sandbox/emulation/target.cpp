#include "sandbox/emulation/target.h"

#include <elf.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace shikake::sandbox::emulation {
namespace {

struct Row {
  std::string_view target;
  uint16_t machine;
  uint8_t bits, order;  // ELFCLASS…, ELFDATA…
  bool own;
  std::string_view folder, package;
  std::string_view
      loader;  // what dynamic programs name as their interpreter; "" where that does not tell targets apart
};
constexpr Row rows[] = {
    {"x86_64", EM_X86_64, ELFCLASS64, ELFDATA2LSB, true, "", "libc6", "/lib64/ld-linux-x86-64.so.2"},
    {"i386", EM_386, ELFCLASS32, ELFDATA2LSB, true, "i686-linux-gnu", "libc6-i386-cross",
     "/lib/ld-linux.so.2"},
    {"arm", EM_ARM, ELFCLASS32, ELFDATA2LSB, false, "arm-linux-gnueabihf", "libc6-armhf-cross",
     "/lib/ld-linux-armhf.so.3"},
    {"aarch64", EM_AARCH64, ELFCLASS64, ELFDATA2LSB, false, "aarch64-linux-gnu", "libc6-arm64-cross",
     "/lib/ld-linux-aarch64.so.1"},
    {"mips", EM_MIPS, ELFCLASS32, ELFDATA2MSB, false, "mips-linux-gnu", "libc6-mips-cross", ""},
    {"mipsel", EM_MIPS, ELFCLASS32, ELFDATA2LSB, false, "mipsel-linux-gnu", "libc6-mipsel-cross", ""},
};

const Row* find(std::string_view target) {
  for (const Row& row : rows)
    if (row.target == target) return &row;
  return nullptr;
}

}  // namespace

std::optional<std::string_view> target_of(base::ByteSpan head) {
  constexpr size_t machine_at = 18;  // e_machine, in both classes
  if (head.size() < machine_at + 2 || std::memcmp(head.data(), ELFMAG, SELFMAG) != 0) return std::nullopt;
  const bool big = head[EI_DATA] == ELFDATA2MSB;
  const int machine =
      big ? head[machine_at] << 8 | head[machine_at + 1] : head[machine_at + 1] << 8 | head[machine_at];
  for (const Row& row : rows)
    if (row.machine == machine && row.bits == head[EI_CLASS] && row.order == head[EI_DATA]) return row.target;
  return std::nullopt;
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
