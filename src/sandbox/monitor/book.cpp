#include "sandbox/monitor/book.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace shikake::sandbox::monitor {
namespace {

std::string cut(std::string text) {
  if (text.size() > max_text_bytes) text.resize(max_text_bytes);
  return text;
}

std::vector<std::string> cut(const std::vector<std::string>& texts) {
  std::vector<std::string> out;
  for (size_t i = 0; i < texts.size() && i < max_environment_strings; ++i) out.push_back(cut(texts[i]));
  return out;
}

std::string how(const base::WaitStatus& status) {
  if (status.how == base::WaitStatus::How::exited) return fmt::format("exited {}", status.value);
  const char* name = sigabbrev_np(status.value);
  return name ? fmt::format("killed by SIG{}", name) : fmt::format("killed by signal {}", status.value);
}

}  // namespace

void Book::started(const trace::Process& process) {
  if (process.id.value > max_processes) return limit("processes");
  intel::RunProcess& record = processes_[process.id.value];
  record.id = number(process.id);
  if (process.parent.value != 0 && process.parent.value <= max_processes)
    record.parent = number(process.parent);
  record.pid = static_cast<uint32_t>(process.inner_pid);
  record.exe = cut(process.executable);
  record.start = now();
  if (const auto parent = processes_.find(process.parent.value); parent != processes_.end()) {
    record.cwd = parent->second.cwd;
    record.argv = parent->second.argv;  // a fork is its parent's program until it executes another
  }
  sink_.process(record);
}

void Book::executed(const trace::Process& process, const trace::Execution& execution,
                    std::optional<base::Digest> image) {
  const auto found = processes_.find(process.id.value);
  if (found == processes_.end()) return;
  intel::RunProcess& record = found->second;
  record.exe = cut(execution.executable);
  record.cwd = cut(execution.directory);
  record.argv = cut(execution.arguments);
  record.env = cut(execution.environment);
  record.image = image;
  record.pid = static_cast<uint32_t>(process.inner_pid);
  if (execution.truncated || execution.arguments.size() > max_environment_strings ||
      execution.environment.size() > max_environment_strings)
    limit("arguments");
  sink_.process(record);
}

void Book::thread_started(const trace::Process& process) {
  const auto found = processes_.find(process.id.value);
  if (found != processes_.end()) found->second.threads = std::max(found->second.threads, process.threads - process.emulated.own_threads);
}

void Book::ended(const trace::Process& process, const trace::Ending& ending) {
  const auto found = processes_.find(process.id.value);
  if (found == processes_.end()) return;
  found->second.end = now();
  found->second.how_ended = how(ending.status);
  sink_.process(found->second);
  processes_.erase(found);
}

void Book::note(trace::ProcessId process, intel::BehaviourKind kind, std::string object, std::string proof) {
  object = cut(std::move(object));
  if (const auto found = index_.find(Key(process.value, kind, object)); found != index_.end()) {
    ++behaviours_[found->second].count;
    grown_.insert(found->second);
    return;
  }
  const auto known = by_kind_.find({process.value, kind});
  const size_t same = known == by_kind_.end() ? 0 : known->second.size();
  if (same >= max_objects_of_a_kind || behaviours_.size() >= max_behaviours) {
    limit("behaviours");
    if (same == 0) return;
    ++behaviours_[known->second.back()].count;  // the last one of the kind stands for the rest
    grown_.insert(known->second.back());
    return;
  }
  const auto index = static_cast<uint32_t>(behaviours_.size());
  intel::RunBehaviour behaviour;
  behaviour.kind = kind;
  behaviour.process = number(process);
  behaviour.time = now();
  behaviour.object = object;
  behaviour.proof = cut(std::move(proof));
  sink_.behaviour(index, behaviour);
  behaviours_.push_back(std::move(behaviour));
  by_kind_[{process.value, kind}].push_back(index);
  index_.emplace(Key(process.value, kind, std::move(object)), index);
}

bool Book::noted(trace::ProcessId process, intel::BehaviourKind kind) const {
  return by_kind_.contains({process.value, kind});
}

void Book::limit(std::string_view name) {
  if (limits_.contains(name)) return;
  limits_.emplace(name);
  sink_.limit(name);
}

void Book::finish() {
  for (const uint32_t index : grown_) sink_.behaviour(index, behaviours_[index]);
  grown_.clear();
  for (const auto& [id, process] : processes_) sink_.process(process);
}

}  // namespace shikake::sandbox::monitor
