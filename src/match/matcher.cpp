#include "match/matcher.h"

#include <fmt/format.h>

#include <array>

#include "base/bytes.h"
#include "base/checked.h"
#include "match/tables.h"
#include "url/host.h"

namespace shikake::match {
namespace {

// Domain entries that hold this name; tells whether url entries have it for a host.
bool find_name(const Tables& tables, const PlainName& name, Hits& hits) {
  bool has_urls = false;
  name.for_each_suffix(tables.key, [&](std::string_view suffix, uint64_t hash) {
    has_urls = false;  // only the last, whole name counts
    const uint32_t index = tables.name_table.find(suffix, hash);
    if (index == TextTable::none) return;
    const Tables::Name& found = tables.names[index];
    if (found.domain != TextTable::none) hits.add(found.domain, Kind::domain);
    has_urls = found.has_urls;
  });
  return has_urls;
}

void find_name(const Tables& tables, std::string_view text, Hits& hits) {
  PlainName name;
  name.assign(text);
  find_name(tables, name, hits);
}

// Ports: 0 where none is known; nothing can be reached on port 0.
void find_address(const Tables& tables, const url::IpAddress& address, uint16_t port, Hits& hits) {
  if (tables.addresses.empty()) return;
  tables.addresses.find(address, hits);
  if (port != 0) tables.addresses.find(address, port, hits);
}

// Where the host parser gave up, or before it is asked: brackets and zone off, then strictly an address.
std::optional<url::IpAddress> bare_address(std::string_view text) {
  if (text.starts_with('[')) text.remove_prefix(1);
  text = text.substr(0, text.find_first_of("]%"));
  return url::IpAddress::parse(text);
}

void find_host(const Tables& tables, std::string_view text, uint16_t port, Hits& hits) {
  if (text.empty()) return;
  if (text.find(':') != std::string_view::npos) {
    if (auto address = bare_address(text)) return find_address(tables, *address, port, hits);
  }
  auto host = url::host_from_text(text);
  if (!host) return find_name(tables, text, hits);
  if (auto address = bare_address(host->text)) return find_address(tables, *address, port, hits);
  find_name(tables, host->text, hits);
}

// The host as written in something that looks like a URL but is none: no port, no credentials.
std::string_view written_host(std::string_view text) {
  if (const size_t slashes = text.find("//"); slashes != std::string_view::npos)
    text.remove_prefix(slashes + 2);
  text = text.substr(0, text.find_first_of("/?#\\"));
  if (const size_t at = text.rfind('@'); at != std::string_view::npos) text.remove_prefix(at + 1);
  if (text.starts_with('[')) return text.substr(0, text.find(']') + 1);
  return text.substr(0, text.find(':'));
}

void find_url_entry(const Tables& tables, std::string_view canonical, Precision precision, Hits& hits) {
  const uint32_t index = tables.url_table.find(canonical, hash_text(tables.key, canonical));
  if (index != TextTable::none) hits.add(tables.urls[index], Kind::url, precision);
}

// Everything but the host.
void find_parsed(const Tables& tables, const url::Url& url, Hits& hits) {
  const std::string canonical = canonical_url(url);
  find_url_entry(tables, canonical, Precision::exact, hits);
  if (canonical.ends_with('?')) {
    const uint32_t index = tables.cut_table.find(canonical, hash_text(tables.key, canonical));
    if (index != TextTable::none) hits.add(tables.cut_urls[index], Kind::url, Precision::query_cut);
  }
  if (tables.patterns.empty()) return;
  if (!url.has_opaque_path()) tables.patterns.find_path(url.pathname(), url.query(), hits);
  if (tables.patterns.has_globs()) {
    std::string_view rest = std::string_view(canonical).substr(url.scheme().size() + 1);
    if (rest.starts_with("//")) rest.remove_prefix(2);
    tables.patterns.find_globs(rest, hits);
  }
}

// The full parser's word.
void find_full(const Tables& tables, std::string_view text, Hits& hits) {
  auto parsed = url::Url::parse(text);
  if (!parsed) return find_host(tables, written_host(text), 0, hits);
  find_host(tables, parsed->hostname(), parsed->effective_port().value_or(0), hits);
  find_parsed(tables, *parsed, hits);
}

struct SplitAuthority {
  std::string_view host;
  std::optional<uint16_t> port;
};

// host[:port], where only digits behind the last colon are a port and a bare IPv6 address has none.
SplitAuthority split_authority(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && (text.find(':') == colon || text[colon - 1] == ']')) {
    if (auto port = base::parse_integer<uint16_t>(text.substr(colon + 1)))
      return {text.substr(0, colon), port};
  }
  return {text, std::nullopt};
}

// The cheap reading of "host[:port]" at the start of a text.
struct PlainAuthority {
  PlainName name;
  std::optional<uint16_t> port;
  const char* end = nullptr;  // of the authority; null where the bytes leave doubt
};

void scan_authority(std::string_view text, PlainAuthority& plain) {
  const char* const text_end = text.data() + text.size();
  const char* at = plain.name.scan(text.data(), text_end);
  plain.name.drop_trailing_dots();
  if (plain.name.text().empty()) return;
  if (at != text_end && *at == ':') {
    const char* digits = ++at;
    while (at != text_end && *at >= '0' && *at <= '9') ++at;
    plain.port = base::parse_integer<uint16_t>({digits, static_cast<size_t>(at - digits)});
    if (!plain.port) return;
  }
  if (at != text_end && *at != '/' && *at != '?' && *at != '#') return;
  plain.end = at;
}

enum class Outcome { done, needs_full_parser };

// The cheap reading of a host and what follows. On needs_full_parser hits may already hold some of what the
// full parser will find again, never more.
Outcome find_plain(const Tables& tables, const PlainAuthority& plain, std::string_view rest, uint16_t port,
                   Hits& hits) {
  if (plain.name.may_be_number()) {
    const auto address = url::IpAddress::parse(plain.name.text());
    if (!address) return Outcome::needs_full_parser;
    find_address(tables, *address, port, hits);
  }
  if (find_name(tables, plain.name, hits)) return Outcome::needs_full_parser;
  if (!tables.patterns.empty() && tables.patterns.may_match_path(rest.substr(0, rest.find_first_of("?#"))))
    return Outcome::needs_full_parser;
  return Outcome::done;
}

std::string_view after(std::string_view text, const char* at) {
  return text.substr(static_cast<size_t>(at - text.data()));
}

}  // namespace

std::string canonical_url(const url::Url& url) {
  std::string_view host = url.hostname();
  if (!url.has_credentials() && !host.ends_with('.')) return std::string(url.href_without_fragment());
  while (host.ends_with('.')) host.remove_suffix(1);
  std::string_view port = url.port();
  return fmt::format("{}://{}{}{}{}", url.scheme(), host, port.empty() ? "" : ":", port,
                     url.path_and_query());
}

Matcher::Matcher() : tables_(std::make_unique<Tables>()) {}
Matcher::Matcher(std::unique_ptr<Tables> tables) : tables_(std::move(tables)) {}
Matcher::~Matcher() = default;
Matcher::Matcher(Matcher&&) noexcept = default;
Matcher& Matcher::operator=(Matcher&&) noexcept = default;

void Matcher::url(std::string_view text, Hits& hits) const {
  uint16_t default_port = 0;
  std::string_view rest = text;
  if (text.starts_with("http://")) {
    default_port = 80;
    rest.remove_prefix(7);
  } else if (text.starts_with("https://")) {
    default_port = 443;
    rest.remove_prefix(8);
  } else {
    return find_full(*tables_, text, hits);
  }
  PlainAuthority plain;
  scan_authority(rest, plain);
  if (!plain.end || find_plain(*tables_, plain, after(rest, plain.end), plain.port.value_or(default_port),
                               hits) == Outcome::needs_full_parser)
    find_full(*tables_, text, hits);
}

void Matcher::host(std::string_view text, Hits& hits) const {
  PlainName name;
  if (name.scan(text.data(), text.data() + text.size()) == text.data() + text.size()) {
    name.drop_trailing_dots();
    if (!name.may_be_number()) {
      find_name(*tables_, name, hits);
      return;
    }
    if (auto address = url::IpAddress::parse(name.text())) return find_address(*tables_, *address, 0, hits);
  }
  find_host(*tables_, text, 0, hits);
}

void Matcher::authority(std::string_view text, uint16_t default_port, Hits& hits) const {
  PlainAuthority plain;
  scan_authority(text, plain);
  if (plain.end == text.data() + text.size()) {
    const uint16_t port = plain.port.value_or(default_port);
    if (find_plain(*tables_, plain, {}, port, hits) == Outcome::done) return;
  }
  const SplitAuthority split = split_authority(text);
  const uint16_t port = split.port.value_or(default_port);
  find_host(*tables_, split.host, port, hits);
  if (tables_->url_table.empty()) return;
  for (std::string_view scheme : {"http", "https"}) {
    auto root = url::Url::parse(fmt::format("{}://{}:{}/", scheme, split.host, port));
    if (root) find_url_entry(*tables_, canonical_url(*root), Precision::host_only, hits);
  }
}

void Matcher::target(std::string_view host_and_port, std::string_view request_target, uint16_t port,
                     Hits& hits) const {
  const bool is_path = request_target.empty() || request_target.starts_with('/');
  PlainAuthority plain;
  scan_authority(host_and_port, plain);
  if (is_path && plain.end && plain.end == host_and_port.data() + host_and_port.size()) {
    if (find_plain(*tables_, plain, request_target, plain.port.value_or(port), hits) == Outcome::done) return;
  }
  const SplitAuthority split = split_authority(host_and_port);
  find_host(*tables_, split.host, split.port.value_or(port), hits);
  if (!is_path) return url(request_target, hits);
  for (std::string_view scheme : {"http", "https"}) {
    if (auto parsed = url::Url::parse(fmt::format("{}://{}{}", scheme, host_and_port, request_target)))
      find_parsed(*tables_, *parsed, hits);
    if (split.port || port == 0) continue;
    if (auto parsed = url::Url::parse(fmt::format("{}://{}:{}{}", scheme, split.host, port, request_target)))
      find_parsed(*tables_, *parsed, hits);
  }
}

void Matcher::address(const url::IpAddress& address, Hits& hits) const {
  tables_->addresses.find(address, hits);
}

void Matcher::endpoint(const url::IpAddress& address, uint16_t port, Hits& hits) const {
  find_address(*tables_, address, port, hits);
}

void Matcher::digest(std::string_view hexadecimal, Hits& hits) const {
  if (tables_->digest_table.empty()) return;
  const auto bytes = base::from_hex(hexadecimal);
  if (!bytes) return;
  const uint32_t index = tables_->digest_table.find(*bytes, hash_text(tables_->key, *bytes));
  if (index != TextTable::none) hits.add(tables_->digests[index], Kind::sha256);
}

size_t Matcher::size() const {
  return tables_->entries;
}

size_t Matcher::bytes() const {
  const Tables& t = *tables_;
  return t.name_table.bytes() + t.names.capacity() * sizeof(Tables::Name) + t.url_table.bytes() +
         t.cut_table.bytes() + t.digest_table.bytes() + t.addresses.bytes() + t.patterns.bytes() +
         (t.urls.capacity() + t.cut_urls.capacity() + t.digests.capacity()) * sizeof(EntryId);
}

}  // namespace shikake::match
