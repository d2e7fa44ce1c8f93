// Squid configuration, for `include /path/to/this` above the first rule that allows:
//
//   acl shikake_domains dstdomain .bad.example          the name and all below it
//   acl shikake_addresses dst 192.0.2.1                 addresses and networks
//   acl shikake_urls url_regex ^http://host/path$       anchored, everything else escaped
//   # 7 known; 0 of 90000 others meet it ...            why a pattern is one, and how often it is wrong
//   acl shikake_patterns url_regex ^[a-z]+://.*/kit/    match/pattern.h's patterns
//   http_access deny shikake_domains                    one for each list that is not empty
//
// Squid (http://www.squid-cache.org/Doc/config/acl/) refuses a dstdomain list in which one entry lies under
// another, so those are left out, and so are URLs that a listed name or address covers already.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "publish/out/selection.h"
#include "url/ip.h"
#include "url/url.h"

namespace shikake::publish {
namespace {

using intel::IndicatorType;

// Squid reads a configuration line into a buffer of this size (CONFIG_LINE_LIMIT).
constexpr size_t max_line_bytes = 2000;

// Squid's own words in a token would be quotes and the file-name form; names of real hosts have neither.
bool is_plain_domain(std::string_view domain) {
  return domain.size() <= 253 && !domain.empty() && domain.front() != '.' &&
         std::all_of(domain.begin(), domain.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
         });
}

// For a POSIX extended expression, the kind that url_regex compiles.
std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (std::string_view(".[]{}()*+?^$|\\").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::optional<std::string> regex_of_url(std::string_view value) {
  auto parsed = url::Url::parse(value);
  if (!parsed) return std::nullopt;
  std::string_view href = parsed->href_without_fragment();
  bool visible = std::all_of(href.begin(), href.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (!visible || href.size() > max_line_bytes / 2) return std::nullopt;
  return "^" + escaped(href) + "$";
}

// Requests to an address and port: http://192.0.2.1:8080/…, and CONNECT 192.0.2.1:8080.
std::optional<std::string> regex_of_endpoint(std::string_view value) {
  size_t colon = value.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string host = escaped(value.substr(0, colon)), port(value.substr(colon + 1));
  if (port == "80") return "^((http://" + host + "(:80)?(/|$))|(" + host + ":80$))";
  if (port == "443") return "^((https://" + host + "(:443)?(/|$))|(" + host + ":443$))";
  return "^([a-z]+://)?" + host + ":" + port + "(/|$)";
}

// Labels from the right, so that a parent sorts before all that lies below it, and right before it.
std::string reversed(std::string_view domain) {
  std::string out;
  size_t end = domain.size();
  while (true) {
    size_t dot = end == 0 ? std::string_view::npos : domain.rfind('.', end - 1);
    size_t begin = dot == std::string_view::npos ? 0 : dot + 1;
    out.append(domain.substr(begin, end - begin)) += '\x01';  // below every byte of a name
    if (begin == 0) return out;
    end = dot;
  }
}

// Leaves those that lie under none of the others; how many went.
uint64_t remove_subsumed(std::vector<std::string>& reversed_domains) {
  std::sort(reversed_domains.begin(), reversed_domains.end());
  size_t kept = 0;
  for (size_t i = 0; i < reversed_domains.size(); ++i) {
    if (kept > 0 && reversed_domains[i].starts_with(reversed_domains[kept - 1])) continue;
    if (i != kept) reversed_domains[kept] = std::move(reversed_domains[i]);
    ++kept;
  }
  uint64_t removed = reversed_domains.size() - kept;
  reversed_domains.resize(kept);
  return removed;
}

std::string original(std::string_view reversed_domain) {
  std::string out;
  size_t end = reversed_domain.size() - 1;  // of the label before its separator
  while (true) {
    size_t separator = end == 0 ? std::string_view::npos : reversed_domain.rfind('\x01', end - 1);
    size_t begin = separator == std::string_view::npos ? 0 : separator + 1;
    if (!out.empty()) out += '.';
    out += reversed_domain.substr(begin, end - begin);
    if (begin == 0) return out;
    end = separator;
  }
}

// The same as match/pattern.h would find.
std::optional<std::string> regex_of_pattern(std::string_view value) {
  const bool visible = std::all_of(value.begin(), value.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (value.empty() || !visible || value.size() > max_line_bytes / 4) return std::nullopt;
  const bool glob = value.find('*') != value.npos;
  std::string regex = value.front() == '/' ? "^[a-z]+://[^/]*" : "^[a-z]+://";
  for (char c : value) regex += glob && c == '*' ? ".*" : escaped({&c, 1});
  if (glob) return regex + "$";
  if (value.front() != '/') return std::nullopt;  // a glob without a star stands for nothing
  return regex + (value.find('?') == value.npos ? "(\\?.*)?$" : "");
}

// What evidence says, on one line; how often a pattern is wrong stands there.
std::string comment_of(const intel::Indicator& indicator, intel::Tlp limit) {
  std::string text;
  for (const intel::Evidence& evidence : indicator.evidence) {
    if (evidence.assertion.tlp > limit) continue;
    text += "# ";
    for (char c : evidence.assertion.why.substr(0, max_line_bytes / 4))
      text += c >= ' ' && c < 0x7F ? c : '?';
    text += '\n';
  }
  return text;
}

Result<Written> add_pattern(const intel::IndicatorKey& key, const store::Store& store, intel::Tlp limit,
                            Spool& patterns) {
  const std::optional<std::string> regex = regex_of_pattern(key.value);
  if (!regex) return Written::inexpressible;
  SHIKAKE_ASSIGN(const std::optional<intel::Indicator> known, store.find(key));
  SHIKAKE_TRY(patterns.write((known ? comment_of(*known, limit) : "") + "acl shikake_patterns url_regex " +
                             *regex + "\n"));
  return Written::yes;
}

// A network before all that lies in it.
bool in_order(const url::Cidr& a, const url::Cidr& b) {
  return std::tuple(a.network(), a.prefix_length()) < std::tuple(b.network(), b.prefix_length());
}

// Squid warns of networks inside networks as it does of domains.
uint64_t remove_subsumed(std::vector<url::Cidr>& networks) {
  std::sort(networks.begin(), networks.end(), in_order);
  std::vector<url::Cidr> kept;
  for (const url::Cidr& network : networks) {
    if (kept.empty() || !kept.back().contains(network)) kept.push_back(network);
  }
  uint64_t removed = networks.size() - kept.size();
  networks = std::move(kept);
  return removed;
}

// What is listed by name and by address, each entry under none of the others.
class Lists {
 public:
  void add(const intel::IndicatorKey& key) {
    if (key.type == IndicatorType::domain) {
      if (is_plain_domain(key.value)) domains_.push_back(reversed(key.value));
    } else if (auto network = url::Cidr::parse(key.value)) {
      networks_.push_back(*network);
    }
  }
  // Once all are added: how many went.
  uint64_t remove_subsumed() {
    return publish::remove_subsumed(domains_) + publish::remove_subsumed(networks_);
  }

  // Of a URL as it is serialised: what lies in front of the first greater one of a sorted list is the only
  // entry that can cover it.
  bool covers(std::string_view href) const {
    auto url = url::Url::parse(href);
    if (!url) return false;
    if (auto address = url->ip()) {
      const url::Cidr host = *url::Cidr::make(*address, address->is_v4() ? 32 : 128);
      auto after = std::upper_bound(networks_.begin(), networks_.end(), host, in_order);
      return after != networks_.begin() && std::prev(after)->contains(host);
    }
    const std::string name = reversed(url->hostname());
    auto after = std::upper_bound(domains_.begin(), domains_.end(), name);
    return after != domains_.begin() && name.starts_with(*std::prev(after));
  }

  const std::vector<std::string>& domains() const { return domains_; }  // reversed
  const std::vector<url::Cidr>& networks() const { return networks_; }

 private:
  std::vector<std::string> domains_;
  std::vector<url::Cidr> networks_;
};

// Names and addresses are in the lists already; URLs and endpoints go into the spool.
Result<Written> write_one(const intel::IndicatorKey& key, const Lists& lists, Spool& urls) {
  std::optional<std::string> regex;
  switch (key.type) {
    case IndicatorType::domain:
      return is_plain_domain(key.value) ? Written::yes : Written::inexpressible;
    case IndicatorType::ip:
    case IndicatorType::cidr:
      return url::Cidr::parse(key.value) ? Written::yes : Written::inexpressible;
    case IndicatorType::url:
      if (lists.covers(key.value)) return Written::subsumed;
      regex = regex_of_url(key.value);
      break;
    case IndicatorType::ip_port:
      if (lists.covers("http://" + key.value + "/")) return Written::subsumed;
      regex = regex_of_endpoint(key.value);
      break;
    default:
      break;
  }
  if (!regex) return Written::inexpressible;
  SHIKAKE_TRY(urls.write("acl shikake_urls url_regex " + *regex + "\n"));
  return Written::yes;
}

std::string address_text(const url::Cidr& network) {
  unsigned whole = network.network().is_v4() ? 32 : 128;
  return network.prefix_length() == whole ? network.network().to_string() : network.to_string();
}

}  // namespace

Result<ExportReport> write_squid(const ByteSink& sink, const ExportOptions& options,
                                 const store::Store& store) {
  Lists lists;
  for (IndicatorType type : {IndicatorType::domain, IndicatorType::ip, IndicatorType::cidr}) {
    SHIKAKE_TRY(select_indicators(
        options, store, false,
        [&](const intel::Indicator& indicator) {
          lists.add(indicator.key);
          return Written::yes;
        },
        type));
  }
  const uint64_t removed = lists.remove_subsumed();
  SHIKAKE_ASSIGN(Spool urls, Spool::open());
  SHIKAKE_ASSIGN(Spool patterns, Spool::open());
  SHIKAKE_ASSIGN(ExportReport report,
                 select_indicators(options, store, false, [&](const intel::Indicator& indicator) {
                   return indicator.key.type == IndicatorType::pattern
                              ? add_pattern(indicator.key, store, options.tlp_limit, patterns)
                              : write_one(indicator.key, lists, urls);
                 }));
  report.subsumed += removed;
  report.entries -= removed;

  std::string chunk = header_lines("#", "Shikake access lists for Squid", options, report);
  constexpr size_t chunk_bytes = 64 << 10;
  auto line = [&](std::string_view text) -> Result<> {
    chunk.append(text) += '\n';
    if (chunk.size() < chunk_bytes) return {};
    SHIKAKE_TRY(sink(chunk));
    chunk.clear();
    return {};
  };
  for (const std::string& domain : lists.domains())
    SHIKAKE_TRY(line("acl shikake_domains dstdomain ." + original(domain)));
  for (const url::Cidr& network : lists.networks())
    SHIKAKE_TRY(line("acl shikake_addresses dst " + address_text(network)));
  SHIKAKE_TRY(sink(chunk));
  chunk.clear();
  SHIKAKE_TRY(urls.copy_to(sink));
  SHIKAKE_TRY(patterns.copy_to(sink));
  // What is only fit to alert is logged under the lists' names, not denied.
  if (*options.action == intel::Action::block) {
    if (!lists.domains().empty()) SHIKAKE_TRY(line("http_access deny shikake_domains"));
    if (!lists.networks().empty()) SHIKAKE_TRY(line("http_access deny shikake_addresses"));
    if (!urls.empty()) SHIKAKE_TRY(line("http_access deny shikake_urls"));
    if (!patterns.empty()) SHIKAKE_TRY(line("http_access deny shikake_patterns"));
  }
  SHIKAKE_TRY(sink(chunk));
  return report;
}

}  // namespace shikake::publish
