// What is known to be bad, compiled for an audit: the matcher, and what each of its entries stands for.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "intel/model.h"
#include "match/matcher.h"

namespace shikake::audit {

// An entry of the matcher: as much of an indicator as judging a log line needs.
struct Known {
  intel::IndicatorKey key;
  intel::Role role = intel::Role::unknown;  // of its strongest evidence that names one
  uint8_t confidence = 0;                   // 0 to 100, before decay: the log may be as old as the evidence
  bool root_url = false;                    // a URL that names nothing but its host
  uint32_t source = 0;                      // index of a text: who says so
  uint32_t family = 0;                      // index of a text
  uint32_t guarded_by = 0;                  // index of a text; 0: by nobody
};

class Intelligence {
 public:
  class Builder;

  const match::Matcher& matcher() const { return matcher_; }
  const Known& known(match::EntryId entry) const { return known_[entry]; }
  size_t size() const { return known_.size(); }
  std::string_view text(uint32_t index) const { return texts_[index]; }

  // Name of the list that keeps hits on this entry from counting, or "". A guard list speaks of hosts: it
  // holds for a domain, an address, a network and a URL that is a host's root; for a URL with a path only
  // when no evidence says which part it plays in an attack.
  std::string_view guard_of(match::EntryId entry) const { return texts_[known_[entry].guarded_by]; }

 private:
  match::Matcher matcher_;
  std::vector<Known> known_;
  std::vector<std::string> texts_ = {""};
};

// Takes indicators as a store's for_each gives them:
//
//   Intelligence::Builder builder([&](const auto& key) { return store.guard().protects(key); });
//   store.for_each(filter, [&](const intel::Indicator& i, auto) { builder.add(i); return true; });
//   Result<Intelligence> intelligence = builder.build();
class Intelligence::Builder {
 public:
  // Name of the guard list that protects a value, as intel::Guard::protects gives it.
  using Guard = std::function<std::optional<std::string_view>(const intel::IndicatorKey&)>;

  explicit Builder(Guard guard = {}) : guard_(std::move(guard)) {}

  // Leaves out what a person judged a false positive, and values that can't be matched.
  void add(const intel::Indicator& indicator);
  uint64_t left_out() const { return left_out_; }
  Result<Intelligence> build();  // once

 private:
  uint32_t text_index(std::string_view text);
  std::string guard_name(const Known& known, const intel::Indicator& indicator) const;

  Guard guard_;
  match::Builder matcher_;
  Intelligence made_;
  std::unordered_map<std::string, uint32_t> text_indexes_;
  uint64_t left_out_ = 0;
};

}  // namespace shikake::audit
