#include "honeyclient/low/page/sheets.h"

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

namespace {

constexpr size_t max_imports = 1000;  // as many as a visit has requests

class Reader {
 public:
  explicit Reader(std::u16string_view css) : rest_(css) {}

  // Past white space, comments and what HTML hides sheets from old browsers with.
  void skip_space() {
    for (;;) {
      rest_ = rest_.substr(std::min(rest_.find_first_not_of(u" \t\r\n\f"), rest_.size()));
      if (rest_.starts_with(u"/*")) {
        size_t end = rest_.find(u"*/", 2);
        rest_ = end == std::u16string_view::npos ? std::u16string_view() : rest_.substr(end + 2);
      } else if (rest_.starts_with(u"<!--") || rest_.starts_with(u"-->")) {
        rest_ = rest_.substr(rest_[0] == u'<' ? 4 : 3);
      } else {
        return;
      }
    }
  }
  bool take(std::u16string_view word) {
    if (rest_.size() < word.size() || !equals_ignoring_case(rest_.substr(0, word.size()), word)) return false;
    rest_ = rest_.substr(word.size());
    return true;
  }
  // What stands in quotes, or up to one of `ends` where there are none.
  std::u16string address(std::u16string_view ends) {
    skip_space();
    char16_t quote = rest_.empty() ? u'\0' : rest_[0];
    bool quoted = quote == u'"' || quote == u'\'';
    if (quoted) rest_ = rest_.substr(1);
    size_t length = std::min(quoted ? rest_.find(quote) : rest_.find_first_of(ends), rest_.size());
    std::u16string text(rest_.substr(0, length));
    rest_ = rest_.substr(std::min(length + (quoted ? 1 : 0), rest_.size()));
    return text;
  }
  void past_semicolon() { rest_ = rest_.substr(std::min(rest_.find(u';'), rest_.size() - 1) + 1); }
  bool empty() const { return rest_.empty(); }

 private:
  std::u16string_view rest_;
};

}  // namespace

std::vector<std::u16string> sheet_imports(std::u16string_view css) {
  std::vector<std::u16string> found;
  Reader reader(css);
  while (found.size() < max_imports) {
    reader.skip_space();
    if (reader.empty()) break;
    if (reader.take(u"@import")) {
      reader.skip_space();
      found.push_back(reader.take(u"url(") ? reader.address(u") \t\r\n;") : reader.address(u"; \t\r\n"));
    } else if (!reader.take(u"@charset") && !reader.take(u"@layer")) {
      break;
    }
    if (reader.empty()) break;
    reader.past_semicolon();
  }
  return found;
}

}  // namespace shikake::honeyclient::low::page
