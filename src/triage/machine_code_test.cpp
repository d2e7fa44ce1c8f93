// What looks like machine code, and the much more that does not.
#include "triage/machine_code.h"

#include <gtest/gtest.h>

#include <random>

namespace shikake::triage {
namespace {

using namespace std::string_literals;

std::string times(const std::string& text, size_t count) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

struct SignRow {
  const char* name;
  std::string bytes;
  std::vector<CodeSign> signs;
};
const SignRow sign_rows[] = {
    {"call_next", "\xE8\x00\x00\x00\x00\x5E\x90\x90"s, {CodeSign::call_pop}},
    {"call_next_no_pop", "\xE8\x00\x00\x00\x00\x90\x90\x90"s, {}},
    {"call_last_byte", "\xE8\xFF\xFF\xFF\xFF\xC0\x5F\x90"s, {CodeSign::call_pop}},
    {"jump_call", "\xEB\x02\x5E\x90\xE8\xF9\xFF\xFF\xFF"s, {CodeSign::call_pop}},
    {"jump_call_elsewhere", "\xEB\x02\x5E\x90\xE8\x09\x00\x00\x00"s, {}},
    {"jump_out", "\xEB\x60\x5E\x90\xE8\xF9\xFF\xFF\xFF"s, {}},
    {"far_jump_call", "\xE9\x01\x00\x00\x00\x5E\xE8\xFA\xFF\xFF\xFF"s, {CodeSign::call_pop}},
    {"float_state", "\xD9\xEE\xD9\x74\x24\xF4\x5B"s, {CodeSign::float_state}},
    {"process_data_eax", "\x64\xA1\x30\x00\x00\x00"s, {CodeSign::process_data}},
    {"process_data_register", "\x64\x8B\x1D\x30\x00\x00\x00"s, {CodeSign::process_data}},
    {"process_data_cleared", "\x31\xC9\x64\x8B\x71\x30\x8B\x76\x0C"s, {CodeSign::process_data}},
    {"process_data_pushed", "\x6A\x30\x59\x64\x8B\x09"s, {CodeSign::process_data}},
    {"process_data_low_byte", "\xB2\x30\x64\x8B\x12"s, {CodeSign::process_data}},
    {"fixed_address_moved", "\xBB\xAD\x23\x86\x7C\xFF\xD3"s, {CodeSign::fixed_address}},
    {"fixed_address_pushed", "\x68\x7B\x1D\x80\x7C\xC3"s, {CodeSign::fixed_address}},
    {"fixed_address_of_nothing", "\xBB\xAE\x23\x86\x7C\xFF\xD3"s, {}},
    {"exceptions_are_not_it", "\x64\xA1\x00\x00\x00\x00"s, {}},
    {"cut_everywhere", "\xE8"s, {}},
    {"none", ""s, {}},
};
TEST(MachineCode, SignsAreFound) {
  for (const SignRow& row : sign_rows) {
    SCOPED_TRACE(row.name);
    std::vector<CodeSign> found;
    for (const FoundSign& sign : code_signs(base::as_bytes(row.bytes))) found.push_back(sign.sign);
    EXPECT_EQ(found, row.signs);
    // No beginning of it is read past its end.
    for (size_t size = 0; size < row.bytes.size(); ++size) {
      const std::vector<uint8_t> exact(row.bytes.begin(), row.bytes.begin() + static_cast<ptrdiff_t>(size));
      (void)code_signs(exact);
    }
  }
}

struct SourceRow {
  const char* name;
  std::string source;
  size_t found;
};
const SourceRow source_rows[] = {
    {"percent", "x('" + times("%u9090", 20) + "%u00e8%u0000%u5e00')", 1},
    {"units", "\"" + times("\\u9090", 20) + "\\u00e8\\u0000\\u5e00\"", 1},
    {"bytes", "\"" + times("\\x90", 40) + "\\xE8\\x00\\x00\\x00\\x00\\x5e\"", 1},
    {"put_together", "'" + times("%u9090", 20) + "' +\n\t'%u00e8%u0000' + '%u5e00'", 1},
    {"numbers", "[" + times("144, ", 40) + "232,0,0,0,0,94]", 1},
    {"hexadecimal_words", "f(" + times("0x90909090, ", 10) + "0x000000e8,0x00005e00)", 1},
    {"two",
     "'" + times("%u9090", 20) + "%u00e8%u0000%u5e00'; g('" + times("%u4141", 20) + "%u00e8%u0000%u5e00')",
     2},
    {"too_short", "'%u00e8%u0000%u5e00'", 0},
    {"no_code", "'" + times("%u4141", 100) + "'", 0},
    {"numbers_with_points", "[" + times("144.5, ", 40) + "232,0,0,0,0,94]", 0},
    {"numbers_in_names", "[" + times("a144, ", 40) + "232,0,0,0,0,94]", 0},
    {"numbers_that_are_too_large", "[" + times("99999999999, ", 40) + "232,0,0,0,0,94]", 0},
    {"cut_escapes", times("%u909 \\x9 % \\", 50), 0},
    {"ends_in_one", "%u90", 0},
    {"none", "", 0},
};
TEST(MachineCode, IsFoundInTheLiteralsOfASource) {
  for (const SourceRow& row : source_rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(code_in_source(row.source).size(), row.found);
    for (size_t size = 0; size < row.source.size(); ++size) {
      const std::string exact = row.source.substr(0, size);
      (void)code_in_source(exact);
    }
  }
}

TEST(MachineCode, SledsAreMeasured) {
  EXPECT_EQ(sled_bytes(base::as_bytes(std::string(100, '\x90') + "\xEB\x02")), 100u);
  std::string words;
  for (int i = 0; i < 20; ++i) words += "\x0C\x0D"s;
  EXPECT_EQ(sled_bytes(base::as_bytes(words + "xyz")), 40u);
  EXPECT_EQ(sled_bytes(base::as_bytes("no sled"s)), 0u);
  EXPECT_EQ(sled_bytes({}), 0u);
}

const std::string code = std::string(40, '\x41') + "\xE8\x00\x00\x00\x00\x5E\x8B\x46\x20"s;

TEST(MachineCode, IsFoundInTextsOfEitherWidth) {
  std::u16string narrow, wide;
  for (char c : code) narrow += static_cast<char16_t>(static_cast<uint8_t>(c));
  std::string even = code + "\x90";
  for (size_t i = 0; i + 1 < even.size(); i += 2)
    wide += static_cast<char16_t>(static_cast<uint8_t>(even[i]) | static_cast<uint8_t>(even[i + 1]) << 8);
  EXPECT_EQ(code_in_text(narrow), code);
  EXPECT_EQ(code_in_text(wide), even);
}

TEST(MachineCode, LosesAllButTheEndOfASled) {
  const std::string sled(300'000, '\x0C');
  auto found = code_in_bytes(base::as_bytes(sled + "\xE8\x00\x00\x00\x00\x5E"s));
  ASSERT_TRUE(found);
  EXPECT_LT(found->size(), 100u);
  EXPECT_TRUE(found->starts_with(std::string(60, '\x0C')));
}

// Noise of the kinds that pages are full of.
TEST(MachineCode, IsNotSeenInAThousandOtherTexts) {
  std::mt19937 random(7);
  auto byte = [&] { return static_cast<char>(random()); };
  constexpr std::string_view base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int i = 0; i < 250; ++i) {
    SCOPED_TRACE(i);
    std::string bytes, letters, picture = "\x89PNG\r\n\x1A\n";
    std::u16string japanese;
    for (int k = 0; k < 4000; ++k) {
      bytes += byte();
      letters += base64[random() % base64.size()];
      picture += k % 40 < 20 ? '\0' : byte();
      japanese += static_cast<char16_t>(k % 7 == 0 ? 0x3001 : 0x3041 + random() % 0x56);
    }
    EXPECT_FALSE(code_in_bytes(base::as_bytes(bytes)));
    EXPECT_FALSE(code_in_text(std::u16string(letters.begin(), letters.end())));
    EXPECT_FALSE(code_in_bytes(base::as_bytes(picture)));
    EXPECT_FALSE(code_in_text(japanese));
  }
}

}  // namespace
}  // namespace shikake::triage
