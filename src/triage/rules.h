// YARA rules: compiled before confinement, matched after it. https://yara.readthedocs.io/
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "triage/triage.h"

struct YR_RULES;

namespace shikake::triage {

class Rules {
 public:
  // Every *.yar and *.yara file of the folders (not below them), in order of name, and our own. A file that
  // does not compile is left out and named in errors(); a folder that can't be read is an error.
  static Result<Rules> compile(std::span<const std::filesystem::path> folders, bool own_rules);

  const std::vector<std::string>& errors() const { return errors_; }

  struct Matches {
    std::vector<RuleMatch> found;
    std::string cut_short;  // "" or why: too many, too slow
  };
  Matches match(base::ByteSpan bytes) const;

 private:
  struct Destroy {
    void operator()(YR_RULES* rules) const;
  };

  std::unique_ptr<YR_RULES, Destroy> rules_;  // none where there are no rules at all
  std::vector<std::string> errors_;
};

}  // namespace shikake::triage
