// The forced run: arms that a branch does not take run first and once, with errors that end nothing, and
// procedures that nothing called are called. How an arm gets away (Exit) is undone.
#include <algorithm>

#include "honeyclient/vbscript/instance.h"
#include "honeyclient/vbscript/machine.h"

namespace shikake::honeyclient::vbscript {

namespace {

// Deeper, and every arm would be tried in a state that ever less led to.
constexpr uint32_t max_exploring = 40;

}  // namespace

bool Machine::explore_arm(const Statement& statement, size_t arm, const Block& block) {
  if (exploring_ >= max_exploring || !explored_.emplace(&statement, arm).second) return false;
  const bool resumes = std::exchange(frame().resume_next, true);
  const ErrorState error_before = error;
  ++exploring_;
  host.exploring(frame().source, statement.line, true);
  Flow flow = Flow::on;
  try {
    flow = run_block(block);
  } catch (const RuntimeError&) {
    // Of what the arm called: it is over.
  }
  host.exploring(frame().source, statement.line, false);
  --exploring_;
  frame().resume_next = resumes;
  frame().line = statement.line;
  frame().column = statement.column;
  error = error_before;
  return flow == Flow::on;
}

bool Machine::explore(const Statement& statement, std::span<const Block* const> arms, size_t taken) {
  if (!host.explores()) return false;
  bool goes_on = false;
  for (size_t arm = 0; arm < arms.size(); ++arm)
    if (arm != taken) goes_on = explore_arm(statement, arm, *arms[arm]) || goes_on;
  return goes_on;
}

bool Machine::goes_on_all_the_same(const Statement& statement, bool another_would) {
  return host.explores() && another_would && passed_.insert(&statement).second;
}

bool Machine::call_uncalled() {
  Entry entry(*this);
  // In the order of the text: a table of names has none.
  std::shared_ptr<Procedure> next;
  for (const auto& [name, procedure] : procedures_) {
    if (entered_.contains(procedure.get())) continue;
    if (!next || std::pair(procedure->source, procedure->line) < std::pair(next->source, next->line))
      next = procedure;
  }
  if (!next) return false;
  entered_.insert(next.get());
  frames_.push_back(std::make_unique<Frame>());
  frame().resume_next = true;
  std::vector<Argument> arguments(next->parameters.size());
  ++exploring_;
  host.exploring(next->source, next->line, true);
  try {
    call_procedure(next, arguments, nullptr);
  } catch (const RuntimeError&) {
  } catch (const Stopped&) {
    stop_requested_ = true;
  }
  host.exploring(next->source, next->line, false);
  --exploring_;
  return true;
}

}  // namespace shikake::honeyclient::vbscript
