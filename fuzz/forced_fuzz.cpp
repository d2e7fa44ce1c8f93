// Any text as a script: what is rewritten keeps its lines, traces every column back into its line, and is
// rewritten the same way twice; every span that is noted lies in the text.
#include <algorithm>
#include <string>
#include <vector>

#include "base/check.h"
#include "honeyclient/forced/rewrite.h"

using namespace shikake::honeyclient::forced;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::u16string text;
  for (size_t i = 0; i < size; ++i) text += static_cast<char16_t>(data[i] == 0xFF ? 0x2028 : data[i]);
  auto made = rewrite(text, {.hook = u"H"});
  if (!made) return 0;
  auto again = rewrite(text, {.hook = u"H"});
  SHIKAKE_CHECK(again && again->text == made->text);
  auto lines = [](std::u16string_view of) { return std::ranges::count(of, u'\n'); };
  SHIKAKE_CHECK(lines(made->text) == lines(text));
  auto inside = [&](const Span& span) { return span.start <= span.end && span.end <= text.size(); };
  for (const Function& function : made->functions) SHIKAKE_CHECK(inside(function.text));
  for (const Site& site : made->sites) SHIKAKE_CHECK(inside(site.condition));
  for (const Leaf& leaf : made->leaves)
    SHIKAKE_CHECK(inside(leaf.text) && leaf.last_name <= made->names.size() &&
                  leaf.function <= made->functions.size());
  uint32_t line = 1, column = 0;
  size_t start = 0;
  for (char16_t unit : made->text) {
    if (unit == '\n') {
      start = text.find(u'\n', start) + 1;
      ++line, column = 0;
      continue;
    }
    SHIKAKE_CHECK(start + original_column(made->shifts, line, column) <= text.size());
    ++column;
  }
  std::vector<Span> spans;
  for (const Leaf& leaf : made->leaves) spans.push_back(leaf.text);
  SHIKAKE_CHECK(only(text, spans).size() == text.size());
  return 0;
}
