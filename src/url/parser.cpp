// The basic URL parser (https://url.spec.whatwg.org/#concept-basic-url-parser). Where the standard walks code
// point by code point, this finds the end of each component and takes it whole; functions are named for the
// standard's states. Bytes do: every delimiter is ASCII, and what is not ASCII is percent-encoded bytewise.
#include <algorithm>

#include "base/bytes.h"
#include "url/ascii.h"
#include "url/fast_path.h"
#include "url/host.h"
#include "url/parts.h"
#include "url/percent.h"
#include "url/query_encoding.h"

namespace shikake::url {
namespace {

bool is_scheme_char(char c) {
  return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
}
bool is_c0_or_space(char c) {
  return static_cast<unsigned char>(c) <= 0x20;
}
bool is_tab_or_newline(char c) {
  return c == '\t' || c == '\n' || c == '\r';
}

// ".", "%2e"; "..", ".%2e", "%2e.", "%2e%2e": how many dots a segment is made of, 0 for any other segment.
int dots(std::string_view segment) {
  int count = 0;
  while (!segment.empty()) {
    if (segment[0] == '.') {
      segment.remove_prefix(1);
    } else if (segment.size() >= 3 && segment[0] == '%' && segment[1] == '2' && (segment[2] | 0x20) == 'e') {
      segment.remove_prefix(3);
    } else {
      return 0;
    }
    if (++count > 2) return 0;
  }
  return count;
}

// What the parser works on: the rest of the input, and the URL as far as it is read. Each state returns the
// broken rule, or null.
class Parser {
 public:
  Parser(std::string_view input, const Url* base, std::string_view encoding)
      : rest_(input), base_(base), encoding_(encoding) {}

  const char* run() {
    size_t colon = rest_.find(':');
    auto scheme = colon == rest_.npos ? std::nullopt : parse_scheme(rest_.substr(0, colon));
    if (!scheme) return no_scheme();
    out.set_scheme(*std::move(scheme));
    rest_.remove_prefix(colon + 1);
    if (out.kind == SchemeKind::file) return file();
    if (out.is_special()) {
      bool same = base_ && base_->scheme() == out.scheme;
      if (same && !rest_.starts_with("//")) return relative();
      return special_authority_slashes();
    }
    if (rest_.starts_with("//")) {
      rest_.remove_prefix(2);
      return authority();
    }
    if (rest_.starts_with('/')) return path();
    return opaque_path();
  }

  Parts out;

 private:
  bool at_slash() const {
    return !rest_.empty() && (rest_[0] == '/' || (out.is_special() && rest_[0] == '\\'));
  }

  const char* no_scheme() {
    if (!base_) return "it has no scheme, and there is no base URL that it could be relative to";
    if (base_->has_opaque_path()) {
      if (!rest_.starts_with('#')) return "it is relative, but its base URL can't be a base";
      out = Parts::of(*base_);
      parse_fragment(out, rest_.substr(1));
      return nullptr;
    }
    out.set_scheme(std::string(base_->scheme()));
    return out.kind == SchemeKind::file ? file() : relative();
  }

  const char* relative() {
    if (at_slash()) {
      rest_.remove_prefix(1);
      return relative_slash();
    }
    out = Parts::of(*base_);
    out.fragment = std::nullopt;
    if (rest_.empty() || rest_[0] == '#') return query_and_fragment();
    out.query = std::nullopt;
    if (rest_[0] == '?') return query_and_fragment();
    out.shorten_path();
    return path();
  }

  // Behind the first slash.
  const char* relative_slash() {
    if (at_slash())
      return out.is_special() ? special_authority_slashes() : (rest_.remove_prefix(1), authority());
    Parts base = Parts::of(*base_);
    out.username = base.username;
    out.password = base.password;
    out.host = base.host;
    out.host_kind = base.host_kind;
    out.port = base.port;
    return path();
  }

  const char* special_authority_slashes() {
    while (at_slash()) rest_.remove_prefix(1);
    return authority();
  }

  const char* authority() {
    std::string_view text = rest_.substr(0, authority_end(rest_, out.is_special()));
    rest_.remove_prefix(text.size());
    if (size_t at = text.rfind('@'); at != text.npos) {
      std::string_view user = text.substr(0, at);
      text.remove_prefix(at + 1);
      if (text.empty()) return "there are credentials, but no host";
      size_t colon = std::min(user.find(':'), user.size());
      append_encoded(out.username, user.substr(0, colon), EncodeSet::userinfo);
      if (colon < user.size()) append_encoded(out.password, user.substr(colon + 1), EncodeSet::userinfo);
    }
    if (const char* broken = parse_host_and_port(out, text, Override::none)) return broken;
    return path_start();
  }

  const char* file() {
    out.host.clear();
    out.host_kind = HostKind::empty;
    const Url* base = base_ && base_->scheme_kind() == SchemeKind::file ? base_ : nullptr;
    if (at_slash()) {
      rest_.remove_prefix(1);
      return file_slash(base);
    }
    if (!base) return path();
    out = Parts::of(*base);
    out.fragment = std::nullopt;
    if (rest_.empty() || rest_[0] == '#') return query_and_fragment();
    out.query = std::nullopt;
    if (rest_[0] == '?') return query_and_fragment();
    if (starts_with_drive_letter(rest_))
      out.path.clear();
    else
      out.shorten_path();
    return path();
  }

  // Behind the first slash.
  const char* file_slash(const Url* base) {
    if (at_slash()) {
      rest_.remove_prefix(1);
      return file_host();
    }
    if (base) {
      Parts parts = Parts::of(*base);
      out.host = parts.host;
      out.host_kind = parts.host_kind;
      std::string_view first = std::string_view(parts.path).substr(0, parts.path.find('/', 1));
      if (!starts_with_drive_letter(rest_) && !first.empty() && is_normalized_drive_letter(first.substr(1))) {
        out.path = first;
      }
    }
    return path();
  }

  const char* file_host() {
    std::string_view text = rest_.substr(0, authority_end(rest_, true));
    if (is_drive_letter(text)) return path();
    rest_.remove_prefix(text.size());
    if (const char* broken = parse_host_and_port(out, text, Override::none)) return broken;
    return path_start();
  }

  const char* path_start() {
    if (!out.is_special() && (rest_.empty() || rest_[0] == '?' || rest_[0] == '#'))
      return query_and_fragment();
    return path();
  }

  const char* path() {
    if (at_slash()) rest_.remove_prefix(1);
    size_t end = std::min(rest_.find_first_of("?#"), rest_.size());
    parse_path(out, rest_.substr(0, end));
    rest_.remove_prefix(end);
    return query_and_fragment();
  }

  const char* opaque_path() {
    out.opaque_path = true;
    size_t end = std::min(rest_.find_first_of("?#"), rest_.size());
    append_encoded(out.path, rest_.substr(0, end), EncodeSet::c0_control);
    // A blank at the end would be lost when the URL is parsed again without what follows.
    if (end < rest_.size() && out.path.ends_with(' ')) out.path.replace(out.path.size() - 1, 1, "%20");
    rest_.remove_prefix(end);
    return query_and_fragment();
  }

  const char* query_and_fragment() {
    if (rest_.starts_with('?')) {
      size_t end = std::min(rest_.find('#'), rest_.size());
      query(rest_.substr(1, end - 1));
      rest_.remove_prefix(end);
    }
    if (rest_.starts_with('#')) parse_fragment(out, rest_.substr(1));
    return nullptr;
  }

  // Only what a browser fetches is in the document's encoding.
  void query(std::string_view text) {
    bool legacy =
        out.is_special() && out.kind != SchemeKind::ws && out.kind != SchemeKind::wss && !encoding_.empty();
    if (legacy) out.query = encode_query(text, encoding_);
    if (!legacy || !out.query) parse_query(out, text);
  }

  std::string_view rest_;
  const Url* base_;
  std::string_view encoding_;
};

}  // namespace

bool is_drive_letter(std::string_view text) {
  return text.size() == 2 && is_alpha(text[0]) && (text[1] == ':' || text[1] == '|');
}
bool is_normalized_drive_letter(std::string_view text) {
  return is_drive_letter(text) && text[1] == ':';
}
bool starts_with_drive_letter(std::string_view text) {
  return is_drive_letter(text.substr(0, 2)) &&
         (text.size() == 2 || std::string_view("/\\?#").find(text[2]) != std::string_view::npos);
}

std::string without_tabs_and_newlines(std::string_view text) {
  std::string out(text);
  std::erase_if(out, is_tab_or_newline);
  return out;
}

size_t authority_end(std::string_view text, bool special) {
  return std::min(text.find_first_of(special ? "/?#\\" : "/?#"), text.size());
}

// The scheme start and scheme states.
std::optional<std::string> parse_scheme(std::string_view text) {
  if (text.empty() || !is_alpha(text[0]) || !std::all_of(text.begin(), text.end(), is_scheme_char))
    return std::nullopt;
  return to_lower(text);
}

std::string_view leading_digits(std::string_view text) {
  return text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
}

const char* parse_port(Parts& parts, std::string_view digits) {
  if (digits.empty()) return nullptr;
  uint32_t value = 0;
  for (char c : digits) {
    if (!is_digit(c)) return "the port is no number";
    value = value * 10 + static_cast<uint32_t>(c - '0');
    if (value > 0xffff) return "the port is past 65535";
  }
  parts.set_port(static_cast<uint16_t>(value));
  return nullptr;
}

// The ':' in front of a port, or npos; those inside an IPv6 address don't count.
static size_t find_port_colon(std::string_view text) {
  bool brackets = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[') brackets = true;
    if (text[i] == ']') brackets = false;
    if (text[i] == ':' && !brackets) return i;
  }
  return text.npos;
}

const char* parse_host_and_port(Parts& parts, std::string_view text, Override mode) {
  constexpr const char* empty_host = "the host is empty";
  bool file = parts.kind == SchemeKind::file;  // has no port: a ':' is part of its host, and refused there
  size_t colon = file ? text.npos : find_port_colon(text);
  std::string_view name = text.substr(0, colon);
  bool has_port = colon != text.npos;
  if (has_port && name.empty()) return empty_host;
  if (has_port && mode == Override::hostname) return "a host name holds no port";
  if (name.empty()) {
    if (parts.is_special() && !file) return empty_host;
    if (mode != Override::none && (parts.has_credentials() || parts.port)) return empty_host;
    parts.host.clear();
    parts.host_kind = HostKind::empty;
    return nullptr;
  }
  auto host = parse_host(name, !parts.is_special());
  if (!host) return host.error();
  if (file && host->text == "localhost") *host = {};
  parts.host = std::move(host->text);
  parts.host_kind = host->kind;
  if (!has_port) return nullptr;
  std::string_view digits = text.substr(colon + 1);
  if (mode != Override::none) digits = leading_digits(digits);  // what follows them is no concern of a setter
  return parse_port(parts, digits);
}

void parse_path(Parts& parts, std::string_view text) {
  for (;;) {
    size_t end = std::min(text.find_first_of(parts.is_special() ? "/\\" : "/"), text.size());
    bool last = end == text.size();
    std::string_view segment = text.substr(0, end);
    int dot_count = dots(segment);
    if (dot_count == 2) parts.shorten_path();
    if (dot_count > 0) {
      if (last) parts.path += '/';
    } else if (parts.kind == SchemeKind::file && parts.path.empty() && is_drive_letter(segment)) {
      parts.path.append("/").append(segment.substr(0, 1)).append(":");
    } else {
      parts.path += '/';
      append_encoded(parts.path, segment, EncodeSet::path);
    }
    if (last) return;
    text.remove_prefix(end + 1);
  }
}

void parse_path_start(Parts& parts, std::string_view text) {
  if (parts.is_special()) {
    if (!text.empty() && (text[0] == '/' || text[0] == '\\')) text.remove_prefix(1);
    parse_path(parts, text);
  } else if (!text.empty()) {
    if (text[0] == '/') text.remove_prefix(1);
    parse_path(parts, text);
  } else if (parts.host_kind == HostKind::none) {
    parts.path += '/';
  }
}

void parse_query(Parts& parts, std::string_view text) {
  parts.query = percent_encode(text, parts.is_special() ? EncodeSet::special_query : EncodeSet::query);
}

void parse_fragment(Parts& parts, std::string_view text) {
  parts.fragment = percent_encode(text, EncodeSet::fragment);
}

Result<Url> Url::parse(std::string_view input, const Url* base) {
  Url url;
  if (FastParser::parse(input, url)) return url;
  return parse_fully(input, base, {});
}

Result<Url> Url::parse(std::string_view input, const Url* base, std::string_view document_encoding) {
  Url url;
  if (FastParser::parse(input, url)) return url;  // printable ASCII is the same in all of them
  return parse_fully(input, base, document_encoding);
}

Result<Url> parse_fully(std::string_view input, const Url* base, std::string_view document_encoding) {
  auto too_long = [] { return fail(Module::url, ErrorCode::limit, "not a URL: it is longer than 128 MiB"); };
  if (input.size() > max_url_bytes) return too_long();
  std::string valid;
  if (!base::is_valid_utf8(input)) {
    valid = base::to_valid_utf8(input);
    input = valid;
  }
  while (!input.empty() && is_c0_or_space(input.front())) input.remove_prefix(1);
  while (!input.empty() && is_c0_or_space(input.back())) input.remove_suffix(1);
  std::string clean;
  if (std::any_of(input.begin(), input.end(), is_tab_or_newline)) {
    clean = without_tabs_and_newlines(input);
    input = clean;
  }
  Parser parser(input, base, document_encoding);
  if (const char* broken = parser.run()) {
    return fail(Module::url, ErrorCode::invalid_input, std::string("not a URL: ") + broken);
  }
  auto url = parser.out.assemble();
  if (!url) return too_long();
  return *std::move(url);
}

}  // namespace shikake::url
