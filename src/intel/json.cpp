#include "intel/json.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace shikake::intel {
namespace json = boost::json;

namespace {

// Builds the value as json::parser does, but for doubles, which it reads from their text.
struct Handler {
  static constexpr size_t max_object_size = json::object::max_size();
  static constexpr size_t max_array_size = json::array::max_size();
  static constexpr size_t max_key_size = json::string::max_size();
  static constexpr size_t max_string_size = json::string::max_size();

  json::value_stack stack;
  std::string number;  // the parts of one that arrived before its end

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return true; }
  bool on_object_end(size_t count, json::error_code&) {
    stack.push_object(count);
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(size_t count, json::error_code&) {
    stack.push_array(count);
    return true;
  }
  bool on_key_part(json::string_view part, size_t, json::error_code&) {
    stack.push_chars(part);
    return true;
  }
  bool on_key(json::string_view part, size_t, json::error_code&) {
    stack.push_key(part);
    return true;
  }
  bool on_string_part(json::string_view part, size_t, json::error_code&) {
    stack.push_chars(part);
    return true;
  }
  bool on_string(json::string_view part, size_t, json::error_code&) {
    stack.push_string(part);
    return true;
  }
  bool on_number_part(json::string_view part, json::error_code&) {
    number.append(part.data(), part.size());
    return true;
  }
  bool on_int64(int64_t value, json::string_view, json::error_code&) {
    number.clear();
    stack.push_int64(value);
    return true;
  }
  bool on_uint64(uint64_t value, json::string_view, json::error_code&) {
    number.clear();
    stack.push_uint64(value);
    return true;
  }
  bool on_double(double rough, json::string_view part, json::error_code& error) {
    number.append(part.data(), part.size());
    double value = 0;
    auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (code == std::errc::result_out_of_range && std::abs(rough) < 1) code = {};  // too small: zero
    if (code != std::errc{} || end != number.data() + number.size()) {
      error = json::make_error_code(json::error::exponent_overflow);
      return false;
    }
    number.clear();
    stack.push_double(value);
    return true;
  }
  bool on_bool(bool value, json::error_code&) {
    stack.push_bool(value);
    return true;
  }
  bool on_null(json::error_code&) {
    stack.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

void append_number(std::string& out, double number) {
  if (number == 0) {  // no "-0": it would read back as the whole number 0
    out += '0';
    return;
  }
  char digits[32];
  auto [end, code] = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end);
}

template <class Integer>
void append_integer(std::string& out, Integer number) {
  char digits[24];
  auto [end, code] = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end);
}

void append_array(std::string& out, const json::array& array) {
  out += '[';
  bool first = true;
  for (const json::value& element : array) {
    if (!std::exchange(first, false)) out += ',';
    append_canonical_json(out, element);
  }
  out += ']';
}

// What strings are mostly made of: it needs neither an escape nor a look at its UTF-8.
bool is_plain(char c) {
  return static_cast<signed char>(c) >= 0x20 && c != '"' && c != '\\';
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = max_json_depth;
  json::basic_parser<Handler> parser(options);
  json::error_code error;
  parser.handler().stack.reset();
  size_t read = parser.write_some(false, text.data(), text.size(), error);
  if (!error && read < text.size()) error = json::make_error_code(json::error::extra_data);
  if (error) {
    Error bad{Module::intel, ErrorCode::invalid_input, "this is not JSON: " + error.message()};
    bad.offset = read;
    return fail(std::move(bad));
  }
  return parser.handler().stack.release();
}

void append_json_string(std::string& out, std::string_view text) {
  if (std::all_of(text.begin(), text.end(), is_plain)) {
    out += '"';
    out += text;
    out += '"';
    return;
  }
  std::string mended;
  if (!base::is_valid_utf8(text)) {
    mended = base::to_valid_utf8(text);
    text = mended;
  }
  out += '"';
  size_t plain = 0;  // start of the run that needs no escape
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out.append(text.substr(plain, i - plain));
    plain = i + 1;
    switch (byte) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += "0123456789abcdef"[byte >> 4];
        out += "0123456789abcdef"[byte & 15];
    }
  }
  out.append(text.substr(plain));
  out += '"';
}

void append_canonical_json(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      out += "null";
      break;
    case json::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      break;
    case json::kind::int64:
      append_integer(out, value.get_int64());
      break;
    case json::kind::uint64:
      append_integer(out, value.get_uint64());
      break;
    case json::kind::double_:
      append_number(out, value.get_double());
      break;
    case json::kind::string:
      append_json_string(out, value.get_string());
      break;
    case json::kind::array:
      append_array(out, value.get_array());
      break;
    case json::kind::object:
      append_canonical_json(out, value.get_object());
      break;
  }
}

void append_canonical_json(std::string& out, const json::object& object) {
  std::vector<const json::key_value_pair*> members;
  members.reserve(object.size());
  for (const json::key_value_pair& member : object) members.push_back(&member);
  auto by_key = [](const auto* a, const auto* b) { return a->key() < b->key(); };
  if (!std::is_sorted(members.begin(), members.end(), by_key))
    std::sort(members.begin(), members.end(), by_key);
  out += '{';
  bool first = true;
  for (const json::key_value_pair* member : members) {
    if (!std::exchange(first, false)) out += ',';
    append_json_string(out, member->key());
    out += ':';
    append_canonical_json(out, member->value());
  }
  out += '}';
}

std::string canonical_json(const json::value& value) {
  std::string out;
  append_canonical_json(out, value);
  return out;
}

}  // namespace shikake::intel
