// Which paths mean something, by what is done to them. One row a rule.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "intel/behaviour.h"

namespace shikake::sandbox::monitor {

enum class Access : uint8_t {
  read,    // opened for reading, or listed
  write,   // made, opened for writing, replaced, linked to
  remove,  // unlinked, renamed away, cut to nothing
};

struct PathRule {
  Access access;
  // "*" within one component, "**" across them, "~" a person's home (/root or /home/NAME).
  std::string_view pattern;
  intel::BehaviourKind kind;
};
std::span<const PathRule> path_rules();

// The first rule that an absolute path falls under.
std::optional<intel::BehaviourKind> match_path(Access access, std::string_view path);
// The same for a question whether it is there and what it is like: programs that list folders ask it of every
// file, so only what is nobody's but a sandbox's, an analyst's or the host's says something.
std::optional<intel::BehaviourKind> match_presence(std::string_view path);
// Whether a path of which only the last component is known could fall under a rule for reading: sparing a
// look-up of the folder for the many that cannot.
bool may_matter(std::string_view last_component);

bool matches(std::string_view pattern, std::string_view path);

// Below a person's home: "/home/mika/report.odt".
bool in_home(std::string_view path);

}  // namespace shikake::sandbox::monitor
