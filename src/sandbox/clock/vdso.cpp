#include "sandbox/clock/vdso.h"

#include <elf.h>

#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "sandbox/trace/auxiliary.h"

namespace shikake::sandbox::clock {
namespace {

using trace::GuestAddress;

// The library has two pages on today's kernels; room for growth.
constexpr size_t max_image_bytes = 16 << 10;

struct Function {
  std::string_view name;
  int wide, narrow;  // numbers of the calls; -1: not there
};
constexpr Function functions[] = {
    {"__vdso_clock_gettime", 228, 265},
    {"__vdso_clock_gettime64", -1, 403},
    {"__vdso_gettimeofday", 96, 78},
    {"__vdso_time", 201, 13},
    {"clock_gettime", 228, 265},
    {"gettimeofday", 96, 78},
    {"time", 201, 13},
};

struct Found {
  uint64_t offset;
  int number;
};

// Reads a header or table entry out of the image; nothing where it does not lie inside.
template <class T>
std::optional<T> at(const std::vector<uint8_t>& image, uint64_t offset) {
  if (offset > image.size() || image.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, &image[offset], sizeof value);
  return value;
}

// By the section headers, which the kernel maps along with the library.
template <class Header, class Section, class Symbol>
std::vector<Found> find_functions(const std::vector<uint8_t>& image, bool narrow) {
  std::vector<Found> found;
  const auto header = at<Header>(image, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return found;
  for (unsigned i = 0; i < header->e_shnum; ++i) {
    const auto symbols = at<Section>(image, header->e_shoff + uint64_t{i} * sizeof(Section));
    if (!symbols || symbols->sh_type != SHT_DYNSYM) continue;
    const auto strings = at<Section>(image, header->e_shoff + uint64_t{symbols->sh_link} * sizeof(Section));
    if (!strings) continue;
    for (uint64_t offset = 0; offset + sizeof(Symbol) <= symbols->sh_size; offset += sizeof(Symbol)) {
      const auto symbol = at<Symbol>(image, symbols->sh_offset + offset);
      const uint64_t name_at = symbol ? strings->sh_offset + symbol->st_name : image.size();
      if (name_at >= image.size()) continue;
      const auto* text = reinterpret_cast<const char*>(&image[name_at]);
      const std::string_view name(text, strnlen(text, image.size() - name_at));
      for (const Function& function : functions) {
        const int number = narrow ? function.narrow : function.wide;
        if (function.name == name && number >= 0 && symbol->st_value != 0)
          found.push_back({symbol->st_value, number});
      }
    }
  }
  return found;
}

// mov $number,%eax; syscall; ret — or, with arguments on the stack, push %ebx; mov 8(%esp),%ebx; mov
// 12(%esp),%ecx; mov $number,%eax; int $0x80; pop %ebx; ret
std::vector<uint8_t> code_for(int number, bool narrow) {
  const auto n = static_cast<uint32_t>(number);
  const auto byte = [&](int shift) { return static_cast<uint8_t>(n >> shift); };
  if (!narrow) return {0xb8, byte(0), byte(8), byte(16), byte(24), 0x0f, 0x05, 0xc3};
  return {0x53, 0x8b,    0x5c,    0x24,     0x08,     0x8b, 0x4c, 0x24, 0x0c,
          0xb8, byte(0), byte(8), byte(16), byte(24), 0xcd, 0x80, 0x5b, 0xc3};
}

}  // namespace

bool clocks_call_kernel(trace::Thread& thread, bool narrow) {
  const auto base = trace::auxiliary_value(thread.tid().value, narrow, trace::AuxiliaryKey::vdso);
  if (!base || *base == 0) return false;
  std::vector<uint8_t> image(max_image_bytes);
  image.resize(thread.read({*base}, image));
  const std::vector<Found> found = narrow ? find_functions<Elf32_Ehdr, Elf32_Shdr, Elf32_Sym>(image, narrow)
                                          : find_functions<Elf64_Ehdr, Elf64_Shdr, Elf64_Sym>(image, narrow);
  bool all = !found.empty();
  for (const Found& function : found)
    all &= thread.write(GuestAddress{*base + function.offset}, code_for(function.number, narrow), true);
  return all;
}

}  // namespace shikake::sandbox::clock
