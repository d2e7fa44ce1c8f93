#include "url/host.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "url/ascii.h"
#include "url/idna.h"
#include "url/percent.h"

namespace shikake::url {
namespace {

tl::unexpected<const char*> broken(const char* rule) {
  return tl::unexpected<const char*>(rule);
}

// https://url.spec.whatwg.org/#forbidden-host-code-point
bool is_forbidden_in_host(char c) {
  return c == '\0' || std::string_view("\t\n\r #/:<>?@[\\]^|").find(c) != std::string_view::npos;
}
// https://url.spec.whatwg.org/#forbidden-domain-code-point
bool is_forbidden_in_domain(char c) {
  return is_forbidden_in_host(c) || static_cast<unsigned char>(c) <= 0x1f || c == '%' || c == 0x7f;
}

// Past any IPv4 value: numbers grow no further than this.
constexpr uint64_t too_large = uint64_t{1} << 32;

// https://url.spec.whatwg.org/#ipv4-number-parser
std::optional<uint64_t> parse_ipv4_number(std::string_view text) {
  if (text.empty()) return std::nullopt;
  int radix = 10;
  if (text.size() >= 2 && text[0] == '0') {
    bool hexadecimal = text[1] == 'x' || text[1] == 'X';
    radix = hexadecimal ? 16 : 8;
    text.remove_prefix(hexadecimal ? 2 : 1);
  }
  uint64_t value = 0;  // "0x" alone is 0
  for (char c : text) {
    int digit = hex_digit(c);
    if (digit < 0 || digit >= radix) return std::nullopt;
    value = std::min(value * static_cast<uint64_t>(radix) + static_cast<uint64_t>(digit), too_large);
  }
  return value;
}

std::string_view without_trailing_dot(std::string_view text) {
  if (text.size() > 1 && text.ends_with('.')) text.remove_suffix(1);
  return text;
}

tl::expected<Host, const char*> parse_opaque_host(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), is_forbidden_in_host)) {
    return broken("the host holds a character that no host may");
  }
  return Host{percent_encode(text, EncodeSet::c0_control), text.empty() ? HostKind::empty : HostKind::opaque};
}

}  // namespace

bool ends_in_number(std::string_view host) {
  host = without_trailing_dot(host);
  std::string_view last = host.substr(host.rfind('.') + 1);
  if (last.empty()) return false;
  if (std::all_of(last.begin(), last.end(), is_digit)) return true;
  return parse_ipv4_number(last).has_value();
}

std::optional<IpAddress> parse_url_ipv4(std::string_view host) {
  host = without_trailing_dot(host);
  std::array<uint64_t, 4> numbers;
  size_t count = 0;
  for (;;) {
    size_t dot = host.find('.');
    auto number = parse_ipv4_number(host.substr(0, dot));
    if (!number || count == numbers.size()) return std::nullopt;
    numbers[count++] = *number;
    if (dot == host.npos) break;
    host.remove_prefix(dot + 1);
  }
  // The last number fills all the bytes that the others leave.
  uint64_t last = numbers[count - 1];
  if (last >= uint64_t{1} << (8 * (5 - count))) return std::nullopt;
  uint64_t value = last;
  for (size_t i = 0; i + 1 < count; ++i) {
    if (numbers[i] > 255) return std::nullopt;
    value += numbers[i] << (8 * (3 - i));
  }
  return IpAddress::v4(static_cast<uint32_t>(value));
}

tl::expected<Host, const char*> parse_host(std::string_view text, bool opaque) {
  if (text.starts_with('[')) {
    if (!text.ends_with(']')) return broken("the IPv6 address has no closing bracket");
    auto address = IpAddress::parse(text.substr(1, text.size() - 2));
    if (!address || !address->is_v6()) return broken("what stands in brackets is no IPv6 address");
    return Host{address->to_url_host(), HostKind::ipv6};
  }
  if (opaque) return parse_opaque_host(text);

  auto ascii = domain_to_ascii(base::to_valid_utf8(percent_decode(text)));
  if (!ascii) return broken("the host is no valid domain name (IDNA)");
  if (ascii->empty()) return broken("the host is empty");
  if (std::any_of(ascii->begin(), ascii->end(), is_forbidden_in_domain)) {
    return broken("the host holds a character that no domain name may");
  }
  if (ends_in_number(*ascii)) {
    auto address = parse_url_ipv4(*ascii);
    if (!address) return broken("the host ends in a number but is no IPv4 address");
    return Host{address->to_string(), HostKind::ipv4};
  }
  return Host{*std::move(ascii), HostKind::domain};
}

Result<Host> host_from_text(std::string_view text) {
  std::string bracketed;
  if (text.find(':') != text.npos && !text.starts_with('[')) {
    bracketed.append("[").append(text).append("]");
    text = bracketed;
  }
  auto host = parse_host(text, false);
  if (!host) return fail(Module::url, ErrorCode::invalid_input, host.error());
  return *std::move(host);
}

}  // namespace shikake::url
