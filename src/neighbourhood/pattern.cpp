#include "neighbourhood/pattern.h"

#include <algorithm>

#include "neighbourhood/hash.h"

namespace shikake::neighbourhood {
namespace {

// A folded text as an expression and as a glob. In s2 and folded hosts '<' and '#' stand for themselves
// nowhere.
struct Written {
  std::string regex, glob;
};

Written write(std::string_view folded, bool host) {
  Written out;
  for (size_t at = 0; at < folded.size();) {
    const char c = folded[at];
    if (c == '<') {
      const size_t end = folded.find('>', at);
      std::string_view kind = folded.substr(at + 1, end - at - 1);
      if (kind == "num" || kind == "number")
        out.regex += "[0-9]+";
      else if (kind.starts_with("hex"))
        out.regex += "[0-9A-Fa-f]{" + std::string(kind.substr(3)) + "}";
      else if (kind == "uuid")
        out.regex += "[0-9A-Fa-f-]{36}";
      else
        out.regex += host ? "[a-z0-9-]+" : "[^/?&=]+";
      out.glob += '*';
      at = end == folded.npos ? folded.size() : end + 1;
      continue;
    }
    if (c == '#') {
      out.regex += "[0-9]+";
      out.glob += '*';
    } else {
      if (std::string_view(".[]{}()*+?^$|\\").find(c) != std::string_view::npos) out.regex += '\\';
      out.regex += c;
      out.glob += c == '*' ? '?' : c;
    }
    ++at;
  }
  return out;
}

// The path, and the keys in their order with any values; a URL may have its keys in another order, so only
// the first is told where there are several.
Written write_path(std::string_view s2) {
  const size_t query = s2.find('?');
  Written out = write(s2.substr(0, query), false);
  if (query == s2.npos) {
    out.regex += '$';
  } else {
    const size_t end = std::min(s2.find('&', query), s2.size());
    const Written key = write(s2.substr(query + 1, end - query - 1), false);
    out.regex += "\\?(.*&)?" + key.regex;
    out.glob += "?*";
  }
  return out;
}

std::string tenant_regex(std::string_view key) {
  return "([a-z0-9-]+\\.)*" + write(key, true).regex + "(:[0-9]+)?";
}

}  // namespace

std::optional<Pattern> pattern_of(const Neighbourhood& around, const Ranking::Tally& inspected,
                                  const Taken& example) {
  if (inspected.benign > 0 || inspected.malicious < fewest_inspected) return std::nullopt;
  Pattern pattern;
  pattern.rule = around.rule;
  pattern.key = around.key;
  pattern.malicious = around.seed_count + inspected.malicious;
  pattern.benign = inspected.benign;
  pattern.inspected = inspected.malicious;
  if (pattern.malicious < fewest_malicious) return std::nullopt;
  const bool root = example.url.path_and_query() == "/";
  const Written path = write_path(example.path.s2);
  const Written host = write(example.host.folded, true);
  switch (around.rule) {
    case Rule::place: {
      // A root path of a tenant is the tenant; on shared hosting it would be blocked whole.
      if (root || example.tenant.grain == url::TenantGrain::platform_path) return std::nullopt;
      pattern.regex = "^https?://" + tenant_regex(example.tenant.key) + path.regex;
      pattern.glob = "*" + example.tenant.key + path.glob;
      break;
    }
    case Rule::path_shape:
      pattern.regex = "^https?://[^/]+" + path.regex;
      pattern.glob = "*" + path.glob;
      break;
    case Rule::host_shape:
      pattern.regex = "^https?://" + host.regex + "(:[0-9]+)?" + path.regex;
      pattern.glob = host.glob + path.glob;
      break;
  }
  pattern.squid = "acl shikake_patterns url_regex " + pattern.regex;
  // Suricata's own numbers end at 1,000,000; the rest is the users'. PCRE's delimiter and Suricata's quotes
  // and semicolons are told as codes.
  std::string pcre;
  for (char c : pattern.regex.substr(std::string_view("^https?://").size())) {
    if (c == '/')
      pcre += "\\/";
    else if (c == '"' || c == ';' || c == ':')
      pcre += c == '"' ? "\\x22" : c == ';' ? "\\x3B" : "\\x3A";
    else
      pcre += c;
  }
  const uint64_t sid = 4'000'000 + hash64(pattern.regex) % 1'000'000;
  pattern.suricata =
      "alert http any any -> any any (msg:\"Shikake neighbourhood\"; flow:established,to_server; "
      "http.host_url; pcre:\"/^" +
      pcre + "/\"; sid:" + std::to_string(sid) + "; rev:1;)";
  return pattern;
}

bool meets(const Pattern& pattern, const Taken& url) {
  switch (pattern.rule) {
    case Rule::place:
      return place_key(url) == pattern.key;
    case Rule::path_shape:
      return url.path.s2 == pattern.key;
    case Rule::host_shape:
      return host_key(url) == pattern.key;
  }
  return false;
}

Result<> measure(std::vector<Pattern>& patterns, Corpus& corpus, uint64_t most,
                 const std::function<bool(const std::string&)>& is_malicious) {
  if (patterns.empty()) return {};
  uint64_t measured = 0;
  SHIKAKE_TRY(corpus.for_each([&](const Keys&, const Entry& entry) {
    auto url = url::Url::parse(entry.url);
    if (!url || is_malicious(url->href())) return measured < most;
    const Taken taken = take_apart(std::move(*url));
    for (Pattern& pattern : patterns) pattern.met += meets(pattern, taken);
    return ++measured < most;
  }));
  for (Pattern& pattern : patterns) pattern.measured = measured;
  return {};
}

}  // namespace shikake::neighbourhood
