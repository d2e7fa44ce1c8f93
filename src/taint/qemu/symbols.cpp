#include "taint/qemu/symbols.h"

#include <elf.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstring>
#include <tuple>

namespace shikake::taint::qemu {
namespace {

// A linker makes some 40 sections and 12 segments.
constexpr size_t max_headers = 4096;

struct Format32 {
  using Header = Elf32_Ehdr;
  using Section = Elf32_Shdr;
  using Segment = Elf32_Phdr;
  using Symbol = Elf32_Sym;
};
struct Format64 {
  using Header = Elf64_Ehdr;
  using Section = Elf64_Shdr;
  using Segment = Elf64_Phdr;
  using Symbol = Elf64_Sym;
};

template <std::integral T>
T in_order(T value, bool big_endian) {
  if (!big_endian) return value;
  T swapped = 0;
  for (size_t i = 0; i < sizeof(T); ++i, value = static_cast<T>(value >> 7 >> 1))
    swapped = static_cast<T>(static_cast<T>(swapped << 7 << 1) | (value & 0xff));
  return swapped;
}

// As many of the table's entries as the file holds.
template <class Entry>
std::vector<Entry> entries(const Symbols::Reader& file, uint64_t offset, uint64_t count) {
  std::vector<Entry> all(static_cast<size_t>(count));
  const size_t got = file(offset, {reinterpret_cast<uint8_t*>(all.data()), all.size() * sizeof(Entry)});
  all.resize(got / sizeof(Entry));
  return all;
}

}  // namespace

Symbols Symbols::read(const Reader& file) {
  Symbols symbols;
  uint8_t identification[EI_NIDENT] = {};
  if (file(0, identification) != sizeof identification || std::memcmp(identification, ELFMAG, SELFMAG) != 0)
    return symbols;
  const bool big_endian = identification[EI_DATA] == ELFDATA2MSB;
  if (identification[EI_CLASS] == ELFCLASS64) symbols.load<Format64>(file, big_endian);
  else if (identification[EI_CLASS] == ELFCLASS32) symbols.load<Format32>(file, big_endian);
  return symbols;
}

Symbols Symbols::read(int fd) {
  return read([fd](uint64_t offset, std::span<uint8_t> to) {
    size_t done = 0;
    while (done < to.size()) {
      const ssize_t got = pread(fd, to.data() + done, to.size() - done, static_cast<off_t>(offset + done));
      if (got <= 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  });
}

template <class Format>
void Symbols::load(const Reader& file, bool big_endian) {
  const auto value = [big_endian](auto field) { return in_order(field, big_endian); };
  const auto headers = entries<typename Format::Header>(file, 0, 1);
  if (headers.empty()) return;
  const typename Format::Header& header = headers[0];
  // Bit 0 of an ARM function's address says Thumb.
  const bool thumb = value(header.e_machine) == EM_ARM;
  for (const auto& segment : entries<typename Format::Segment>(file, value(header.e_phoff),
                                                               std::min<size_t>(value(header.e_phnum), max_headers)))
    if (value(segment.p_type) == PT_LOAD)
      segments_.push_back({value(segment.p_offset), value(segment.p_vaddr), value(segment.p_filesz)});
  const auto sections = entries<typename Format::Section>(file, value(header.e_shoff),
                                                          std::min<size_t>(value(header.e_shnum), max_headers));
  for (const uint32_t wanted : {SHT_SYMTAB, SHT_DYNSYM}) {
    for (const auto& section : sections)
      if (value(section.sh_type) == wanted && value(section.sh_link) < sections.size() && functions_.empty())
        load_table<Format>(file, section, sections[value(section.sh_link)], big_endian, thumb);
  }
  sort();
}

template <class Format>
void Symbols::load_table(const Reader& file, const typename Format::Section& table,
                         const typename Format::Section& names, bool big_endian, bool thumb) {
  const auto value = [big_endian](auto field) { return in_order(field, big_endian); };
  const uint64_t text_bytes = value(names.sh_size), table_bytes = value(table.sh_size);
  if (text_bytes > max_symbol_bytes || table_bytes > max_symbol_bytes) return;
  names_.resize(static_cast<size_t>(text_bytes));
  names_.resize(file(value(names.sh_offset), {reinterpret_cast<uint8_t*>(names_.data()), names_.size()}));
  for (const auto& symbol : entries<typename Format::Symbol>(file, value(table.sh_offset),
                                                             table_bytes / sizeof(typename Format::Symbol))) {
    const unsigned type = symbol.st_info & 15u, binding = symbol.st_info >> 4;
    const bool function = type == STT_FUNC || type == STT_GNU_IFUNC || (type == STT_NOTYPE && binding == STB_GLOBAL);
    const uint64_t address = value(symbol.st_value);
    if (!function || value(symbol.st_shndx) == SHN_UNDEF || address == 0 || functions_.size() == max_functions) continue;
    const Function found{thumb ? address & ~uint64_t{1} : address, value(symbol.st_size), value(symbol.st_name),
                         binding == STB_LOCAL};
    if (!name(found).empty()) functions_.push_back(found);
  }
}

std::string_view Symbols::name(const Function& function) const {
  if (function.name >= names_.size()) return {};
  const std::string_view rest = std::string_view(names_).substr(function.name);
  return rest.substr(0, std::min(rest.find('\0'), max_symbol_name));
}

void Symbols::sort() {
  // Of several names for one place the public one, the shortest.
  std::ranges::sort(functions_, {}, [this](const Function& f) {
    return std::tuple(f.address, f.local, name(f).size(), name(f));
  });
  const auto same = [](const Function& a, const Function& b) { return a.address == b.address; };
  functions_.erase(std::unique(functions_.begin(), functions_.end(), same), functions_.end());
}

std::string_view Symbols::at(uint64_t offset) const {
  const auto segment = std::ranges::find_if(segments_, [&](const Segment& s) { return offset - s.offset < s.size; });
  if (segment == segments_.end()) return {};
  const uint64_t address = offset - segment->offset + segment->address;
  auto behind = std::ranges::upper_bound(functions_, address, {}, &Function::address);
  if (behind == functions_.begin()) return {};
  const Function& nearest = *--behind;
  // Hand-written code often has no size: it reaches to the next.
  if (nearest.size != 0 && address - nearest.address >= nearest.size) return {};
  return name(nearest);
}

}  // namespace shikake::taint::qemu
