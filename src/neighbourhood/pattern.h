// A neighbourhood that holds nothing but bad, written as patterns that proxies and sensors know.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "neighbourhood/corpus.h"
#include "neighbourhood/ranking.h"

namespace shikake::neighbourhood {

struct Pattern {
  std::string glob;   // as match/pattern.h takes it: host and path, '*' for any run
  std::string regex;  // POSIX extended, of the whole URL: Squid's url_regex
  // Its parts, for who looks at them apart: the host without a port (empty: any), path and query.
  std::string host_regex, path_regex;
  std::string literal;  // a run of bytes that every path has; may be empty
  Rule rule = Rule::place;
  std::string key;                     // of the neighbourhood
  uint64_t malicious = 0, benign = 0;  // known or inspected
  uint64_t inspected = 0;              // of the malicious, those that an inspection found
  // Of a corpus's URLs that are not known to be malicious, those that the pattern meets.
  uint64_t met = 0, measured = 0;
  // Of all URLs, the share that are innocent and meet it: what it meets and nobody has judged, times the
  // share of innocents to be expected among them after so many inspections (Laplace's rule of succession).
  double false_positive_rate() const {
    if (measured == 0) return 0;
    const double innocent = static_cast<double>(benign + 1) / static_cast<double>(inspected + benign + 2);
    return static_cast<double>(met) / static_cast<double>(measured) * innocent;
  }
};

// What must be known of a neighbourhood before it speaks for URLs that nobody has seen.
inline constexpr uint64_t fewest_malicious = 5;  // seeds and inspections
inline constexpr uint64_t fewest_inspected = 3;

// Nothing where the neighbourhood has a benign URL, too little is known of it, or a pattern would stand for a
// whole tenant of shared hosting or for every site's root. `example` lies in it.
std::optional<Pattern> pattern_of(const Neighbourhood& around, const Ranking::Tally& inspected,
                                  const Taken& example);

// A line of squid.conf (http://www.squid-cache.org/Doc/config/acl/, url_regex).
std::string squid_line(const Pattern& pattern);
// A rule for Suricata 5 and later (https://docs.suricata.io/en/latest/rules/http-keywords.html), which says
// how often it meets innocents in its metadata. It raises an alarm; it does not drop.
std::string suricata_rule(const Pattern& pattern);

// Whether a URL is of the make that the pattern stands for.
bool meets(const Pattern& pattern, const Taken& url);
// Counts each over the first `most` URLs of a corpus.
Result<> measure(std::vector<Pattern>& patterns, Corpus& corpus, uint64_t most,
                 const std::function<bool(const std::string&)>& is_malicious);

}  // namespace shikake::neighbourhood
