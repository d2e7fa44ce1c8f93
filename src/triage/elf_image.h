// libelf behind bounds: every offset and count that a file gives is checked against the bytes that are there.
#pragma once

#include <gelf.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace shikake::triage {

class ElfImage {
 public:
  struct Section {
    GElf_Shdr header;
    std::string name;
  };
  struct Symbol {
    std::string name;
    bool defined;  // here; otherwise it is imported
    uint64_t value = 0, size = 0;
    uint8_t type = 0;  // STT_FUNC, …
  };
  struct Slot {  // where the loader writes a symbol's address
    uint64_t address = 0;
    std::string symbol;
  };
  struct Dynamic {
    std::vector<std::string> needed;
    std::string soname, run_path;
    bool pie_flag = false;                        // DF_1_PIE
    uint64_t symbols = 0, strings = 0, hash = 0;  // addresses
    uint64_t strings_size = 0;
    uint64_t jump_slots = 0, jump_slots_size = 0;    // DT_JMPREL
    uint64_t relocations = 0, relocations_size = 0;  // DT_RELA
  };

  // Nothing where not even the ELF header is whole. Both lists hold at most max_sections. `bytes` must
  // outlive it.
  static std::optional<ElfImage> open(base::ByteSpan bytes, uint64_t file_size);

  const GElf_Ehdr& header() const { return header_; }
  const std::vector<GElf_Phdr>& segments() const { return segments_; }
  const std::vector<Section>& sections() const { return sections_; }
  size_t segment_count() const { return segment_count_; }  // as the header says
  size_t section_count() const { return section_count_; }
  uint64_t file_size() const { return file_size_; }
  uint64_t headers_end() const;  // of the ELF header and both tables, where they lie in the file

  bool in_file(uint64_t offset, uint64_t size) const {
    return offset <= file_size_ && size <= file_size_ - offset;
  }
  // What is there of a range: may be shorter, or nothing.
  base::ByteSpan bytes_at(uint64_t offset, uint64_t size) const;
  // A string that ends at a zero byte or with its range.
  std::string text_at(uint64_t offset, uint64_t size) const;
  // Where an address of a loaded segment lies in the file.
  std::optional<uint64_t> offset_of(uint64_t address) const;

  Dynamic dynamic() const;
  std::vector<Symbol> dynamic_symbols(const Dynamic& dynamic) const;
  std::vector<Symbol> own_symbols() const;  // of .symtab: global and local; none where it is stripped
  // Of symbols that are looked up by name when the program starts or calls them; formats with explicit
  // addends (x86-64, aarch64) only.
  std::vector<Slot> symbol_slots(const Dynamic& dynamic) const;
  std::string build_id() const;  // hex; "" where there is none

 private:
  struct End {
    void operator()(::Elf* elf) const { elf_end(elf); }
  };
  ElfImage() = default;
  void read_sections();
  std::vector<Symbol> symbols_at(uint64_t offset, size_t count, uint64_t strings, uint64_t strings_size,
                                 bool with_local) const;
  size_t dynamic_symbol_count(const Dynamic& dynamic) const;
  Elf_Data* translated(uint64_t offset, uint64_t size,
                       Elf_Type type) const;  // null where it is not all there

  std::unique_ptr<::Elf, End> elf_;
  base::ByteSpan bytes_;
  uint64_t file_size_ = 0;
  GElf_Ehdr header_{};
  std::vector<GElf_Phdr> segments_;
  std::vector<Section> sections_;
  size_t segment_count_ = 0, section_count_ = 0;
};

}  // namespace shikake::triage
