// YARA rules over many bodies, one after another: the same confined worker as a triage's, kept for as long as
// there is something to match. A worker that dies or hangs costs the body it was given; the next one gets a
// new worker.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "triage/triage.h"

namespace shikake::triage {

// Longer bodies are matched as far as this: two frames' worth of text, and far more than pages' scripts have.
inline constexpr size_t max_matched_bytes = size_t{8} << 20;

class Matcher {
 public:
  // Every *.yar and *.yara file of the folders, and our own rules where asked for. A folder that can't be
  // read is an error; a file that does not compile is named in rule_errors().
  static Result<Matcher> open(std::vector<std::filesystem::path> folders, bool own_rules);
  Matcher(Matcher&&) noexcept;
  Matcher& operator=(Matcher&&) noexcept;
  ~Matcher();

  // What matches. Errors: timeout and unavailable, of this body alone.
  Result<std::vector<RuleMatch>> match(std::string_view bytes);
  const std::vector<std::string>& rule_errors() const;

 private:
  struct State;
  explicit Matcher(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace shikake::triage
