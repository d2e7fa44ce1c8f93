#include "triage/elf_image.h"

#include <elf.h>
#include <libelf.h>

#include <algorithm>

#include "triage/triage.h"

namespace shikake::triage {
namespace {

// A name may be as long as its table; nobody reads more of one.
constexpr uint64_t max_name_bytes = 1024;
// Twenty times what the largest programs of a distribution import and export.
constexpr size_t max_walked_symbols = 1'000'000;
constexpr size_t max_dynamic_entries = 10'000;
constexpr size_t max_needed = 500;

}  // namespace

std::optional<ElfImage> ElfImage::open(base::ByteSpan bytes, uint64_t file_size) {
  elf_version(EV_CURRENT);
  ElfImage image;
  // Opened for reading, libelf leaves the bytes alone; only its signature is not const.
  image.elf_.reset(elf_memory(const_cast<char*>(reinterpret_cast<const char*>(bytes.data())), bytes.size()));
  if (!image.elf_ || elf_kind(image.elf_.get()) != ELF_K_ELF ||
      !gelf_getehdr(image.elf_.get(), &image.header_))
    return std::nullopt;
  image.bytes_ = bytes;
  image.file_size_ = file_size;

  if (elf_getphdrnum(image.elf_.get(), &image.segment_count_) != 0) image.segment_count_ = 0;
  for (size_t i = 0; i < std::min(image.segment_count_, max_sections); ++i) {
    GElf_Phdr segment;
    if (!gelf_getphdr(image.elf_.get(), static_cast<int>(i), &segment)) break;
    image.segments_.push_back(segment);
  }
  image.read_sections();
  return image;
}

void ElfImage::read_sections() {
  if (elf_getshdrnum(elf_.get(), &section_count_) != 0) section_count_ = 0;
  size_t names_index = 0;
  GElf_Shdr names{};
  if (elf_getshdrstrndx(elf_.get(), &names_index) == 0) {
    if (Elf_Scn* section = elf_getscn(elf_.get(), names_index)) {
      if (!gelf_getshdr(section, &names)) names = {};
    }
  }
  for (size_t i = 0; i < std::min(section_count_, max_sections); ++i) {
    Elf_Scn* section = elf_getscn(elf_.get(), i);
    Section row;
    if (!section || !gelf_getshdr(section, &row.header)) break;
    if (row.header.sh_name < names.sh_size)
      row.name = text_at(names.sh_offset + row.header.sh_name, names.sh_size - row.header.sh_name);
    sections_.push_back(std::move(row));
  }
}

uint64_t ElfImage::headers_end() const {
  uint64_t end = std::min<uint64_t>(header_.e_ehsize, file_size_);
  const uint64_t segments = uint64_t{header_.e_phentsize} * segment_count_;
  const uint64_t sections = uint64_t{header_.e_shentsize} * section_count_;
  if (in_file(header_.e_phoff, segments)) end = std::max(end, header_.e_phoff + segments);
  if (in_file(header_.e_shoff, sections)) end = std::max(end, header_.e_shoff + sections);
  return end;
}

base::ByteSpan ElfImage::bytes_at(uint64_t offset, uint64_t size) const {
  if (offset >= bytes_.size()) return {};
  return bytes_.subspan(offset, std::min<uint64_t>(size, bytes_.size() - offset));
}

std::string ElfImage::text_at(uint64_t offset, uint64_t size) const {
  std::string_view text = base::as_text(bytes_at(offset, std::min(size, max_name_bytes)));
  return std::string(text.substr(0, text.find('\0')));
}

std::optional<uint64_t> ElfImage::offset_of(uint64_t address) const {
  for (const GElf_Phdr& segment : segments_) {
    if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
        address - segment.p_vaddr < segment.p_filesz)
      return segment.p_offset + (address - segment.p_vaddr);
  }
  return std::nullopt;
}

Elf_Data* ElfImage::translated(uint64_t offset, uint64_t size, Elf_Type type) const {
  if (offset > bytes_.size() || size > bytes_.size() - offset || size == 0) return nullptr;
  return elf_getdata_rawchunk(elf_.get(), static_cast<int64_t>(offset), size, type);
}

ElfImage::Dynamic ElfImage::dynamic() const {
  Dynamic out;
  auto segment = std::find_if(segments_.begin(), segments_.end(),
                              [](const GElf_Phdr& one) { return one.p_type == PT_DYNAMIC; });
  if (segment == segments_.end()) return out;
  const size_t entry = gelf_fsize(elf_.get(), ELF_T_DYN, 1, EV_CURRENT);
  const uint64_t there = bytes_at(segment->p_offset, segment->p_filesz).size();
  const size_t count = std::min<size_t>(there / entry, max_dynamic_entries);
  Elf_Data* data = translated(segment->p_offset, count * entry, ELF_T_DYN);
  if (!data) return out;
  std::vector<GElf_Dyn> entries;
  for (size_t i = 0; i < count; ++i) {
    GElf_Dyn one;
    if (!gelf_getdyn(data, static_cast<int>(i), &one) || one.d_tag == DT_NULL) break;
    entries.push_back(one);
    switch (one.d_tag) {
      case DT_STRTAB:
        out.strings = one.d_un.d_ptr;
        break;
      case DT_STRSZ:
        out.strings_size = one.d_un.d_val;
        break;
      case DT_SYMTAB:
        out.symbols = one.d_un.d_ptr;
        break;
      case DT_HASH:
        out.hash = one.d_un.d_ptr;
        break;
      case DT_JMPREL:
        out.jump_slots = one.d_un.d_ptr;
        break;
      case DT_PLTRELSZ:
        out.jump_slots_size = one.d_un.d_val;
        break;
      case DT_RELA:
        out.relocations = one.d_un.d_ptr;
        break;
      case DT_RELASZ:
        out.relocations_size = one.d_un.d_val;
        break;
      case DT_FLAGS_1:
        out.pie_flag = (one.d_un.d_val & DF_1_PIE) != 0;
        break;
      default:
        break;
    }
  }
  const auto strings = offset_of(out.strings);
  auto text = [&](uint64_t index) {
    return strings && index < out.strings_size ? text_at(*strings + index, out.strings_size - index)
                                               : std::string();
  };
  for (const GElf_Dyn& one : entries) {
    if (one.d_tag == DT_NEEDED && out.needed.size() < max_needed) out.needed.push_back(text(one.d_un.d_val));
    if (one.d_tag == DT_SONAME) out.soname = text(one.d_un.d_val);
    if (one.d_tag == DT_RUNPATH || (one.d_tag == DT_RPATH && out.run_path.empty()))
      out.run_path = text(one.d_un.d_val);
  }
  return out;
}

// The dynamic section does not say how many symbols there are. The loader needs no count; the section header,
// the old hash table and the place of the strings, which every linker puts behind the symbols, give it.
size_t ElfImage::dynamic_symbol_count(const Dynamic& dynamic) const {
  const size_t entry = gelf_fsize(elf_.get(), ELF_T_SYM, 1, EV_CURRENT);
  for (const Section& section : sections_) {
    if (section.header.sh_type == SHT_DYNSYM && section.header.sh_addr == dynamic.symbols)
      return section.header.sh_size / entry;
  }
  if (auto hash = offset_of(dynamic.hash); hash && dynamic.hash != 0) {
    Elf_Data* words = translated(*hash, 2 * sizeof(Elf32_Word), ELF_T_WORD);
    if (words) return static_cast<const Elf32_Word*>(words->d_buf)[1];  // nchain
  }
  return dynamic.strings > dynamic.symbols ? (dynamic.strings - dynamic.symbols) / entry : 0;
}

std::vector<ElfImage::Symbol> ElfImage::symbols_at(uint64_t offset, size_t claimed, uint64_t strings,
                                                   uint64_t strings_size, bool with_local) const {
  std::vector<Symbol> out;
  const size_t entry = gelf_fsize(elf_.get(), ELF_T_SYM, 1, EV_CURRENT);
  claimed = std::min(claimed, max_walked_symbols);
  const size_t count = std::min<size_t>(claimed, bytes_at(offset, claimed * entry).size() / entry);
  Elf_Data* data = translated(offset, count * entry, ELF_T_SYM);
  if (!data) return out;
  for (size_t i = 1; i < count; ++i) {  // the first is empty by definition
    GElf_Sym symbol;
    if (!gelf_getsym(data, static_cast<int>(i), &symbol)) break;
    if (symbol.st_name >= strings_size) symbol.st_name = 0;  // its place in the list counts
    if (!with_local && GELF_ST_BIND(symbol.st_info) == STB_LOCAL) symbol.st_name = 0;
    out.push_back({symbol.st_name ? text_at(strings + symbol.st_name, strings_size - symbol.st_name) : "",
                   symbol.st_shndx != SHN_UNDEF, symbol.st_value, symbol.st_size,
                   static_cast<uint8_t>(GELF_ST_TYPE(symbol.st_info))});
  }
  return out;
}

std::vector<ElfImage::Symbol> ElfImage::dynamic_symbols(const Dynamic& dynamic) const {
  const auto symbols = offset_of(dynamic.symbols), strings = offset_of(dynamic.strings);
  if (!symbols || !strings) return {};
  return symbols_at(*symbols, dynamic_symbol_count(dynamic), *strings, dynamic.strings_size, false);
}

std::vector<ElfImage::Symbol> ElfImage::own_symbols() const {
  const size_t entry = gelf_fsize(elf_.get(), ELF_T_SYM, 1, EV_CURRENT);
  for (const Section& section : sections_) {
    if (section.header.sh_type != SHT_SYMTAB || section.header.sh_link >= sections_.size()) continue;
    const GElf_Shdr& strings = sections_[section.header.sh_link].header;
    return symbols_at(section.header.sh_offset, section.header.sh_size / entry, strings.sh_offset,
                      strings.sh_size, true);
  }
  return {};
}

std::vector<ElfImage::Slot> ElfImage::symbol_slots(const Dynamic& dynamic) const {
  const std::vector<Symbol> symbols = dynamic_symbols(dynamic);
  const size_t entry = gelf_fsize(elf_.get(), ELF_T_RELA, 1, EV_CURRENT);
  std::vector<Slot> out;
  auto take = [&](uint64_t address, uint64_t size) {
    const auto offset = offset_of(address);
    if (!offset || address == 0) return;
    const size_t count = std::min<size_t>(bytes_at(*offset, size).size() / entry, max_walked_symbols);
    Elf_Data* data = translated(*offset, count * entry, ELF_T_RELA);
    for (size_t i = 0; data && i < count; ++i) {
      GElf_Rela relocation;
      if (!gelf_getrela(data, static_cast<int>(i), &relocation)) break;
      const uint64_t index = GELF_R_SYM(relocation.r_info);
      // The list of symbols leaves out the first, empty one.
      if (index == 0 || index > symbols.size() || symbols[index - 1].name.empty()) continue;
      out.push_back({relocation.r_offset, symbols[index - 1].name});
    }
  };
  take(dynamic.jump_slots, dynamic.jump_slots_size);
  take(dynamic.relocations, dynamic.relocations_size);
  return out;
}

std::string ElfImage::build_id() const {
  for (const GElf_Phdr& segment : segments_) {
    if (segment.p_type != PT_NOTE) continue;
    Elf_Data* data =
        translated(segment.p_offset, segment.p_filesz, segment.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
    if (!data) continue;
    GElf_Nhdr note;
    size_t name = 0, content = 0;
    for (size_t at = 0, next; (next = gelf_getnote(data, at, &note, &name, &content)) > 0; at = next) {
      constexpr uint32_t longest = 64;  // SHA-512, the longest that linkers offer
      if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 || note.n_descsz > longest) continue;
      const auto* bytes = static_cast<const uint8_t*>(data->d_buf);
      if (base::as_text({bytes + name, 4}) != std::string_view("GNU\0", 4)) continue;
      return base::to_hex({bytes + content, note.n_descsz});
    }
  }
  return "";
}

}  // namespace shikake::triage
