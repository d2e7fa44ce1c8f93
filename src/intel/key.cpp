// The one spelling of each indicator, and the type of a bare value.
#include <algorithm>

#include "base/ascii.h"
#include "base/checked.h"
#include "base/display.h"
#include "intel/model.h"
#include "url/host.h"
#include "url/ip.h"
#include "url/refang.h"
#include "url/url.h"

namespace shikake::intel {
namespace {

// RFC 1035 section 2.3.4.
constexpr size_t max_domain_bytes = 253;
constexpr size_t max_label_bytes = 63;

tl::unexpected<Error> bad(IndicatorType type, std::string_view value, std::string_view why) {
  return fail(Module::intel, ErrorCode::invalid_input,
              "\"" + base::for_terminal(value, 200) + "\" is not a " + std::string(name(type)) + ": " +
                  std::string(why));
}

Result<std::string> canonical_url(std::string_view value) {
  auto parsed = url::Url::parse(value);
  if (!parsed) return bad(IndicatorType::url, value, parsed.error().what);
  if (!parsed->is_special() || parsed->hostname().empty())
    return bad(IndicatorType::url, value, "it names no host that a network would see");
  parsed->set_username("");
  parsed->set_password("");
  return std::string(parsed->href_without_fragment());
}

Result<std::string> canonical_domain(std::string_view value) {
  auto host = url::host_from_text(value);
  if (!host) return bad(IndicatorType::domain, value, host.error().what);
  if (host->kind != url::HostKind::domain) return bad(IndicatorType::domain, value, "it is an address");
  std::string domain = std::move(host->text);
  if (domain.ends_with('.')) domain.pop_back();
  if (domain.empty() || domain.size() > max_domain_bytes)
    return bad(IndicatorType::domain, value, "a name has 1 to 253 characters");
  for (size_t begin = 0; begin <= domain.size();) {
    size_t end = std::min(domain.find('.', begin), domain.size());
    if (end == begin || end - begin > max_label_bytes)
      return bad(IndicatorType::domain, value, "each label has 1 to 63 characters");
    begin = end + 1;
  }
  return domain;
}

Result<std::string> canonical_ip_port(std::string_view value) {
  size_t colon = value.rfind(':');
  if (colon == std::string_view::npos) return bad(IndicatorType::ip_port, value, "it has no port");
  std::string_view host = value.substr(0, colon);
  auto port = base::parse_integer<uint16_t>(value.substr(colon + 1));
  if (!port || *port == 0)
    return bad(IndicatorType::ip_port, value, "the port is not a number from 1 to 65535");
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  auto ip = url::IpAddress::parse(brackets ? host.substr(1, host.size() - 2) : host);
  if (!ip || ip->is_v6() != brackets)
    return bad(IndicatorType::ip_port, value, "it does not start with an address");
  return (brackets ? "[" + ip->to_string() + "]" : ip->to_string()) + ":" + std::to_string(*port);
}

Result<std::string> canonical_sha256(std::string_view value) {
  if (value.size() != 64 || !base::is_hex(value))
    return bad(IndicatorType::sha256, value, "it is not 64 hexadecimal digits");
  std::string digest(value);
  std::transform(digest.begin(), digest.end(), digest.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  return digest;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

Result<IndicatorKey> as(IndicatorType type, std::string_view value) {
  SHIKAKE_ASSIGN(std::string canonical, canonical_value(type, value));
  return IndicatorKey{type, std::move(canonical)};
}

Result<std::string> one_spelling(IndicatorType type, std::string_view value) {
  switch (type) {
    case IndicatorType::url:
      return canonical_url(value);
    case IndicatorType::domain:
      return canonical_domain(value);
    case IndicatorType::ip: {
      auto ip = url::IpAddress::parse(value);
      if (!ip) return bad(type, value, "it is neither an IPv4 nor an IPv6 address");
      return ip->to_string();
    }
    case IndicatorType::cidr: {
      auto network = url::Cidr::parse(value);
      if (!network) return bad(type, value, "it is not an address, a slash and a prefix length");
      return network->to_string();
    }
    case IndicatorType::ip_port:
      return canonical_ip_port(value);
    case IndicatorType::pattern:
      if (value.empty()) return bad(type, value, "it is empty");
      return std::string(value);
    case IndicatorType::sha256:
      return canonical_sha256(value);
  }
  return bad(type, value, "there is no such type");
}

}  // namespace

Result<std::string> canonical_value(IndicatorType type, std::string_view value) {
  auto too_long = [&] {
    return bad(type, value.substr(0, 100), "it is longer than " + std::to_string(max_value_bytes) + " bytes");
  };
  value = base::trimmed(value);
  if (value.size() > max_value_bytes) return too_long();
  SHIKAKE_ASSIGN(std::string canonical, one_spelling(type, value));
  if (canonical.size() > max_value_bytes) return too_long();  // percent-encoding makes three bytes of one
  return canonical;
}

Result<IndicatorKey> guess_key(std::string_view text) {
  const std::string plain = url::refang(base::trimmed(text));
  const std::string_view value = plain;
  auto unknown = [&] {
    return fail(Module::intel, ErrorCode::invalid_input,
                "\"" + base::for_terminal(text, 200) +
                    "\" is no URL, domain, address, network, address with port, SHA-256 or pattern "
                    "(\"/path?query\")");
  };
  if (value.empty()) return unknown();
  // Before anything else is made of its slash: no URL begins so. All of nothing but these would match
  // everything.
  if (value.front() == '/' || value.front() == '*') {
    if (value.find_first_not_of("/*?") == value.npos || value.find_first_of(" \t") != value.npos)
      return unknown();
    return as(IndicatorType::pattern, value);
  }
  if (value.find("://") != std::string_view::npos) return as(IndicatorType::url, value);
  if (value.size() == 64 && base::is_hex(value)) return as(IndicatorType::sha256, value);
  if (url::IpAddress::parse(value)) return as(IndicatorType::ip, value);
  if (value.front() == '[' && value.back() == ']' && url::IpAddress::parse(value.substr(1, value.size() - 2)))
    return as(IndicatorType::ip, value.substr(1, value.size() - 2));
  if (value.find(':') != std::string_view::npos) {
    if (auto key = as(IndicatorType::ip_port, value)) return key;
  }
  const size_t slash = value.find('/');
  if (slash != std::string_view::npos) {
    if (url::Cidr::parse(value)) return as(IndicatorType::cidr, value);
    if (auto key = as(IndicatorType::url, "http://" + plain)) return key;
    return unknown();
  }
  if (size_t colon = value.rfind(':'); colon != std::string_view::npos && is_port(value.substr(colon + 1))) {
    if (auto key = as(IndicatorType::url, "http://" + plain)) return key;
    return unknown();
  }
  // One label alone is a word, not a name that anybody resolves.
  if (value.find('.') != std::string_view::npos && value.find_first_of(" @") == std::string_view::npos) {
    if (auto key = as(IndicatorType::domain, value)) return key;
  }
  return unknown();
}

}  // namespace shikake::intel
