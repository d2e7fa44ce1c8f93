// Three lines of input: a URL, a base URL, a value for setters. What must hold, whatever they are:
//   - parse, serialise, parse again is the identity, and so is taking apart and putting together
//   - the fast path and the full parser agree
//   - after any setter the URL is still one that parses to itself
//   - refang is idempotent; addresses and networks survive being written and read
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "url/describe.h"
#include "url/fast_path.h"
#include "url/host.h"
#include "url/idna.h"
#include "url/ip.h"
#include "url/parts.h"
#include "url/refang.h"
#include "url/url.h"

namespace {

using namespace shikake::url;

std::string all_parts(const Url& url) {
  std::string out = url.href();
  for (std::string_view part :
       {url.protocol(), url.username(), url.password(), url.host(), url.hostname(), url.port(),
        url.pathname(), url.search(), url.hash(), url.query().value_or("none"),
        url.fragment().value_or("none"), url.path_and_query(), url.href_without_fragment()}) {
    out.append(" | ").append(part);  // reads every byte of it, under the sanitizer's eyes
  }
  out += std::to_string(static_cast<int>(url.host_kind())) +
         std::to_string(static_cast<int>(url.scheme_kind())) + std::to_string(url.has_opaque_path()) +
         std::to_string(url.effective_port().value_or(0));
  return out + (url.ip() ? url.ip()->to_string() : "") + url.origin();
}

void check_sound(const Url& url) {
  auto again = Url::parse(url.href());
  SHIKAKE_CHECK(again);
  SHIKAKE_CHECK(all_parts(*again) == all_parts(url));
  auto assembled = Parts::of(url).assemble();
  SHIKAKE_CHECK(assembled && all_parts(*assembled) == all_parts(url));
  SHIKAKE_CHECK((url.host_kind() == HostKind::ipv4 || url.host_kind() == HostKind::ipv6) ==
                url.ip().has_value());
}

void check_setters(const Url& start, std::string_view value) {
  using Setter = void (Url::*)(std::string_view);
  for (Setter setter :
       {&Url::set_protocol, &Url::set_username, &Url::set_password, &Url::set_host, &Url::set_hostname,
        &Url::set_port, &Url::set_pathname, &Url::set_search, &Url::set_hash}) {
    Url url = start;
    (url.*setter)(value);
    // The standard lets a URL become a file URL as it stands, though a file URL reads "/C|/" and "localhost"
    // its own way: then only what it parses to must be sound.
    if (url.scheme_kind() == SchemeKind::file && start.scheme_kind() != SchemeKind::file) {
      auto again = Url::parse(url.href());
      if (again) check_sound(*again);
    } else {
      check_sound(url);
    }
  }
}

void check_addresses(std::string_view text) {
  if (auto address = IpAddress::parse(text)) {
    SHIKAKE_CHECK(IpAddress::parse(address->to_string()) == address);
    SHIKAKE_CHECK(host_from_text(address->to_url_host())->text == address->to_url_host());
    (void)special_purpose(*address);
  }
  if (auto network = Cidr::parse(text)) {
    SHIKAKE_CHECK(Cidr::parse(network->to_string()) == network);
    SHIKAKE_CHECK(network->contains(network->network()));
  }
}

std::string_view take_line(std::string_view& rest) {
  size_t end = std::min(rest.find('\n'), rest.size());
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::string_view text = take_line(rest), base_text = take_line(rest), value = rest;

  auto base = Url::parse(base_text);
  auto url = Url::parse(text, base ? &*base : nullptr);
  Url fast;
  if (FastParser::parse(text, fast)) {
    auto full = parse_fully(text, nullptr);
    SHIKAKE_CHECK(full && all_parts(*full) == all_parts(fast));
  }
  if (url) {
    check_sound(*url);
    check_setters(*url, value);
    Description description = describe(*url);
    bool has_host = url->host_kind() != HostKind::none && url->host_kind() != HostKind::empty;
    SHIKAKE_CHECK(has_host || description.tenant_key.empty());
    SHIKAKE_CHECK(url->hostname().find(description.registrable_domain) != std::string_view::npos);
  }
  for (std::string_view encoding : {"Shift_JIS", "ISO-2022-JP", "gb18030", "windows-1252"}) {
    if (auto encoded = Url::parse(text, base ? &*base : nullptr, encoding)) check_sound(*encoded);
  }
  std::string plain = refang(text);
  SHIKAKE_CHECK(refang(plain) == plain);
  if (auto typed = parse_typed(text)) check_sound(*typed);
  check_addresses(text);
  if (auto host = host_from_text(value)) SHIKAKE_CHECK(host_from_text(host->text)->text == host->text);
  if (auto ascii = domain_to_ascii(shikake::base::to_valid_utf8(value)))
    SHIKAKE_CHECK(domain_to_ascii(*ascii) == ascii);
  return 0;
}
