// Instructions that VEX reads otherwise than they were executed, and those whose bytes end too early.
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "taint/lift.h"

namespace shikake::taint {
namespace {

struct Row {
  const char* name;
  Architecture architecture;
  const char* bytes;
  size_t length;    // as the executor says
  bool has_rule;
};

TEST(LiftVex, OnlyTheInstructionThatWasExecutedHasItsRule) {
  const Row rows[] = {
      {"lea", Architecture::x86_64, "498d842410000000", 8, true},
      {"lea, its offset on the next page", Architecture::x86_64, "498d8424", 4, false},
      {"mov, no operand yet", Architecture::x86_64, "8b", 1, false},
      {"mov", Architecture::x86_64, "8b1e", 2, true},
      {"movzx, its second byte on the next page", Architecture::x86_64, "0f", 1, false},
      {"mov of 32-bit code, no operand yet", Architecture::i386, "8b", 1, false},
      {"mov of 32-bit code", Architecture::i386, "8b1e", 2, true},
      {"add", Architecture::aarch64, "2000028b", 4, true},
  };
  for (const Row& row : rows) {
    const auto lifter = make_lifter(row.architecture);
    const std::string text = *base::from_hex(row.bytes);
    const std::vector<uint8_t> bytes(text.begin(), text.end());
    const Program program = lifter->lift({0x400000, bytes, 0, {static_cast<uint8_t>(row.length)}, false});
    EXPECT_EQ(program.without_rule.empty(), row.has_rule) << row.name;
  }
}

}  // namespace
}  // namespace shikake::taint
