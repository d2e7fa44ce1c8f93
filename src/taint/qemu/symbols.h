// Which function of a module an instruction lies in, by the module's own symbol tables: .symtab, or .dynsym where
// that was stripped (https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.symtab.html).
//
// The plugin reads them where the guest runs: whatever a module's maker wrote, it is met in a process that is
// the guest's already. Names and places are the guest's word, as all events are.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shikake::taint::qemu {

// Functions kept of one module; the largest programs have some hundred thousand.
inline constexpr size_t max_functions = size_t{1} << 18;
// Bytes of one symbol table or its names; more is left out.
inline constexpr uint64_t max_symbol_bytes = uint64_t{32} << 20;
inline constexpr size_t max_symbol_name = 256;

class Symbols {
 public:
  // Fills `to` from byte `offset` of the module's file on; returns how many bytes could be had.
  using Reader = std::function<size_t(uint64_t offset, std::span<uint8_t> to)>;

  // Knows nothing where the file is no ELF file, has no tables, or they lie beyond its end.
  static Symbols read(const Reader& file);
  static Symbols read(int fd);

  // The function that holds the byte at `offset` of the file; "" where none is known.
  std::string_view at(uint64_t offset) const;
  size_t size() const { return functions_.size(); }

 private:
  struct Function {
    uint64_t address, size;
    uint32_t name;  // where it begins in names_
    bool local;
  };
  struct Segment {
    uint64_t offset, address, size;
  };
  template <class Format>
  void load(const Reader& file, bool big_endian);
  template <class Format>
  void load_table(const Reader& file, const typename Format::Section& table, const typename Format::Section& names,
                  bool big_endian, bool thumb);
  std::string_view name(const Function& function) const;
  void sort();

  std::vector<Segment> segments_;
  std::vector<Function> functions_;  // by address, one each
  std::string names_;
};

}  // namespace shikake::taint::qemu
