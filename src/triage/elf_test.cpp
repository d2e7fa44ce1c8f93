// ELF headers of real programs against readelf(1), and of damaged ones.
#include "triage/elf.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <set>
#include <sstream>

#include "base/checked.h"
#include "triage/entropy.h"
#include "triage/testing.h"

namespace shikake::triage {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

// A program of two segments and no sections, built by hand so that every field is known.
struct Small {
  Elf64_Ehdr header{};
  Elf64_Phdr segments[2]{};
  char code[64]{};

  Small() {
    std::memcpy(header.e_ident,
                "\x7f"
                "ELF\x02\x01\x01",
                7);
    header.e_type = ET_EXEC;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_entry = 0x400000 + offsetof(Small, code);
    header.e_phoff = offsetof(Small, segments);
    header.e_ehsize = sizeof(Elf64_Ehdr);
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 2;
    segments[0] = {PT_LOAD, PF_R | PF_X, 0, 0x400000, 0x400000, sizeof(Small), sizeof(Small), 0x1000};
    segments[1] = {PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16};
  }
  std::string bytes() const { return {reinterpret_cast<const char*>(this), sizeof *this}; }
};

Elf read(const std::string& bytes) {
  return read_elf(base::as_bytes(bytes), bytes.size());
}

TEST(Elf, ReadsAProgramBuiltByHand) {
  Elf elf = read(Small().bytes());
  EXPECT_THAT(elf.malformed, IsEmpty());
  EXPECT_EQ(elf.machine_name, "x86-64");
  EXPECT_TRUE(elf.is_static);
  EXPECT_TRUE(elf.stripped);
  EXPECT_EQ(elf.overlay_size, 0u);
  EXPECT_EQ(elf.segments.size(), 2u);
  EXPECT_THAT(elf.packed_hints, Contains("it has no section headers"));
  EXPECT_EQ(describe(elf), "ELF 64-bit little-endian executable, x86-64, statically linked, stripped");
#if defined(__x86_64__)
  EXPECT_TRUE(elf.runs_here);
#endif
}

struct DamageRow {
  const char* name;
  std::function<void(Small&)> damage;
  size_t cut = sizeof(Small);
  const char* malformed = "";  // part of a note
  const char* hint = "";       // part of a packing hint
};

TEST(Elf, SaysWhatIsDamagedOrOdd) {
  const DamageRow rows[] = {
      {"cut in the identification", [](Small&) {}, 10, "first 16 bytes"},
      {"cut in the header", [](Small&) {}, 40, "inside its ELF header"},
      {"cut in the program headers", [](Small&) {}, 80, "program headers lie beyond"},
      {"cut in a segment", [](Small&) {}, sizeof(Small) - 20, "segment 0 reaches beyond"},
      {"no such class", [](Small& s) { s.header.e_ident[EI_CLASS] = 7; }, sizeof(Small), "class 7"},
      {"no such byte order", [](Small& s) { s.header.e_ident[EI_DATA] = 0; }, sizeof(Small), "encoding 0"},
      {"program headers far away", [](Small& s) { s.header.e_phoff = ~0ull - 4; }, sizeof(Small),
       "program headers"},
      {"section headers far away",
       [](Small& s) {
         s.header.e_shoff = 1ull << 40, s.header.e_shnum = 4, s.header.e_shentsize = sizeof(Elf64_Shdr);
       },
       sizeof(Small), "section headers lie beyond"},
      {"more in the file than in memory", [](Small& s) { s.segments[0].p_memsz = 1; }, sizeof(Small),
       "larger in the file than in memory"},
      {"segment that wraps around", [](Small& s) { s.segments[0].p_offset = ~0ull; }, sizeof(Small),
       "segment 0"},
      {"more segments than there are bytes", [](Small& s) { s.header.e_phnum = 65000; }, sizeof(Small),
       "program headers"},
      {"writable code", [](Small& s) { s.segments[0].p_flags |= PF_W; }, sizeof(Small), "",
       "writable and executable"},
      {"entered in no segment", [](Small& s) { s.header.e_entry = 0x1234; }, sizeof(Small), "",
       "in no segment"},
      {"entered in data", [](Small& s) { s.segments[0].p_flags = PF_R | PF_W; }, sizeof(Small), "",
       "in writable memory"},
  };
  for (const DamageRow& row : rows) {
    SCOPED_TRACE(row.name);
    Small small;
    row.damage(small);
    Elf elf = read(small.bytes().substr(0, row.cut));
    if (*row.malformed) {
      EXPECT_THAT(elf.malformed, Contains(HasSubstr(row.malformed)));
    }
    if (*row.hint) {
      EXPECT_THAT(elf.packed_hints, Contains(HasSubstr(row.hint)));
    }
    EXPECT_FALSE(describe(elf).empty());
  }
}

TEST(Elf, KnowsProgramsOfOtherMachines) {
  struct Row {
    uint16_t machine;
    const char* name;
    bool runs_on_x86_64;
  };
  const Row rows[] = {{EM_AARCH64, "aarch64", false}, {EM_ARM, "arm", false},
                      {EM_MIPS, "mips", false},       {EM_RISCV, "riscv", false},
                      {EM_X86_64, "x86-64", true},    {0xFEED, "machine 65261", false}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Small small;
    small.header.e_machine = row.machine;
    Elf elf = read(small.bytes());
    EXPECT_EQ(elf.machine_name, row.name);
#if defined(__x86_64__)
    EXPECT_EQ(elf.runs_here, row.runs_on_x86_64);
#endif
  }
}

TEST(Elf, SeesWhatStandsBehindTheEnd) {
  std::string noise;
  uint32_t state = 1;
  for (int i = 0; i < 5000; ++i) noise += static_cast<char>((state = state * 1664525u + 1013904223u) >> 24);
  Elf elf = read(Small().bytes() + noise);
  EXPECT_EQ(elf.overlay_offset, sizeof(Small));
  EXPECT_EQ(elf.overlay_size, noise.size());
  EXPECT_GT(elf.overlay_entropy, 7800);
  EXPECT_THAT(elf.packed_hints, Contains(HasSubstr("5000 bytes with an entropy of 7.9")));
}

TEST(Elf, KnowsUpxByItsMarks) {
  Small small;
  std::memcpy(small.code, "UPX!", 4);
  std::string bytes = small.bytes() + std::string(600, 'x') + "$Id: UPX 4.02 Copyright (C)" + "UPX!";
  EXPECT_EQ(read(bytes).packer, "UPX 4.02");
  EXPECT_EQ(read(small.bytes()).packer, "UPX");
  EXPECT_EQ(read(Small().bytes()).packer, "");
}

// "  Entry point address:               0x1180" -> the words behind the colon.
std::string field(const std::string& text, const std::string& name) {
  size_t at = text.find(name + ":");
  if (at == std::string::npos) return "";
  at = text.find_first_not_of(' ', at + name.size() + 1);
  return text.substr(at, text.find('\n', at) - at);
}

std::vector<std::string> sorted(std::vector<std::string> list) {
  std::sort(list.begin(), list.end());
  return list;
}

TEST(ElfOracle, SaysWhatReadelfSays) {
  SHIKAKE_NEED_PROGRAM("readelf");
  std::vector<std::filesystem::path> programs = {"/bin/ls", "/bin/bash", "/usr/bin/env"};
  for (const char* name : {"plain_static", "plain_stripped", "plain_dynamic", "plain_32bit", "threads"}) {
    std::filesystem::path path = std::filesystem::path(SHIKAKE_BUILD_DIR) / "specimens" / name;
    if (std::filesystem::exists(path)) programs.push_back(path);
  }
  for (const auto& path : programs) {
    SCOPED_TRACE(path.string());
    Elf elf = read(read_all(path));
    EXPECT_THAT(elf.malformed, IsEmpty());
    const std::string quoted = "'" + path.string() + "'";
    const std::string header = output_of("LC_ALL=C readelf -hW " + quoted);
    EXPECT_EQ(field(header, "  Class"), elf.bits == 64 ? "ELF64" : "ELF32");
    EXPECT_EQ(base::parse_integer<uint64_t>(field(header, "Entry point address").substr(2), 16), elf.entry);
    EXPECT_EQ(field(header, "Number of program headers"), std::to_string(elf.segments.size()));
    EXPECT_EQ(field(header, "Number of section headers"), std::to_string(elf.sections.size()));

    const std::string dynamic = output_of("LC_ALL=C readelf -dW " + quoted);
    for (const std::string& library : elf.needed)
      EXPECT_THAT(dynamic, HasSubstr("Shared library: [" + library + "]"));
    EXPECT_EQ(elf.is_static, dynamic.find("NEEDED") == std::string::npos);
    const std::string notes = output_of("LC_ALL=C readelf -nW " + quoted);
    EXPECT_EQ(field(notes, "Build ID"), elf.build_id);
    const std::string sections = output_of("LC_ALL=C readelf -SW " + quoted);
    EXPECT_EQ(sections.find(".symtab") == std::string::npos, elf.stripped);

    std::vector<std::string> imports, exports;
    std::istringstream lines(output_of("LC_ALL=C readelf --dyn-syms -W " + quoted));
    for (std::string line; std::getline(lines, line);) {
      // Some versions give no name for GNU's indirect functions.
      const std::string indirect = "<OS specific>: 10";
      if (size_t at = line.find(indirect); at != line.npos) line.replace(at, indirect.size(), "IFUNC");
      std::istringstream words(line);
      std::string number, value, size, type, bind, visibility, index, name;
      if (!(words >> number >> value >> size >> type >> bind >> visibility >> index >> name)) continue;
      if (bind != "GLOBAL" && bind != "WEAK") continue;
      name = name.substr(0, name.find('@'));
      (index == "UND" ? imports : exports).push_back(name);
    }
    EXPECT_EQ(sorted(elf.imports), sorted(imports));
    EXPECT_EQ(sorted(elf.exports), sorted(exports));
  }
}

TEST(ElfOracle, KnowsRealUpxOutput) {
  SHIKAKE_NEED_PROGRAM("upx");
  TemporaryFolder folder;
  auto path = folder.path() / "packed";
  output_of("upx -q -o " + path.string() + " /bin/bash 2>/dev/null");
  Elf elf = read(read_all(path));
  EXPECT_THAT(elf.packer, HasSubstr("UPX"));
  EXPECT_FALSE(elf.packed_hints.empty());
}

struct EntropyRow {
  const char* name;
  std::string bytes;
  Entropy expected;
};

TEST(Entropy, IsShannons) {
  std::string all(256, '\0');
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i);
  const EntropyRow rows[] = {{"nothing", "", 0},
                             {"one value", "aaaa", 0},
                             {"two", "abab", 1000},
                             {"four", "abcd", 2000},
                             {"all", all, 8000},
                             {"one in four", "aaab", 811},
                             {"all, many", all + all + all, 8000}};
  for (const EntropyRow& row : rows) EXPECT_EQ(entropy(base::as_bytes(row.bytes)), row.expected) << row.name;
}

}  // namespace
}  // namespace shikake::triage
