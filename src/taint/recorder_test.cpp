#include "taint/qemu/recorder.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "base/bytes.h"

namespace shikake::taint::qemu {
namespace {

std::string written(std::string_view text) {
  Event event("e");
  event.text("t", text);
  return std::move(event).line();
}
std::string line(std::string_view inside) { return "{\"event\":\"e\",\"t\":\"" + std::string(inside) + "\"}\n"; }

struct Row {
  const char* name;
  std::string_view text, said;
};

TEST(Event, TextIsUtf8WhateverItWas) {
  const Row rows[] = {
      {"ASCII", "a b", "a b"},
      {"quotes and controls", "\"\\\n\x7f", "\\\"\\\\\\u000a\\u007f"},
      {"two bytes", "\xc3\xa9", "\xc3\xa9"},
      {"three bytes", "\xe7\xa7\x98\xe5\xaf\x86.txt", "\xe7\xa7\x98\xe5\xaf\x86.txt"},
      {"four bytes", "\xf0\x9f\x94\x91", "\xf0\x9f\x94\x91"},
      {"cut off", "a\xe7\xa7", "a\\u00e7\\u00a7"},
      {"no lead", "\x98" "a", "\\u0098a"},
      {"longer than need be", "\xc0\xaf", "\\u00c0\\u00af"},
      {"a surrogate", "\xed\xa0\x80", "\\u00ed\\u00a0\\u0080"},
      {"past the last", "\xf4\x90\x80\x80", "\\u00f4\\u0090\\u0080\\u0080"},
      {"a sequence that another one breaks", "\xe7\xc3\xa9", "\\u00e7\xc3\xa9"},
  };
  for (const Row& row : rows) EXPECT_EQ(written(row.text), line(row.said)) << row.name;
}

TEST(Event, TextThatIsCutInsideACharacterIsUtf8) {
  std::string text(max_event_data - 1, 'x');
  text += "\xc3\xa9";
  EXPECT_TRUE(base::is_valid_utf8(written(text)));
}

}  // namespace
}  // namespace shikake::taint::qemu
