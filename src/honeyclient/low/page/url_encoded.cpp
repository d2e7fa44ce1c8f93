#include "honeyclient/low/page/url_encoded.h"

#include <cctype>

#include "url/percent.h"

namespace shikake::honeyclient::low::page {

namespace {

void append(std::string& out, std::string_view text) {
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    bool kept = (byte < 0x80 && std::isalnum(byte)) || c == '*' || c == '-' || c == '.' || c == '_';
    if (kept)
      out += c;
    else if (c == ' ')
      out += '+';
    else
      url::append_percent(out, byte);
  }
}

std::string decoded(std::string_view text) {
  std::string plain(text);
  for (char& c : plain)
    if (c == '+') c = ' ';
  return url::percent_decode(plain);
}

}  // namespace

std::string url_encoded(const Pairs& pairs) {
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    append(out, name);
    out += '=';
    append(out, value);
  }
  return out;
}

Pairs parse_url_encoded(std::string_view text) {
  Pairs pairs;
  while (!text.empty()) {
    std::string_view one = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    if (one.empty()) continue;
    size_t equals = one.find('=');
    std::string_view value = equals == std::string_view::npos ? std::string_view() : one.substr(equals + 1);
    pairs.emplace_back(decoded(one.substr(0, equals)), decoded(value));
  }
  return pairs;
}

}  // namespace shikake::honeyclient::low::page
