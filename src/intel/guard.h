// Lists of values that must never become a block entry: top sites, public resolvers, private networks.
// The form is that of MISP's warninglists (https://github.com/MISP/misp-warninglists).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "intel/model.h"

namespace shikake::intel {

enum class GuardType : uint8_t {
  string,     // the value itself
  hostname,   // the host and all below it, also as the host of a URL
  cidr,       // addresses and networks
  substring,  // anywhere in the value
  regex,      // PCRE, "/…/i" or bare
};

struct GuardList {
  std::string name;         // shown as the reason
  std::string description;  // may be empty
  std::string version;      // may be empty
  std::string source;       // file or address that it came from; may be empty
  GuardType type = GuardType::string;
  // MISP attribute types that the list speaks about ("domain", "ip-dst", "url", …); empty: all.
  std::vector<std::string> attributes;
  std::vector<std::string> values;
};

std::string_view name(GuardType type);
std::optional<GuardType> guard_type(std::string_view name);

// The compiled lists. Copies share one immutable form; safe to use from many threads.
class Guard {
 public:
  Guard();  // protects nothing
  // Values that make no sense for their list's type (a bad network, a bad regular expression) are left out
  // and described in `refused`, if given.
  static Guard make(const std::vector<GuardList>& lists, std::vector<std::string>* refused = nullptr);

  // Name of the list that forbids to block `key`, or nothing. A domain is protected also where a list names
  // a host below it, and a network where a list names an address in it: blocking it would block them.
  // The view lives as long as this Guard or a copy of it.
  std::optional<std::string_view> protects(const IndicatorKey& key) const;

  bool empty() const;

 private:
  struct Lists;
  std::shared_ptr<const Lists> lists_;
};

}  // namespace shikake::intel
