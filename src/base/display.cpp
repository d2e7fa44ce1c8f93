#include "base/display.h"

#include <fmt/format.h>

#include "base/bytes.h"

namespace shikake::base {
namespace {

constexpr std::string_view formula_starts = "=+-@\t\r";

char32_t decode(std::string_view text, size_t at, size_t length) {
  auto first = static_cast<uint8_t>(text[at]);
  if (length == 1) return first;
  char32_t value = first & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; ++i) value = value << 6 | (static_cast<uint8_t>(text[at + i]) & 0x3F);
  return value;
}

size_t well_formed_length(uint8_t first) {
  return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

// Characters that change how their neighbours are shown or can't be seen: controls, bidirectional
// formatting (UAX #9), zero-width and line separators, the byte order mark.
bool deceives(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x61C || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

std::string escape(char32_t c) {
  if (c == '\n') return "\\n";
  if (c == '\r') return "\\r";
  if (c < 0x100) return fmt::format("\\x{:02x}", static_cast<uint32_t>(c));
  return fmt::format("\\u{:04x}", static_cast<uint32_t>(c));
}

}  // namespace

std::string for_terminal(std::string_view text, size_t limit) {
  std::string out;
  size_t shown = 0;
  for (size_t i = 0; i < text.size(); ++shown) {
    if (shown == limit) return out + "…";
    size_t length = well_formed_length(static_cast<uint8_t>(text[i]));
    std::string_view part = text.substr(i, length);
    if (!is_valid_utf8(part)) {
      out += fmt::format("\\x{:02x}", static_cast<uint8_t>(text[i]));
      ++i;
      continue;
    }
    char32_t c = decode(text, i, length);
    if (deceives(c) && c != '\t') {
      out += escape(c);
    } else {
      out += part;
    }
    i += length;
  }
  return out;
}

std::string for_html(std::string_view text) {
  std::string out;
  for (char c : for_terminal(text, std::string_view::npos)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string for_csv(std::string_view text) {
  std::string field;
  if (!text.empty() && (formula_starts.find(text[0]) != std::string_view::npos || text[0] == '\''))
    field = "'";
  field += text;
  if (field.find_first_of(",\"\r\n\t") == std::string::npos) return field;
  std::string quoted = "\"";
  for (char c : field) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string_view from_csv_field(std::string_view text) {
  if (text.size() >= 2 && text[0] == '\'' &&
      (formula_starts.find(text[1]) != std::string_view::npos || text[1] == '\''))
    return text.substr(1);
  return text;
}

std::string defang(std::string_view url_or_host) {
  std::string out;
  size_t colon = url_or_host.find("://");
  size_t host = 0;
  if (colon != std::string_view::npos) {
    std::string_view scheme = url_or_host.substr(0, colon);
    if (scheme == "http")
      out = "hxxp";
    else if (scheme == "https")
      out = "hxxps";
    else
      out = scheme;
    out += "://";
    host = colon + 3;
  }
  size_t end = url_or_host.find_first_of("/?#", host);
  for (char c : url_or_host.substr(host, end == std::string_view::npos ? end : end - host)) {
    if (c == '.')
      out += "[.]";
    else
      out += c;
  }
  if (end != std::string_view::npos) out += url_or_host.substr(end);
  return out;
}

std::string defang_text(std::string_view sentence) {
  std::string out;
  for (;;) {
    const size_t at = std::min(sentence.find("http://"), sentence.find("https://"));
    out += sentence.substr(0, at);
    if (at == std::string_view::npos) return out;
    sentence.remove_prefix(at);
    // Up to its path: another URL may stand in that.
    const std::string_view origin =
        sentence.substr(0, sentence.find_first_of("/?# \t\r\n\"<>", sentence.find("://") + 3));
    out += defang(origin);
    sentence.remove_prefix(origin.size());
  }
}

}  // namespace shikake::base
