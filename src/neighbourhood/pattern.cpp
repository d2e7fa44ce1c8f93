#include "neighbourhood/pattern.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

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
  return "([a-z0-9-]+\\.)*" + write(key, true).regex;
}

// The longest run of letters, digits and marks that mean nothing in any of the formats.
std::string longest_literal(std::string_view s2) {
  std::string_view longest;
  const std::string_view path = s2.substr(0, s2.find('?'));
  for (size_t at = 0; at < path.size();) {
    if (path[at] == '<') {
      at = std::min(path.find('>', at), path.size());
      continue;
    }
    size_t end = at;
    while (end < path.size() && (std::isalnum(static_cast<unsigned char>(path[end])) != 0 ||
                                 std::string_view("/._-").find(path[end]) != std::string_view::npos))
      ++end;
    if (end - at > longest.size()) longest = path.substr(at, end - at);
    at = std::max(end, at + 1);
  }
  return std::string(longest);
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
      pattern.host_regex = tenant_regex(example.tenant.key);
      pattern.glob = "*" + example.tenant.key + path.glob;
      break;
    }
    case Rule::path_shape:
      pattern.glob = "*" + path.glob;
      break;
    case Rule::host_shape:
      pattern.host_regex = host.regex;
      pattern.glob = host.glob + path.glob;
      break;
  }
  pattern.path_regex = path.regex;
  pattern.literal = longest_literal(example.path.s2);
  pattern.regex = "^https?://" + (pattern.host_regex.empty() ? "[^/]+" : pattern.host_regex + "(:[0-9]+)?") +
                  pattern.path_regex;
  return pattern;
}

std::string squid_line(const Pattern& pattern) {
  return "acl shikake_patterns url_regex " + pattern.regex;
}

namespace {

// PCRE's delimiter, and what Suricata's rules are made of, are told as codes.
std::string pcre(std::string_view regex) {
  std::string out = "pcre:\"/^";
  for (char c : regex) {
    if (c == '/')
      out += "\\/";
    else if (c == '"' || c == ';' || c == ':')
      out += c == '"' ? "\\x22" : c == ';' ? "\\x3B" : "\\x3A";
    else
      out += c;
  }
  return out + "/\"; ";
}

}  // namespace

std::string suricata_rule(const Pattern& pattern) {
  // Suricata's own numbers end at 1,000,000, and public rule sets take those that follow.
  const uint64_t sid = 4'000'000 + hash64(pattern.regex) % 1'000'000;
  std::string rule =
      "alert http any any -> any any (msg:\"Shikake neighbourhood\"; flow:established,to_server; ";
  // http.host is lower case and has no port; http.uri.raw is the path and query as they were sent.
  if (!pattern.host_regex.empty()) rule += "http.host; " + pcre(pattern.host_regex + "$");
  rule += "http.uri.raw; ";
  // What the engine looks for at first, so that few requests come to the expression.
  if (!pattern.literal.empty()) rule += "content:\"" + pattern.literal + "\"; ";
  rule += pcre(pattern.path_regex);
  rule += fmt::format("metadata:malicious {}, met {}, measured {}, false_positive_rate {:.6f}; ",
                      pattern.malicious, pattern.met, pattern.measured, pattern.false_positive_rate());
  return rule + "sid:" + std::to_string(sid) + "; rev:1;)";
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
