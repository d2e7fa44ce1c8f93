#include "triage/matcher.h"

#include <optional>
#include <utility>

#include "base/deadline.h"
#include "cell/reader.h"
#include "triage/protocol.h"

namespace shikake::triage {
namespace {

using base::Deadline;

// Compiled rules, one body and libyara's tables.
constexpr uint64_t matcher_memory = uint64_t{512} << 20;
constexpr std::chrono::seconds patience_starting{60};  // thousands of rules take some seconds to compile
constexpr std::chrono::seconds patience_matching{20};

}  // namespace

struct Matcher::State {
  std::vector<std::filesystem::path> folders;
  bool own_rules = true;
  std::vector<std::string> rule_errors;
  std::optional<cell::ReaderProcess> worker;

  Result<> start() {
    SHIKAKE_ASSIGN(auto started,
                   cell::ReaderProcess::start(worker_program, {}, max_worker_frame, matcher_memory));
    Question question;
    question.rules_alone = true;
    question.own_rules = own_rules;
    for (const auto& folder : folders) question.rule_folders.push_back(folder.string());
    const Deadline deadline = Deadline::after(patience_starting);
    auto sent = started.channel.send(static_cast<uint8_t>(WorkerMessage::question), base::to_wire(question),
                                     deadline);
    if (!sent) return fail(started.failure(Module::triage));
    auto ready = started.channel.receive(deadline);
    if (!ready) return fail(started.failure(Module::triage));
    if (static_cast<WorkerMessage>(ready->type) == WorkerMessage::failed)
      return fail(Module::triage, ErrorCode::not_found, "the rules can't be used: " + ready->body);
    SHIKAKE_ASSIGN(auto answer, base::from_wire<MatchAnswer>(ready->body));
    rule_errors = std::move(answer.errors);
    worker = std::move(started);
    return {};
  }

  Result<std::vector<RuleMatch>> ask(std::string_view bytes) {
    const Deadline deadline = Deadline::after(patience_matching);
    SHIKAKE_TRY(worker->channel.send(static_cast<uint8_t>(WorkerMessage::member_bytes), bytes, deadline));
    SHIKAKE_ASSIGN(auto frame, worker->channel.receive(deadline));
    if (static_cast<WorkerMessage>(frame.type) != WorkerMessage::done)
      return fail(Module::triage, ErrorCode::invalid_input, "the triage worker answered nonsense");
    SHIKAKE_ASSIGN(auto answer, base::from_wire<MatchAnswer>(frame.body));
    return std::move(answer.found);
  }
};

Matcher::Matcher(std::unique_ptr<State> state) : state_(std::move(state)) {}
Matcher::Matcher(Matcher&&) noexcept = default;
Matcher& Matcher::operator=(Matcher&&) noexcept = default;
Matcher::~Matcher() = default;

Result<Matcher> Matcher::open(std::vector<std::filesystem::path> folders, bool own_rules) {
  auto state = std::make_unique<State>();
  state->folders = std::move(folders);
  state->own_rules = own_rules;
  SHIKAKE_TRY(state->start());
  return Matcher(std::move(state));
}

Result<std::vector<RuleMatch>> Matcher::match(std::string_view bytes) {
  if (bytes.empty()) return std::vector<RuleMatch>();
  if (!state_->worker) SHIKAKE_TRY(state_->start());
  auto found = state_->ask(bytes.substr(0, max_matched_bytes));
  if (!found) state_->worker.reset();
  return found;
}

const std::vector<std::string>& Matcher::rule_errors() const {
  return state_->rule_errors;
}

}  // namespace shikake::triage
