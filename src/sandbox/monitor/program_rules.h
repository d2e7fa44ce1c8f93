// Programs of the system whose start means something. One row a rule.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "intel/behaviour.h"
#include "sandbox/trace/event.h"

namespace shikake::sandbox::monitor {

struct ProgramRule {
  std::string_view program;   // last component of argv[0] or of the executable
  std::string_view argument;  // an argument that has to be there; "": any
  intel::BehaviourKind kind;
};
std::span<const ProgramRule> program_rules();

// Every kind that a start falls under, once.
std::vector<intel::BehaviourKind> match_program(const trace::Execution& execution);

}  // namespace shikake::sandbox::monitor
