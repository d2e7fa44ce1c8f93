#include "sandbox/emulation/target.h"

#include <elf.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
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

// Those that taint has no rules for run in an emulator all the same; dynamic ones where the guest has their libraries.
struct Other {
  std::string_view target;
  uint16_t machine;
  uint8_t bits, order;  // ELFCLASS…, ELFDATA…
};
constexpr Other others[] = {
    {"armeb", EM_ARM, ELFCLASS32, ELFDATA2MSB},        {"aarch64_be", EM_AARCH64, ELFCLASS64, ELFDATA2MSB},
    {"mips64", EM_MIPS, ELFCLASS64, ELFDATA2MSB},      {"mips64el", EM_MIPS, ELFCLASS64, ELFDATA2LSB},
    {"ppc", EM_PPC, ELFCLASS32, ELFDATA2MSB},          {"ppc64", EM_PPC64, ELFCLASS64, ELFDATA2MSB},
    {"ppc64le", EM_PPC64, ELFCLASS64, ELFDATA2LSB},    {"riscv32", EM_RISCV, ELFCLASS32, ELFDATA2LSB},
    {"riscv64", EM_RISCV, ELFCLASS64, ELFDATA2LSB},    {"sh4", EM_SH, ELFCLASS32, ELFDATA2LSB},
    {"sh4eb", EM_SH, ELFCLASS32, ELFDATA2MSB},         {"m68k", EM_68K, ELFCLASS32, ELFDATA2MSB},
    {"sparc", EM_SPARC, ELFCLASS32, ELFDATA2MSB},      {"sparc64", EM_SPARCV9, ELFCLASS64, ELFDATA2MSB},
    {"s390x", EM_S390, ELFCLASS64, ELFDATA2MSB},       {"loongarch64", EM_LOONGARCH, ELFCLASS64, ELFDATA2LSB},
};

std::optional<std::string_view> other_target_of(base::ByteSpan head) {
  constexpr size_t machine_at = 18;  // e_machine, in both classes
  if (head.size() < machine_at + 2 || std::memcmp(head.data(), ELFMAG, SELFMAG) != 0) return std::nullopt;
  const bool big = head[EI_DATA] == ELFDATA2MSB;
  const int machine = head[machine_at + (big ? 0 : 1)] << 8 | head[machine_at + (big ? 1 : 0)];
  for (const Other& other : others)
    if (other.machine == machine && other.bits == head[EI_CLASS] && other.order == head[EI_DATA]) return other.target;
  return std::nullopt;
}

const Row* find(std::string_view target) {
  for (const Row& row : rows)
    if (row.target == target) return &row;
  return nullptr;
}

}  // namespace

std::optional<std::string_view> target_of(base::ByteSpan head) {
  const auto architecture = taint::started_as(head);
  return architecture ? std::optional(taint::name(*architecture)) : other_target_of(head);
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
