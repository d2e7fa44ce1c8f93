#include <fmt/format.h>

#include "base/bytes.h"
#include "base/checked.h"
#include "match/matcher.h"
#include "match/tables.h"

namespace shikake::match {
namespace {

tl::unexpected<Error> refuse(std::string_view value, std::string_view what) {
  return fail(Module::match, ErrorCode::invalid_input, fmt::format("'{}' is not {}", value, what));
}

Tables::Name& name_of(Tables& tables, std::string_view host) {
  const uint32_t index = tables.name_table.insert(host, hash_name(tables.key, host));
  if (index == tables.names.size()) tables.names.emplace_back();
  return tables.names[index];
}

void insert(TextTable& table, std::vector<EntryId>& values, const HashKey& key, std::string_view text,
            EntryId entry) {
  if (table.insert(text, hash_text(key, text)) == values.size()) values.push_back(entry);
}

Result<> add_url(Tables& tables, std::string_view value, EntryId entry) {
  auto parsed = url::Url::parse(value);
  if (!parsed) return refuse(value, "a URL: " + parsed.error().what);
  const std::string canonical = canonical_url(*parsed);
  insert(tables.url_table, tables.urls, tables.key, canonical, entry);
  if (const size_t query = canonical.find('?'); query != std::string::npos && query + 1 < canonical.size())
    insert(tables.cut_table, tables.cut_urls, tables.key, std::string_view(canonical).substr(0, query + 1),
           entry);

  std::string_view host = parsed->hostname();
  while (host.ends_with('.')) host.remove_suffix(1);
  // A longer host never passes the cheap path, so nothing has to find it there.
  if (!host.empty() && host.size() <= PlainName::max_length) name_of(tables, host).has_urls = true;
  return {};
}

Result<> add_domain(Tables& tables, std::string_view value, EntryId entry) {
  if (value.empty() || value.size() > PlainName::max_length || value.ends_with('.'))
    return refuse(value, fmt::format("a domain name of 1 to {} characters without a trailing dot",
                                     PlainName::max_length));
  Tables::Name& name = name_of(tables, value);
  if (name.domain == TextTable::none) name.domain = entry;
  return {};
}

Result<> add_ip_port(Tables& tables, std::string_view value, EntryId entry) {
  const size_t colon = value.rfind(':');
  if (colon == std::string_view::npos) return refuse(value, "address:port");
  std::string_view address = value.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  const auto ip = url::IpAddress::parse(address);
  const auto port = base::parse_integer<uint16_t>(value.substr(colon + 1));
  if (!ip || !port) return refuse(value, "address:port");
  tables.addresses.add(*ip, *port, entry);
  return {};
}

}  // namespace

Builder::Builder() : tables_(std::make_unique<Tables>()) {}
Builder::~Builder() = default;
Builder::Builder(Builder&&) noexcept = default;
Builder& Builder::operator=(Builder&&) noexcept = default;

Result<> Builder::add(Kind kind, std::string_view value, EntryId entry) {
  Tables& tables = *tables_;
  switch (kind) {
    case Kind::url:
      SHIKAKE_TRY(add_url(tables, value, entry));
      break;
    case Kind::domain:
      SHIKAKE_TRY(add_domain(tables, value, entry));
      break;
    case Kind::ip: {
      const auto ip = url::IpAddress::parse(value);
      if (!ip) return refuse(value, "an IP address");
      tables.addresses.add(*url::Cidr::make(*ip, ip->is_v6() ? 128 : 32), entry, kind);
      break;
    }
    case Kind::cidr: {
      const auto network = url::Cidr::parse(value);
      if (!network) return refuse(value, "a network in CIDR form");
      tables.addresses.add(*network, entry, kind);
      break;
    }
    case Kind::ip_port:
      SHIKAKE_TRY(add_ip_port(tables, value, entry));
      break;
    case Kind::pattern:
      SHIKAKE_TRY(tables.patterns.add(value, entry));
      break;
    case Kind::sha256: {
      const auto bytes = base::from_hex(value);
      if (!bytes || bytes->size() != 32) return refuse(value, "a SHA-256 digest in hexadecimal");
      insert(tables.digest_table, tables.digests, tables.key, *bytes, entry);
      break;
    }
  }
  ++tables.entries;
  return {};
}

Result<Matcher> Builder::build() {
  Tables& tables = *tables_;
  SHIKAKE_TRY(tables.patterns.freeze());
  tables.name_table.freeze();
  tables.url_table.freeze();
  tables.cut_table.freeze();
  tables.digest_table.freeze();
  tables.addresses.freeze();
  return Matcher(std::move(tables_));
}

}  // namespace shikake::match
