// The rules of data/yara, built into the program.
#pragma once

#include <span>

namespace shikake::triage {

struct OwnRules {
  const char* name;  // of the file, without its extension
  const char* text;
};

std::span<const OwnRules> own_rules();

}  // namespace shikake::triage
