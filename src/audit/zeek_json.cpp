// Zeek's logs as JSON, one object a line.
// https://docs.zeek.org/en/master/log-formats.html#zeek-json-format-logs

#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "audit/format.h"
#include "audit/tokens.h"

namespace shikake::audit {
namespace {

// Objects that some shippers make of "id.orig_h" and its like: {"id": {"orig_h": …}}.
bool is_group(std::string_view key) {
  return key == "id" || key == "san" || key == "certificate" || key == "data_channel";
}

// The field of a key inside a group.
std::optional<ZeekField> group_field(std::string_view group, std::string_view key) {
  constexpr size_t longest = 32;
  if (key.size() > longest) return std::nullopt;
  return zeek_field(std::string(group) + "." + std::string(key));
}

// A number as text, which is what the rest expects of a log. Nothing for what is past any time or size.
template <class Number, class... Format>
std::string_view as_text(Number number, Record& record, Format... format) {
  char* const begin = record.room(Record::max_number_bytes);
  const auto written = std::to_chars(begin, begin + Record::max_number_bytes, number, format...);
  if (written.ec != std::errc{}) return {};
  return record.keep(begin, static_cast<size_t>(written.ptr - begin));
}
std::string_view as_text(double number, Record& record) {
  return as_text(number, record, std::chars_format::fixed);
}

// --- strict: simdjson ------------------------------------------------------------------------------

namespace dom = simdjson::dom;

void add_value(const dom::element& value, ZeekField field, ZeekLine& line, Record& record) {
  switch (value.type()) {
    case dom::element_type::STRING:
      return line.add(field, zeek_unescape(value.get_string().value_unsafe(), record));
    case dom::element_type::INT64:
      return line.add(field, as_text(value.get_int64().value_unsafe(), record));
    case dom::element_type::UINT64:
      return line.add(field, as_text(value.get_uint64().value_unsafe(), record));
    case dom::element_type::DOUBLE:
      return line.add(field, as_text(value.get_double().value_unsafe(), record));
    case dom::element_type::BOOL:
      return line.add(field, value.get_bool().value_unsafe() ? "true" : "false");
    case dom::element_type::ARRAY: {
      const dom::array list = value.get_array().value_unsafe();
      for (const dom::element element : list)
        if (!element.is_array() && !element.is_object()) add_value(element, field, line, record);
      return;
    }
    case dom::element_type::OBJECT:
    case dom::element_type::NULL_VALUE:
      return;
  }
}

bool read_strictly(std::string_view text, ZeekKeyOrder& order, Record& record) {
  // One a thread, as its buffers are dear; the views that it gives live until the next line.
  thread_local dom::parser parser;
  dom::object object;
  if (parser.parse(text.data(), text.size(), false).get_object().get(object)) return false;
  for (const auto member : object) {
    if (const auto field = order.field(member.key)) {
      add_value(member.value, *field, order.line, record);
    } else if (is_group(member.key) && member.value.is_object()) {
      const dom::object group = member.value.get_object().value_unsafe();
      for (const auto inner : group)
        if (const auto inner_field = group_field(member.key, inner.key))
          add_value(inner.value, *inner_field, order.line, record);
    }
  }
  return true;
}

// --- lenient: never gives up -----------------------------------------------------------------------

void put_utf8(char*& to, uint32_t c) {
  if (c < 0x80) {
    *to++ = static_cast<char>(c);
  } else if (c < 0x800) {
    *to++ = static_cast<char>(0xC0 | c >> 6);
    *to++ = static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    *to++ = static_cast<char>(0xE0 | c >> 12);
    *to++ = static_cast<char>(0x80 | (c >> 6 & 0x3F));
    *to++ = static_cast<char>(0x80 | (c & 0x3F));
  } else {
    *to++ = static_cast<char>(0xF0 | c >> 18);
    *to++ = static_cast<char>(0x80 | (c >> 12 & 0x3F));
    *to++ = static_cast<char>(0x80 | (c >> 6 & 0x3F));
    *to++ = static_cast<char>(0x80 | (c & 0x3F));
  }
}

std::optional<uint32_t> four_hex_digits(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  uint32_t value = 0;
  for (char c : text.substr(0, 4)) {
    const int digit = is_digit(c)                              ? c - '0'
                      : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                               : -1;
    if (digit < 0) return std::nullopt;
    value = value * 16 + static_cast<uint32_t>(digit);
  }
  return value;
}

// Walks over the text once; whatever makes no sense where it stands is passed over.
class Scanner {
 public:
  Scanner(std::string_view text, ZeekKeyOrder& order, Record& record)
      : text_(text), order_(order), record_(record) {}

  // Objects one after the other, members of all of them in one line.
  void read() {
    while (!text_.empty()) {
      if (take('{'))
        read_object({});
      else
        pass_one();
    }
  }

 private:
  // take() may have passed the last blanks, so that nothing is left.
  void pass_one() {
    if (!text_.empty()) text_.remove_prefix(1);
  }

  void skip_blanks() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\t' || text_[0] == '\r' || text_[0] == '\n'))
      text_.remove_prefix(1);
  }
  bool take(char c) {
    skip_blanks();
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }

  // Behind '{', up to and with its '}'. `group` is "" in the outermost object.
  void read_object(std::string_view group) {
    while (!text_.empty()) {
      if (take('}')) return;
      if (!take('"')) {
        pass_one();
        continue;
      }
      const std::string_view key = read_string();
      if (!take(':')) continue;
      skip_blanks();
      if (group.empty()) {
        const auto field = order_.field(key);
        if (!field && is_group(key) && take('{'))
          read_object(key);
        else
          read_value(field);
      } else {
        read_value(group_field(group, key));
      }
    }
  }

  void read_value(std::optional<ZeekField> field) {
    skip_blanks();
    if (take('"')) {
      const std::string_view value = read_string();
      if (field) order_.line.add(*field, zeek_unescape(value, record_));
    } else if (take('[')) {
      read_list(field);
    } else if (take('{')) {
      skip_nested(1);
    } else {
      const std::string_view token = read_token();
      if (field && token != "null") order_.line.add(*field, plain_number(token));
    }
  }

  void read_list(std::optional<ZeekField> field) {
    while (!text_.empty()) {
      if (take(']')) return;
      if (take(',')) continue;
      skip_blanks();
      if (text_.starts_with('}')) return;  // the list was never closed
      if (text_.starts_with('[') || text_.starts_with('{')) {
        text_.remove_prefix(1);
        skip_nested(1);
      } else {
        const size_t before = text_.size();
        read_value(field);
        if (text_.size() == before) pass_one();
      }
    }
  }

  // To the end of what was opened, whatever it holds.
  void skip_nested(size_t depth) {
    while (!text_.empty() && depth > 0) {
      const size_t at = text_.find_first_of("\"[]{}");
      if (at == std::string_view::npos) return text_.remove_prefix(text_.size());
      const char c = text_[at];
      text_.remove_prefix(at + 1);
      if (c == '"')
        pass_string();
      else
        depth += c == '[' || c == '{' ? size_t{1} : SIZE_MAX;
    }
  }

  std::string_view read_token() {
    const size_t end = std::min(text_.find_first_of(",]} \t\"{["), text_.size());
    const std::string_view token = text_.substr(0, end);
    text_.remove_prefix(end);
    return token;
  }

  // 1.5e9 as 1500000000; anything else as it is.
  std::string_view plain_number(std::string_view token) {
    double number = 0;
    if (token.find_first_of(".eE") == std::string_view::npos) return token;
    const auto read = std::from_chars(token.data(), token.data() + token.size(), number);
    if (read.ec != std::errc{} || read.ptr != token.data() + token.size()) return token;
    return as_text(number, record_);
  }

  // Behind the opening quote; up to and with the closing one. Says whether there were escapes.
  bool pass_string(std::string_view* raw = nullptr) {
    bool escapes = false;
    size_t at = 0;
    while (true) {
      at = std::min(text_.find_first_of("\"\\", at), text_.size());
      if (at >= text_.size() || text_[at] == '"') break;
      escapes = true;
      at += 2;
    }
    at = std::min(at, text_.size());
    if (raw) *raw = text_.substr(0, at);
    text_.remove_prefix(std::min(at + 1, text_.size()));
    return escapes;
  }

  std::string_view read_string() {
    std::string_view raw;
    if (!pass_string(&raw)) return raw;
    char* const begin = record_.room(raw.size());
    char* to = begin;
    while (!raw.empty()) {
      if (raw[0] != '\\' || raw.size() < 2) {
        *to++ = raw[0];
        raw.remove_prefix(1);
        continue;
      }
      read_escape(raw, to);
    }
    return record_.keep(begin, static_cast<size_t>(to - begin));
  }

  static void read_escape(std::string_view& raw, char*& to) {
    const char c = raw[1];
    const size_t known = std::string_view("bfnrt").find(c);
    if (known != std::string_view::npos) {
      *to++ = "\b\f\n\r\t"[known];
    } else if (c == 'u') {
      if (const auto unit = four_hex_digits(raw.substr(2))) return read_unicode(raw, to, *unit);
      *to++ = '\\';
      *to++ = 'u';
    } else {
      if (c != '"' && c != '\\' && c != '/') *to++ = '\\';  // no escape of JSON's: stands for itself
      *to++ = c;
    }
    raw.remove_prefix(2);
  }

  static void read_unicode(std::string_view& raw, char*& to, uint32_t unit) {
    raw.remove_prefix(6);
    const auto is_high = [](uint32_t u) { return u >= 0xD800 && u < 0xDC00; };
    const auto is_low = [](uint32_t u) { return u >= 0xDC00 && u < 0xE000; };
    if (is_high(unit) && raw.starts_with("\\u")) {
      if (const auto low = four_hex_digits(raw.substr(2)); low && is_low(*low)) {
        raw.remove_prefix(6);
        return put_utf8(to, 0x10000 + (((unit - 0xD800) << 10) | (*low - 0xDC00)));
      }
    }
    put_utf8(to, is_high(unit) || is_low(unit) ? 0xFFFD : unit);
  }

  std::string_view text_;
  ZeekKeyOrder& order_;
  Record& record_;
};

}  // namespace

Parsed zeek_json_strict(std::string_view line, FileState& state, Record& record) {
  if (line.empty()) return Parsed::nothing;
  if (line[0] != '{') return Parsed::refused;
  state.keys.line.clear();
  state.keys.next = 0;
  if (!read_strictly(line, state.keys, record)) return Parsed::refused;
  return zeek_line_to_record(line, state.keys.line, record);
}

Parsed zeek_json_lenient(std::string_view line, FileState& state, Record& record) {
  if (line.empty()) return Parsed::nothing;
  if (line.find('{') == std::string_view::npos) return Parsed::refused;
  state.keys.line.clear();
  state.keys.next = 0;
  Scanner(line, state.keys, record).read();
  return zeek_line_to_record(line, state.keys.line, record);
}

}  // namespace shikake::audit
