// Rich Text Format: "RTF Specification", version 1.9.1.
#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/ascii.h"
#include "triage/documents/document.h"

namespace shikake::triage {
namespace {

constexpr size_t max_object_bytes = size_t{16} << 20;
constexpr size_t max_groups = 5000;  // open at once; Word gives up far below
constexpr size_t max_text = 8192;    // of a field, a property

// Where a group's text goes.
enum class Into : uint8_t {
  nothing,
  object,
  field,
  template_path,
  property_name,
  property_value,
  object_class
};

class RichText {
 public:
  RichText(std::string_view text, DocumentNotes& notes) : text_(text), notes_(notes) {}

  void read() {
    notes_.format("RTF");
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '{')
        open();
      else if (c == '}')
        close();
      else if (c == '\\')
        control();
      else if (c != '\r' && c != '\n')
        plain(c);
    }
    while (!groups_.empty()) close();
    if (hidden_) notes_.limit("document: groups");
  }

 private:
  struct Group {
    Into into = Into::nothing;
    std::string text;
  };

  void open() {
    if (groups_.size() >= max_groups) {
      ++hidden_;
      return;
    }
    // What an object's data is interrupted by belongs to it all the same; readers skip it.
    groups_.push_back({});
  }

  void close() {
    if (hidden_ > 0) {
      --hidden_;
      return;
    }
    if (groups_.empty()) return;
    Group done = std::move(groups_.back());
    groups_.pop_back();
    switch (done.into) {
      case Into::object:
        return object(done.text);
      case Into::field:
        return field(done.text);
      case Into::template_path:
        notes_.link(std::string(base::trimmed(done.text)), "template", true);
        return notes_.trait("remote template", std::string(base::trimmed(done.text)));
      case Into::property_name:
        property_ = base::trimmed(done.text);
        return;
      case Into::property_value:
        return property(done.text);
      case Into::object_class:
        return notes_.property("object class", std::string(base::trimmed(done.text)));
      case Into::nothing:
        break;
    }
    // Inner groups of what is collected.
    if (!groups_.empty() && groups_.back().into == Into::field && !done.text.empty())
      append(groups_.back(), done.text);
  }

  void append(Group& group, std::string_view more) {
    const size_t most = group.into == Into::object ? 2 * max_object_bytes : max_text;
    group.text.append(more.substr(0, most - std::min(most, group.text.size())));
  }

  void plain(char c) {
    if (groups_.empty()) return;
    Group& group = groups_.back();
    if (group.into == Into::object ? base::hex_digit(c) >= 0 : true) append(group, {&c, 1});
  }

  void control() {
    if (at_ >= text_.size()) return;
    const char first = text_[at_];
    if (!base::is_alpha(first)) {
      ++at_;
      if (first == '\'') {  // a character by its number
        const int high = at_ < text_.size() ? base::hex_digit(text_[at_]) : -1;
        const int low = at_ + 1 < text_.size() ? base::hex_digit(text_[at_ + 1]) : -1;
        if (high >= 0 && low >= 0) {
          at_ += 2;
          if (!groups_.empty() && groups_.back().into != Into::object)
            plain(static_cast<char>(high * 16 + low));
        }
      } else if (first == '\\' || first == '{' || first == '}') {
        plain(first);
      }
      return;
    }
    const size_t begin = at_;
    while (at_ < text_.size() && base::is_alpha(text_[at_])) ++at_;
    const std::string_view word = text_.substr(begin, std::min<size_t>(at_ - begin, 64));
    const size_t number = at_;
    if (at_ < text_.size() && text_[at_] == '-') ++at_;
    while (at_ < text_.size() && base::is_digit(text_[at_])) ++at_;
    const std::string_view value = text_.substr(number, at_ - number);
    if (at_ < text_.size() && text_[at_] == ' ') ++at_;
    if (word == "bin") {  // that many bytes as they are
      size_t count = 0;
      for (char c : value.substr(0, 9))
        if (base::is_digit(c)) count = count * 10 + static_cast<size_t>(c - '0');
      const std::string_view raw = text_.substr(at_, count);
      at_ += raw.size();
      if (!groups_.empty() && groups_.back().into == Into::object)
        append(groups_.back(), base::to_hex(base::as_bytes(raw.substr(0, max_object_bytes))));
      return;
    }
    if (word == "objupdate") notes_.trait("object that opens by itself", "\\objupdate");
    if (groups_.empty()) return;
    Group& group = groups_.back();
    struct Row {
      std::string_view word;
      Into into;
    };
    constexpr Row rows[] = {{"objdata", Into::object},       {"datastore", Into::object},
                            {"fldinst", Into::field},        {"template", Into::template_path},
                            {"sn", Into::property_name},     {"sv", Into::property_value},
                            {"objclass", Into::object_class}};
    for (const Row& row : rows)
      if (word == row.word) group = {row.into, {}};
  }

  void field(const std::string& text) {
    const std::string_view words = base::trimmed(text);
    const std::string word = base::to_lower(words.substr(0, words.find(' ')));
    if (word == "dde" || word == "ddeauto") {
      notes_.trait("DDE field", std::string(words));
      judge_command(words.substr(word.size()), "DDE field", word == "ddeauto", notes_);
    } else {
      notes_.links_in(words, word.empty() ? "field" : word, word.starts_with("include") || word == "link");
    }
  }

  // Drawing properties. The fragments of a shape: count, size of each, and the bytes, copied without a look
  // at the first two.
  void property(const std::string& text) {
    if (!base::equal_ignoring_case(property_, "pFragments")) return;
    const size_t last = text.rfind(';');
    const size_t digits = last == text.npos ? 0 : text.size() - last - 1;
    constexpr size_t longest = 64;  // eight numbers in hexadecimal
    if (digits > longest)
      notes_.trait({"overlong shape property", fmt::format("pFragments of {} digits", digits),
                    "CVE-2010-3333",
                    "https://learn.microsoft.com/security-updates/securitybulletins/2010/ms10-087", true});
  }

  // [MS-OLEDS] 2.2: version, format (1 link, 2 embedded), class, topic, item, size, bytes.
  void object(const std::string& digits) {
    std::string bytes;
    for (size_t i = 0; i + 1 < digits.size() && bytes.size() < max_object_bytes; i += 2)
      bytes += static_cast<char>(base::hex_digit(digits[i]) * 16 + base::hex_digit(digits[i + 1]));
    const base::ByteSpan data = base::as_bytes(bytes);
    Bytes in(data);
    judge_object_bytes(data, notes_);
    uint64_t at = 8;
    std::string texts[3];
    for (std::string& one : texts) {
      const uint32_t size = in.u32(at);
      one = text_at(in.at(at + 4, size), 0, 1024);
      at += 4 + uint64_t{size};
    }
    const uint32_t size = in.u32(at);
    const base::ByteSpan native = in.at(at + 4, size);
    notes_.property("object class", texts[0]);
    if (in.u32(4) == 1) notes_.link(texts[1], "linked object", true);
    if (native.empty() || in.u32(4) != 2) {
      if (in.past_end() && !bytes.empty()) notes_.malformed("an object's data is cut");
      return;
    }
    if (contains_ignoring_case(texts[0], "equation") && !is_compound(native)) judge_equation(native, notes_);
    if (is_compound(native)) read_compound(native, notes_), notes_.format("RTF");
    notes_.part(texts[0].empty() ? "object" : texts[0], "embedded object",
                std::string(base::as_text(native)));
  }

  std::string_view text_;
  DocumentNotes& notes_;
  size_t at_ = 0;
  std::vector<Group> groups_;
  size_t hidden_ = 0;
  std::string property_;
};

}  // namespace

bool is_rich_text(base::ByteSpan bytes) {
  // Word asks for no more than these four characters.
  return base::as_text(bytes.first(std::min<size_t>(bytes.size(), 4))) == "{\\rt";
}

void read_rich_text(base::ByteSpan bytes, DocumentNotes& notes) {
  RichText(base::as_text(bytes), notes).read();
}

}  // namespace shikake::triage
