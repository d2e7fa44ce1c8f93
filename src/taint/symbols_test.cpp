#include "taint/qemu/symbols.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace shikake::taint::qemu {
namespace {

Symbols::Reader reader(const std::vector<uint8_t>& bytes) {
  return [&bytes](uint64_t offset, std::span<uint8_t> to) -> size_t {
    if (offset >= bytes.size()) return 0;
    const size_t part = std::min(to.size(), bytes.size() - static_cast<size_t>(offset));
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), part, to.begin());
    return part;
  };
}

void append(std::vector<uint8_t>& bytes, uint64_t value, size_t size, bool big) {
  for (size_t i = 0; i < size; ++i) bytes.push_back(static_cast<uint8_t>(value >> 8 * (big ? size - 1 - i : i)));
}

struct Shape {
  const char* name;
  unsigned machine;
  bool wide, big;
};
struct Row {
  const char* name;
  uint64_t value, size;
  unsigned type, binding, section;
};

// A file of one loaded segment (offset 0x1000 at address 0x401000, 0x200 bytes) and one symbol table.
class Image {
 public:
  Image(const Shape& shape, const std::vector<Row>& rows, unsigned table = SHT_SYMTAB) : shape_(shape) {
    const size_t header = shape.wide ? 64 : 52, segment = shape.wide ? 56 : 32, section = shape.wide ? 64 : 40,
                 symbol = shape.wide ? 24 : 16;
    std::string names(1, '\0');
    std::vector<uint8_t> symbols;
    for (const Row& row : rows) {
      const size_t name = names.size();
      names.append(row.name).push_back('\0');
      const unsigned info = row.binding << 4 | row.type;
      append(symbols, name, 4, shape.big);
      if (shape.wide) {
        append(symbols, info, 1, shape.big), append(symbols, 0, 1, shape.big), append(symbols, row.section, 2, shape.big);
        append(symbols, row.value, 8, shape.big), append(symbols, row.size, 8, shape.big);
      } else {
        append(symbols, row.value, 4, shape.big), append(symbols, row.size, 4, shape.big);
        append(symbols, info, 1, shape.big), append(symbols, 0, 1, shape.big), append(symbols, row.section, 2, shape.big);
      }
    }
    const size_t symbols_at = header + segment, names_at = symbols_at + symbols.size(),
                 sections_at = names_at + names.size();
    bytes = {0x7f, 'E', 'L', 'F', static_cast<uint8_t>(shape.wide ? ELFCLASS64 : ELFCLASS32),
             static_cast<uint8_t>(shape.big ? ELFDATA2MSB : ELFDATA2LSB), 1};
    bytes.resize(EI_NIDENT);
    half(ET_EXEC), half(shape.machine), word(1), wide(0x401000), wide(header), wide(sections_at), word(0);
    half(header), half(segment), half(1), half(section), half(3), half(0);
    word(PT_LOAD);
    if (shape.wide) word(PF_R | PF_X);
    wide(0x1000), wide(0x401000), wide(0x401000), wide(0x200), wide(0x200);
    if (!shape.wide) word(PF_R | PF_X);
    wide(0x1000);
    bytes.insert(bytes.end(), symbols.begin(), symbols.end());
    bytes.insert(bytes.end(), names.begin(), names.end());
    add_section(0, 0, 0, 0, 0);
    add_section(table, symbols_at, symbols.size(), 2, symbol);
    add_section(SHT_STRTAB, names_at, names.size(), 0, 0);
  }
  std::vector<uint8_t> bytes;

 private:
  void half(uint64_t v) { append(bytes, v, 2, shape_.big); }
  void word(uint64_t v) { append(bytes, v, 4, shape_.big); }
  void wide(uint64_t v) { append(bytes, v, shape_.wide ? 8 : 4, shape_.big); }
  void add_section(unsigned type, uint64_t offset, uint64_t size, unsigned link, uint64_t entry) {
    word(0), word(type), wide(0), wide(0), wide(offset), wide(size), word(link), word(0), wide(1), wide(entry);
  }
  Shape shape_;
};

const std::vector<Row> functions = {
    {"obey", 0x401010, 0x20, STT_FUNC, STB_LOCAL, 1},
    {"obey_command_of_the_server", 0x401010, 0x20, STT_FUNC, STB_LOCAL, 1},
    {"elsewhere", 0, 0, STT_FUNC, STB_GLOBAL, SHN_UNDEF},
    {"data", 0x401034, 4, STT_OBJECT, STB_GLOBAL, 1},
    {"__strncmp", 0x401040, 0x10, STT_FUNC, STB_GLOBAL, 1},
    {"strncmp", 0x401040, 0x10, STT_GNU_IFUNC, STB_GLOBAL, 1},
    {"$a", 0x401080, 0, STT_NOTYPE, STB_LOCAL, 1},
    {"by_hand", 0x401080, 0, STT_NOTYPE, STB_GLOBAL, 1},
};

TEST(Symbols, AreFoundInEveryFormat) {
  const Shape shapes[] = {{"x86-64", EM_X86_64, true, false},
                          {"i386", EM_386, false, false},
                          {"MIPS", EM_MIPS, false, true},
                          {"wide, big-endian", EM_PPC64, true, true}};
  struct Want {
    const char* what;
    uint64_t offset;
    const char* name;
  };
  const Want wanted[] = {{"before the first function", 0x1000, ""},
                         {"its first byte, of two local names the shorter", 0x1010, "obey"},
                         {"its last byte", 0x102f, "obey"},
                         {"behind it", 0x1030, ""},
                         {"in data behind it", 0x1034, ""},
                         {"of two public names the shorter", 0x1044, "strncmp"},
                         {"without a size: to the segment's end", 0x11ff, "by_hand"},
                         {"in no segment", 0x1200, ""},
                         {"far away", ~uint64_t{0}, ""}};
  for (const Shape& shape : shapes)
    for (const unsigned table : {SHT_SYMTAB, SHT_DYNSYM}) {
      const Image image(shape, functions, table);
      const Symbols symbols = Symbols::read(reader(image.bytes));
      for (const Want& want : wanted) EXPECT_EQ(symbols.at(want.offset), want.name) << shape.name << ": " << want.what;
    }
}

TEST(Symbols, ThumbFunctionsAreEven) {
  const Image image({"ARM", EM_ARM, false, false}, {{"obey", 0x401011, 0x20, STT_FUNC, STB_GLOBAL, 1}});
  EXPECT_EQ(Symbols::read(reader(image.bytes)).at(0x1010), "obey");
}

TEST(Symbols, CutAndDamagedFilesDoNoHarm) {
  const Image image({"i386", EM_386, false, false}, functions);
  for (size_t size = 0; size < image.bytes.size(); ++size) {
    std::vector<uint8_t> cut(image.bytes.begin(), image.bytes.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(Symbols::read(reader(cut)).at(0x1010), "") << size;  // the section headers are last
  }
  for (size_t at = EI_NIDENT; at < image.bytes.size(); ++at)
    for (const uint8_t value : {uint8_t{0}, uint8_t{0x7f}, uint8_t{0xff}}) {
      std::vector<uint8_t> damaged = image.bytes;
      damaged[at] = value;
      const Symbols symbols = Symbols::read(reader(damaged));
      EXPECT_LE(symbols.size(), functions.size());
      for (const uint64_t offset : {0x1000, 0x1010, 0x11ff}) EXPECT_LE(symbols.at(offset).size(), max_symbol_name);
    }
  EXPECT_EQ(Symbols::read(-1).size(), 0U);
}

TEST(Symbols, OfThisProgramAgreeWithTheLoader) {
  // The C library's own table against what dladdr says of it.
  const auto address = reinterpret_cast<uintptr_t>(&::getpid);
  Dl_info info{};
  void* module = nullptr;
  ASSERT_NE(dladdr1(reinterpret_cast<void*>(address), &info, &module, RTLD_DL_LINKMAP), 0);
  const int file = open(info.dli_fname, O_RDONLY | O_CLOEXEC);
  if (file < 0) GTEST_SKIP() << "the C library's file is not to be had: " << info.dli_fname;
  const Symbols symbols = Symbols::read(file);
  close(file);
  EXPECT_GT(symbols.size(), 100U);
  // A library is laid out from address 0: an address less where it was loaded is that of the symbol table, and
  // the file's offset follows by the segment that holds it.
  const uintptr_t inside = address - static_cast<link_map*>(module)->l_addr;
  struct Seek {
    uintptr_t address, base, offset;
    bool found;
  } seek{inside, static_cast<link_map*>(module)->l_addr, 0, false};
  dl_iterate_phdr(
      [](dl_phdr_info* one, size_t, void* data) {
        Seek& to = *static_cast<Seek*>(data);
        for (size_t i = 0; one->dlpi_addr == to.base && i < one->dlpi_phnum; ++i)
          if (const auto& p = one->dlpi_phdr[i]; p.p_type == PT_LOAD && to.address - p.p_vaddr < p.p_filesz) {
            to.offset = to.address - p.p_vaddr + p.p_offset;
            to.found = true;
          }
        return 0;
      },
      &seek);
  ASSERT_TRUE(seek.found);
  EXPECT_NE(symbols.at(seek.offset).find("getpid"), std::string_view::npos) << symbols.at(seek.offset);
}

}  // namespace
}  // namespace shikake::taint::qemu
