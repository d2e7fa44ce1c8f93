// The matcher against its oracle: first byte which lookup, then entries (one a line, until an empty line),
// then the text to look up.
#include "match/matcher.h"

#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "match/oracle.h"

namespace {

using namespace shikake;

// The kind that fits, and the canonical value; nothing where none does.
std::optional<match::oracle::Entry> entry_of(std::string_view text, match::EntryId id) {
  using match::Kind;
  if (text.find('*') != std::string_view::npos) return std::nullopt;  // the oracle's glob is exponential
  if (text.starts_with('/')) return match::oracle::Entry{Kind::pattern, std::string(text), id};
  if (auto ip = url::IpAddress::parse(text)) return match::oracle::Entry{Kind::ip, ip->to_string(), id};
  if (text.find("://") != std::string_view::npos) {
    auto parsed = url::Url::parse(text);
    if (!parsed || parsed->hostname().ends_with('.')) return std::nullopt;
    parsed->set_username("");
    parsed->set_password("");
    return match::oracle::Entry{Kind::url, std::string(parsed->href_without_fragment()), id};
  }
  if (auto network = url::Cidr::parse(text))
    return match::oracle::Entry{Kind::cidr, network->to_string(), id};
  auto host = url::host_from_text(text);
  if (!host || host->kind != url::HostKind::domain || host->text.ends_with('.')) return std::nullopt;
  return match::oracle::Entry{Kind::domain, host->text, id};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2 || size > 4096) return 0;
  const uint8_t which = data[0];
  std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  std::vector<match::oracle::Entry> entries;
  match::Builder builder;
  std::set<std::pair<match::Kind, std::string>> known;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.empty()) break;
    const auto entry = entry_of(line, static_cast<match::EntryId>(entries.size()));
    if (!entry || !known.emplace(entry->kind, entry->value).second) continue;
    if (builder.add(entry->kind, entry->value, entry->id)) entries.push_back(*entry);
  }
  const auto matcher = builder.build();
  SHIKAKE_CHECK(matcher.has_value());
  const match::oracle::Oracle oracle(entries);
  match::Hits hits;
  std::set<match::EntryId> expected, found;
  const uint16_t port = which & 1 ? 8080 : 0;
  switch (which / 2 % 4) {
    case 0:
      matcher->url(rest, hits);
      oracle.url(rest, expected);
      break;
    case 1:
      matcher->host(rest, hits);
      if (!rest.empty()) oracle.host(rest, 0, expected);
      break;
    case 2:
      matcher->authority(rest, port, hits);
      oracle.authority(rest, port, expected);
      break;
    case 3: {
      const std::string_view host = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(host.size() + 1, rest.size()));
      matcher->target(host, rest, port, hits);
      oracle.target(host, rest, port, expected);
      break;
    }
  }
  for (const match::Hit& hit : hits) found.insert(hit.entry);
  // An entry with a query stands for all others that share what is before it, where the query was cut off.
  if (found != expected) {
    for (match::EntryId id : found) SHIKAKE_CHECK(expected.contains(id));
    for (match::EntryId id : expected)
      SHIKAKE_CHECK(found.contains(id) || (entries[id].kind == match::Kind::url &&
                                           entries[id].value.find('?') != std::string::npos));
  }
  return 0;
}
