// https://html.spec.whatwg.org/multipage/parsing.html#prescan-a-byte-stream-to-determine-its-encoding
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.h"
#include "html/encoding.h"
#include "html/text.h"

namespace shikake::html {
namespace {

struct PrescanAttribute {
  std::string name, value;  // lower case
};

class Prescan {
 public:
  explicit Prescan(std::string_view bytes) : rest_(bytes) {}

  const Encoding* run() {
    while (!rest_.empty()) {
      if (rest_.starts_with("<!--")) {
        skip_to("-->", 2);  // "<!-->" is a whole comment
      } else if (is_meta()) {
        rest_.remove_prefix(5);
        if (const Encoding* found = meta()) return found;
      } else if (is_tag()) {
        skip_until_any(" \t\n\f\r>");
        while (attribute()) {}
      } else if (rest_.starts_with("<!") || rest_.starts_with("</") || rest_.starts_with("<?")) {
        skip_to(">", 0);
      }
      if (!rest_.empty()) rest_.remove_prefix(1);
    }
    return nullptr;
  }

 private:
  bool is_meta() const {
    constexpr std::string_view tag_start = "<meta";
    return rest_.size() > tag_start.size() &&
           std::equal(tag_start.begin(), tag_start.end(), rest_.begin(),
                      [](char a, char b) { return a == base::to_lower(b); }) &&
           (is_space(rest_[tag_start.size()]) || rest_[tag_start.size()] == '/');
  }

  bool is_tag() const {
    size_t at = 1 + (rest_.starts_with("</") ? 1 : 0);
    return rest_.front() == '<' && rest_.size() > at && is_alpha(rest_[at]);
  }

  void skip_until_any(std::string_view stops) {
    rest_.remove_prefix(std::min(rest_.find_first_of(stops), rest_.size()));
  }

  // To the last byte of `mark`, looked for from `from` on.
  void skip_to(std::string_view mark, size_t from) {
    size_t at = rest_.find(mark, from);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + mark.size() - 1);
  }

  const Encoding* meta() {
    std::vector<std::string> seen;
    bool got_pragma = false;
    int need_pragma = -1;  // unknown
    const Encoding* charset = nullptr;
    bool bad_charset = false;
    while (auto each = attribute()) {
      if (std::ranges::find(seen, each->name) != seen.end()) continue;
      seen.push_back(each->name);
      if (each->name == "http-equiv") {
        got_pragma |= each->value == "content-type";
      } else if (each->name == "content") {
        if (charset || bad_charset) continue;
        charset = encoding_for_label(charset_in_content_type(each->value));
        if (charset) need_pragma = 1;
      } else if (each->name == "charset") {
        charset = encoding_for_label(each->value);
        bad_charset = charset == nullptr;
        need_pragma = 0;
      }
    }
    if (need_pragma < 0 || (need_pragma == 1 && !got_pragma) || !charset) return nullptr;
    if (charset->coding == Coding::utf16) return encoding_for_label("utf-8");
    if (charset->coding == Coding::user_defined) return encoding_for_label("windows-1252");
    return charset;
  }

  std::optional<PrescanAttribute> attribute() {
    while (!rest_.empty() && (is_space(rest_.front()) || rest_.front() == '/')) rest_.remove_prefix(1);
    if (rest_.empty() || rest_.front() == '>') return std::nullopt;
    PrescanAttribute found;
    while (!rest_.empty()) {
      char c = rest_.front();
      if (c == '=' && !found.name.empty()) break;
      if (is_space(c)) {
        skip_space();
        if (rest_.empty() || rest_.front() != '=') return found;
        break;
      }
      if (c == '/' || c == '>') return found;
      found.name += base::to_lower(c);
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) return std::nullopt;
    rest_.remove_prefix(1);
    skip_space();
    return value(found) ? std::optional(found) : std::nullopt;
  }

  bool value(PrescanAttribute& found) {
    if (rest_.empty()) return false;
    char quote = rest_.front();
    if (quote == '"' || quote == '\'') {
      size_t end = rest_.find(quote, 1);
      if (end == std::string_view::npos) return rest_ = {}, false;
      for (char c : rest_.substr(1, end - 1)) found.value += base::to_lower(c);
      rest_.remove_prefix(end + 1);
      return true;
    }
    while (!rest_.empty() && !is_space(rest_.front()) && rest_.front() != '>') {
      found.value += base::to_lower(rest_.front());
      rest_.remove_prefix(1);
    }
    return !rest_.empty();
  }

  void skip_space() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

// https://html.spec.whatwg.org/multipage/parsing.html#concept-get-xml-encoding-when-sniffing
const Encoding* xml_encoding(std::string_view bytes) {
  if (!bytes.starts_with("<?xml")) return nullptr;
  std::string_view declaration = bytes.substr(0, bytes.find('>'));
  size_t at = declaration.size() == bytes.size() ? std::string_view::npos : declaration.find("encoding");
  if (at == std::string_view::npos) return nullptr;
  auto skip = [&] {
    while (at < declaration.size() && static_cast<unsigned char>(declaration[at]) <= 0x20) ++at;
  };
  at += 8;
  skip();
  if (at >= declaration.size() || declaration[at] != '=') return nullptr;
  ++at;
  skip();
  if (at >= declaration.size() || (declaration[at] != '"' && declaration[at] != '\'')) return nullptr;
  size_t end = declaration.find(declaration[at], at + 1);
  if (end == std::string_view::npos) return nullptr;
  std::string_view label = declaration.substr(at + 1, end - at - 1);
  if (std::ranges::any_of(label, [](char c) { return static_cast<unsigned char>(c) <= 0x20; }))
    return nullptr;
  const Encoding* found = encoding_for_label(label);
  return found && found->coding == Coding::utf16 ? encoding_for_label("utf-8") : found;
}

}  // namespace

const Encoding* prescan(base::ByteSpan first_bytes) {
  std::string_view bytes = base::as_text(first_bytes.first(std::min(first_bytes.size(), prescan_bytes)));
  using namespace std::string_view_literals;
  if (bytes.starts_with("<\0?\0x\0"sv)) return encoding_for_label("utf-16le");
  if (bytes.starts_with("\0<\0?\0x"sv)) return encoding_for_label("utf-16be");
  const Encoding* found = Prescan(bytes).run();
  return found ? found : xml_encoding(bytes);
}

}  // namespace shikake::html
