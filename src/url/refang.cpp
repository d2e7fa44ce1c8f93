#include "url/refang.h"

#include <algorithm>

#include "url/ascii.h"

namespace shikake::url {
namespace {

struct Mark {
  std::string_view written;
  std::string_view meant;
};
constexpr Mark marks[] = {
    {"[.]", "."}, {"(.)", "."}, {"{.}", "."},     {"[dot]", "."}, {"(dot)", "."}, {"{dot}", "."},
    {"\\.", "."}, {"[:]", ":"}, {"[://]", "://"}, {"[/]", "/"},   {"[at]", "@"},  {"[@]", "@"},
};
constexpr Mark schemes[] = {
    {"hxxp", "http"},   {"hxxps", "https"}, {"hxtp", "http"},   {"htxp", "http"}, {"hxtps", "https"},
    {"htxps", "https"}, {"h**p", "http"},   {"h**ps", "https"}, {"fxp", "ftp"},   {"fxps", "ftps"},
};

const Mark* mark_at_end(std::string_view text) {
  for (const Mark& mark : marks) {
    if (text.size() < mark.written.size()) continue;
    if (equal_ignoring_case(text.substr(text.size() - mark.written.size()), mark.written)) return &mark;
  }
  return nullptr;
}

// Whatever is replaced may complete another mark with what follows ("[[.]]"): so the end is looked at anew
// after each character, and none is left in what is returned.
std::string without_marks(std::string_view text) {
  std::string out;
  for (char c : text) {
    out += c;
    while (const Mark* mark = mark_at_end(out)) {
      out.resize(out.size() - mark->written.size());
      out += mark->meant;
    }
  }
  return out;
}

const Mark* defanged_scheme(std::string_view text) {
  std::string_view scheme = text.substr(0, text.find(':'));
  for (const Mark& mark : schemes) {
    if (scheme.size() < text.size() && equal_ignoring_case(scheme, mark.written)) return &mark;
  }
  return nullptr;
}

// Scheme and authority, marks and all: up to the first '/', '?' or '#' behind "//". A slash inside a mark
// ([://], [/]) ends nothing.
std::string_view head(std::string_view text) {
  size_t begin = 0;
  if (size_t slashes = text.find("//"); slashes != text.npos && slashes <= text.find_first_of("?#")) {
    begin = slashes + 2;
  }
  for (size_t at = begin; at < text.size(); ++at) {
    if (text[at] == '/' && at + 1 < text.size() && text[at + 1] == ']') continue;
    if (text[at] == '/' || text[at] == '?' || text[at] == '#') return text.substr(0, at);
  }
  return text;
}

bool is_blank(char c) {
  return static_cast<unsigned char>(c) <= ' ';
}

}  // namespace

std::string refang(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  std::string_view front = head(text);
  std::string plain_front = without_marks(front);
  const Mark* scheme = defanged_scheme(plain_front);
  if (plain_front == front && !scheme) return std::string(text);
  std::string plain = without_marks(text);
  if (scheme) plain.replace(0, scheme->written.size(), scheme->meant);
  return plain;
}

Result<Url> parse_typed(std::string_view text) {
  std::string plain = refang(text);
  if (auto address = IpAddress::parse(plain)) return Url::parse("http://" + address->to_url_host());
  // "www.example.com/x" has no scheme, and in "www.example.com:8080" the host looks like one.
  std::string_view front = std::string_view(plain).substr(0, plain.find_first_of(":/?#"));
  bool host_like = front.find('.') != front.npos || front == "localhost" || front.starts_with('[');
  bool has_scheme = plain.find("://") == front.size();
  return Url::parse(host_like && !has_scheme ? "http://" + plain : plain);
}

}  // namespace shikake::url
