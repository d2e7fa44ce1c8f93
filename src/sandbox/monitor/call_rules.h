// Calls whose meaning does not hang on a path. One row a rule.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "intel/behaviour.h"
#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::monitor {

struct CallRule {
  trace::Sys sys;
  intel::BehaviourKind kind;
  std::vector<trace::ArgumentTest> when = {};  // all hold; none: always
  // What it is done to; without it, the text (which may be empty: then the call's name).
  std::string (*object)(trace::Thread&, const trace::Call&) = nullptr;
  const char* text = "";
};
std::span<const CallRule> call_rules();

// Whether a call as made satisfies the tests that a filter does in the kernel.
bool holds(const std::vector<trace::ArgumentTest>& tests, const trace::Call& call);
std::string object_of(const CallRule& rule, trace::Thread& thread, const trace::Call& call);

}  // namespace shikake::sandbox::monitor
