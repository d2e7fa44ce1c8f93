#include "triage/elf.h"

#include <elf.h>
#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "triage/elf_image.h"
#include "triage/elf_packer.h"
#include "triage/entropy.h"

namespace shikake::triage {
namespace {

struct MachineRow {
  uint16_t machine;
  std::string_view name;
};

// https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html#e_machine; those that Linux runs on.
constexpr MachineRow machines[] = {
    {EM_X86_64, "x86-64"},
    {EM_386, "i386"},
    {EM_AARCH64, "aarch64"},
    {EM_ARM, "arm"},
    {EM_MIPS, "mips"},
    {EM_MIPS_RS3_LE, "mips"},
    {EM_PPC, "powerpc"},
    {EM_PPC64, "powerpc64"},
    {EM_S390, "s390"},
    {EM_RISCV, "riscv"},
    {EM_SPARC, "sparc"},
    {EM_SPARCV9, "sparc64"},
    {EM_SPARC32PLUS, "sparc"},
    {EM_SH, "superh"},
    {EM_68K, "m68k"},
    {EM_IA_64, "ia64"},
    {EM_ALPHA, "alpha"},
    {EM_PARISC, "hppa"},
    {EM_LOONGARCH, "loongarch"},
    {EM_ARC_COMPACT, "arc"},

    {EM_BPF, "bpf"},
};

std::string machine_name(uint16_t machine) {
  for (const MachineRow& row : machines) {
    if (row.machine == machine) return std::string(row.name);
  }
  return fmt::format("machine {}", machine);
}

bool is_this_machine(const Elf& elf) {
#if defined(__x86_64__)
  return (elf.machine == EM_X86_64 && elf.bits == 64) || (elf.machine == EM_386 && elf.bits == 32);
#elif defined(__aarch64__)
  return elf.machine == EM_AARCH64 && elf.bits == 64 && elf.little_endian;
#else
  (void)elf;
  return false;
#endif
}

void read_header(const ElfImage& image, Elf& elf) {
  const GElf_Ehdr& header = image.header();
  elf.type = header.e_type;
  elf.machine = header.e_machine;
  elf.machine_name = machine_name(header.e_machine);
  elf.entry = header.e_entry;
  auto beyond = [&](uint64_t offset, uint64_t count, uint64_t size) {
    return count > 0 && (offset > image.file_size() || count * size > image.file_size() - offset);
  };
  const bool wide = elf.bits == 64;
  if (beyond(header.e_phoff, header.e_phnum, wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)))
    elf.malformed.push_back("the program headers lie beyond the end of the file");
  if (header.e_shoff != 0 && beyond(header.e_shoff, std::max<uint64_t>(header.e_shnum, 1),
                                    wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)))
    elf.malformed.push_back("the section headers lie beyond the end of the file");
}

void read_segments(const ElfImage& image, Elf& elf) {
  for (const GElf_Phdr& segment : image.segments()) {
    ElfSegment row{segment.p_type,
                   segment.p_flags,
                   segment.p_offset,
                   segment.p_vaddr,
                   segment.p_filesz,
                   segment.p_memsz,
                   0};
    if (!image.in_file(segment.p_offset, segment.p_filesz) && segment.p_filesz > 0) {
      elf.malformed.push_back(
          fmt::format("segment {} reaches beyond the end of the file", elf.segments.size()));
    }
    if (segment.p_type == PT_LOAD) {
      row.entropy = entropy(image.bytes_at(segment.p_offset, std::min(segment.p_filesz, max_entropy_bytes)));
      if (segment.p_memsz < segment.p_filesz)
        elf.malformed.push_back(
            fmt::format("segment {} is larger in the file than in memory", elf.segments.size()));
      if ((segment.p_flags & PF_W) && (segment.p_flags & PF_X)) elf.writable_and_executable = true;
    }
    if (segment.p_type == PT_GNU_STACK && (segment.p_flags & PF_X)) elf.executable_stack = true;
    if (segment.p_type == PT_INTERP) elf.interpreter = image.text_at(segment.p_offset, segment.p_filesz);
    elf.segments.push_back(row);
  }
}

void read_sections(const ElfImage& image, Elf& elf) {
  elf.stripped = true;
  for (const ElfImage::Section& section : image.sections()) {
    const GElf_Shdr& header = section.header;
    ElfSection row{
        section.name, header.sh_type, header.sh_flags, header.sh_addr, header.sh_offset, header.sh_size, 0};
    const bool stored = header.sh_type != SHT_NOBITS && header.sh_type != SHT_NULL;
    if (stored) {
      if (!image.in_file(header.sh_offset, header.sh_size))
        elf.malformed.push_back(
            fmt::format("section {} reaches beyond the end of the file", elf.sections.size()));
      row.entropy = entropy(image.bytes_at(header.sh_offset, std::min(header.sh_size, max_entropy_bytes)));
    }
    if (header.sh_type == SHT_SYMTAB && header.sh_size > 0) {
      elf.stripped = false;
      elf.symbol_count = static_cast<uint32_t>(std::min<uint64_t>(
          header.sh_size / (elf.bits == 64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym)), UINT32_MAX));
    }
    if (section.name == ".debug_info" || section.name == ".zdebug_info") elf.has_debug = true;
    elf.sections.push_back(std::move(row));
  }
}

void read_dynamic(const ElfImage& image, Elf& elf) {
  const ElfImage::Dynamic dynamic = image.dynamic();
  elf.needed = dynamic.needed;
  elf.soname = dynamic.soname;
  elf.run_path = dynamic.run_path;
  elf.is_pie = elf.type == ET_DYN && (dynamic.pie_flag || !elf.interpreter.empty());
  for (const ElfImage::Symbol& symbol : image.dynamic_symbols(dynamic)) {
    if (symbol.name.empty()) continue;
    auto& list = symbol.defined ? elf.exports : elf.imports;
    auto& count = symbol.defined ? elf.export_count : elf.import_count;
    ++count;
    if (list.size() < max_symbols) list.push_back(symbol.name);
  }
}

void find_overlay(const ElfImage& image, Elf& elf) {
  uint64_t end = image.headers_end();
  auto reach = [&](uint64_t offset, uint64_t size) {
    if (image.in_file(offset, size)) end = std::max(end, offset + size);
  };
  for (const ElfSegment& segment : elf.segments) reach(segment.offset, segment.file_size);
  for (const ElfSection& section : elf.sections) {
    if (section.type != SHT_NOBITS && section.type != SHT_NULL) reach(section.offset, section.size);
  }
  if (end >= image.file_size()) return;
  elf.overlay_offset = end;
  elf.overlay_size = image.file_size() - end;
  elf.overlay_entropy = entropy(image.bytes_at(end, std::min(elf.overlay_size, max_entropy_bytes)));
}

}  // namespace

Elf read_elf(base::ByteSpan bytes, uint64_t file_size) {
  Elf elf;
  if (bytes.size() < EI_NIDENT) {
    elf.malformed.push_back("the file ends inside its identification, the first 16 bytes");
    return elf;
  }
  const uint8_t file_class = bytes[EI_CLASS], data = bytes[EI_DATA];
  if (file_class != ELFCLASS32 && file_class != ELFCLASS64)
    elf.malformed.push_back(fmt::format("neither a 32-bit nor a 64-bit file: class {}", file_class));
  if (data != ELFDATA2LSB && data != ELFDATA2MSB)
    elf.malformed.push_back(fmt::format("neither little- nor big-endian: data encoding {}", data));
  if (!elf.malformed.empty()) return elf;
  elf.bits = file_class == ELFCLASS64 ? 64 : 32;
  elf.little_endian = data == ELFDATA2LSB;

  auto image = ElfImage::open(bytes, file_size);
  if (!image) {
    elf.malformed.push_back("the file ends inside its ELF header");
    return elf;
  }
  read_header(*image, elf);
  read_segments(*image, elf);
  read_sections(*image, elf);
  read_dynamic(*image, elf);
  elf.build_id = image->build_id();
  elf.is_static = elf.interpreter.empty() && (elf.type == ET_EXEC || elf.is_pie);
  elf.runs_here = is_this_machine(elf) && (elf.type == ET_EXEC || elf.is_pie);
  if (image->segment_count() > max_sections)
    elf.malformed.push_back("it has more segments than are looked at");
  if (image->section_count() > max_sections)
    elf.malformed.push_back("it has more sections than are looked at");
  find_overlay(*image, elf);
  find_packer(bytes, elf);
  return elf;
}

std::string describe(const Elf& elf) {
  if (elf.bits == 0) return "ELF, malformed";
  if (elf.machine_name.empty()) return fmt::format("ELF {}-bit, truncated", elf.bits);
  std::string_view type = elf.type == ET_REL    ? "relocatable"
                          : elf.type == ET_EXEC ? "executable"
                          : elf.type == ET_CORE ? "core file"
                          : elf.is_pie          ? "position-independent executable"
                          : elf.type == ET_DYN  ? "shared object"
                                                : "of unknown type";
  std::string text = fmt::format("ELF {}-bit {}-endian {}, {}", elf.bits,
                                 elf.little_endian ? "little" : "big", type, elf.machine_name);
  if (elf.type == ET_EXEC || elf.is_pie) {
    text += elf.is_static ? ", statically linked" : ", dynamically linked";
    text += elf.stripped ? ", stripped" : ", not stripped";
  }
  if (!elf.packer.empty()) text += ", packed with " + elf.packer;
  if (!elf.malformed.empty()) text += ", malformed";
  return text;
}

}  // namespace shikake::triage
