#include "url/fast_path.h"

#include <array>

#include "url/ascii.h"
#include "url/host.h"
#include "url/parts.h"
#include "url/percent.h"

namespace shikake::url {
namespace {

enum Class : uint8_t {
  in_host = 1,      // may stand in a domain as it is
  upper = 2,        // and this must be lower-cased
  in_path = 4,      // unchanged by the path state
  in_query = 8,     // unchanged by the query state
  in_fragment = 16  // unchanged by the fragment state
};

constexpr std::array<uint8_t, 256> make_classes() {
  std::array<uint8_t, 256> classes{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    auto c = static_cast<unsigned char>(byte);
    auto character = static_cast<char>(c);
    uint8_t bits = 0;
    if (is_alpha(character) || is_digit(character) || c == '.' || c == '-' || c == '_') bits |= in_host;
    if (is_upper(character)) bits |= upper;
    if (!in_set(EncodeSet::path, c) && c != '\\') bits |= in_path;
    if (!in_set(EncodeSet::special_query, c)) bits |= in_query;
    if (!in_set(EncodeSet::fragment, c)) bits |= in_fragment;
    classes[byte] = bits;
  }
  return classes;
}
constexpr auto classes = make_classes();

uint8_t class_of(char c) {
  return classes[static_cast<unsigned char>(c)];
}

size_t scan(std::string_view text, size_t at, Class wanted) {
  while (at < text.size() && (class_of(text[at]) & wanted)) ++at;
  return at;
}

// The end of the path, or npos where a segment may be a dot segment.
size_t scan_path(std::string_view text, size_t at) {
  for (; at < text.size() && (class_of(text[at]) & in_path); ++at) {
    if (text[at] == '/' && at + 1 < text.size() && (text[at + 1] == '.' || text[at + 1] == '%'))
      return text.npos;
  }
  return at;
}

// Where the pieces of the input end.
struct Scan {
  size_t host_begin, host_end, port_end, path_end, query_end;
  uint8_t host_classes = 0;
  size_t last_label = 0;
  uint32_t port = 0;

  bool host(std::string_view text) {
    size_t at = host_begin;
    last_label = at;
    for (; at < text.size() && (class_of(text[at]) & in_host); ++at) {
      host_classes |= class_of(text[at]);
      if (text[at] == '.') last_label = at + 1;
    }
    host_end = at;
    return last_label < host_end;  // neither empty nor with a dot at the end
  }

  bool rest(std::string_view text) {
    port_end = host_end;
    if (port_end < text.size() && text[port_end] == ':') {
      size_t begin = ++port_end;
      for (; port_end < text.size() && is_digit(text[port_end]); ++port_end) {
        if (port_end - begin == 5) return false;
        port = port * 10 + static_cast<uint32_t>(text[port_end] - '0');
      }
      if (port_end == begin || text[begin] == '0' || port > 0xffff) return false;
    }
    path_end = query_end = port_end;
    if (path_end < text.size() && text[path_end] == '/') {
      path_end = query_end = scan_path(text, path_end);
      if (path_end == text.npos) return false;
    }
    if (query_end < text.size() && text[query_end] == '?') query_end = scan(text, query_end + 1, in_query);
    if (query_end == text.size()) return true;
    return text[query_end] == '#' && scan(text, query_end + 1, in_fragment) == text.size();
  }
};

}  // namespace

bool FastParser::parse(std::string_view input, Url& out) {
  SchemeKind kind;
  Scan found;
  if (input.starts_with("https://")) {
    kind = SchemeKind::https;
    found.host_begin = 8;
  } else if (input.starts_with("http://")) {
    kind = SchemeKind::http;
    found.host_begin = 7;
  } else {
    return false;
  }
  if (input.size() >= max_url_bytes || !found.host(input) || !found.rest(input)) return false;

  HostKind host_kind = HostKind::domain;
  if (char first = input[found.last_label]; is_digit(first)) {
    std::string_view host = input.substr(found.host_begin, found.host_end - found.host_begin);
    auto address = IpAddress::parse(host);
    if (address)
      host_kind = HostKind::ipv4;
    else if (ends_in_number(host))
      return false;
  }

  std::string& href = out.href_;
  href.clear();
  href.reserve(input.size() + 1);
  bool keeps_port = found.port_end > found.host_end && default_port(kind) != found.port;
  href.append(input.data(), keeps_port ? found.port_end : found.host_end);
  if (found.host_classes & upper) {
    for (size_t i = found.host_begin; i < found.host_end; ++i) href[i] = to_lower(href[i]);
  }
  auto host_begin = static_cast<uint32_t>(found.host_begin);
  out.scheme_end_ = host_begin - 3;
  out.user_begin_ = out.user_end_ = out.host_begin_ = host_begin;
  out.host_end_ = static_cast<uint32_t>(found.host_end);
  out.path_begin_ = static_cast<uint32_t>(href.size());
  if (found.path_end == found.port_end) href += '/';
  href.append(input.data() + found.port_end, input.size() - found.port_end);
  size_t behind = input.size() - found.path_end;  // query and fragment
  out.query_begin_ = static_cast<uint32_t>(href.size() - behind);
  out.fragment_begin_ = static_cast<uint32_t>(href.size() - (input.size() - found.query_end));
  out.scheme_kind_ = kind;
  out.host_kind_ = host_kind;
  out.opaque_path_ = false;
  return true;
}

}  // namespace shikake::url
