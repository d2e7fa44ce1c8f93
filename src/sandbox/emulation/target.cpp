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
};
constexpr Row rows[] = {
    {"x86_64", EM_X86_64, ELFCLASS64, ELFDATA2LSB, true, "", "libc6"},
    {"i386", EM_386, ELFCLASS32, ELFDATA2LSB, true, "i686-linux-gnu", "libc6-i386-cross"},
    {"arm", EM_ARM, ELFCLASS32, ELFDATA2LSB, false, "arm-linux-gnueabihf", "libc6-armhf-cross"},
    {"aarch64", EM_AARCH64, ELFCLASS64, ELFDATA2LSB, false, "aarch64-linux-gnu", "libc6-arm64-cross"},
    {"mips", EM_MIPS, ELFCLASS32, ELFDATA2MSB, false, "mips-linux-gnu", "libc6-mips-cross"},
    {"mipsel", EM_MIPS, ELFCLASS32, ELFDATA2LSB, false, "mipsel-linux-gnu", "libc6-mipsel-cross"},
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

std::string_view library_package(std::string_view target) {
  const Row* row = find(target);
  return row ? row->package : "";
}

}  // namespace shikake::sandbox::emulation
