// URLs, domains, addresses, file names and mail addresses in one run of text.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "triage/triage.h"

namespace shikake::triage {

class Findings {
 public:
  explicit Findings(Strings& out) : out_(out) {}

  void look_at(std::string_view run);
  bool list_full() const { return list_full_; }  // max_found of something were found
  bool gave_up() const { return candidates_ == 0; }

 private:
  void look_for_urls(std::string_view run);
  void look_for_paths(std::string_view run);
  void look_at_name(std::string_view run, size_t begin, size_t end);
  void look_for_ipv6(std::string_view run);
  void add(std::vector<std::string>& list, std::unordered_set<std::string>& seen, std::string value);

  // Each look-alike costs a parse; a file made of them must not cost minutes.
  static constexpr unsigned max_candidates = 2'000'000;

  Strings& out_;
  unsigned candidates_ = max_candidates;
  bool list_full_ = false;
  std::unordered_set<std::string> urls_, domains_, addresses_, paths_, mails_;
};

}  // namespace shikake::triage
