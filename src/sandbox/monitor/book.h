// What the monitor has noted so far, bounded, told to the sink as it comes.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "sandbox/monitor/sink.h"
#include "sandbox/trace/event.h"

namespace shikake::sandbox::monitor {

// Bounds, so that a guest that does everything a million times costs a fixed amount of memory.
inline constexpr size_t max_behaviours = 4096;       // in a run
inline constexpr size_t max_objects_of_a_kind = 64;  // of one kind by one process; further ones are counted
inline constexpr size_t max_processes = 8192;
inline constexpr size_t max_text_bytes = 4096;          // of a path, an object, an argument
inline constexpr size_t max_environment_strings = 256;  // of a program's arguments, and of its environment

class Book {
 public:
  // `now`: what time it is for the guest.
  Book(Sink& sink, std::function<base::TimePoint()> now) : sink_(sink), now_(std::move(now)) {}

  void started(const trace::Process& process);
  void executed(const trace::Process& process, const trace::Execution& execution,
                std::optional<base::Digest> image);
  void thread_started(const trace::Process& process);
  void ended(const trace::Process& process, const trace::Ending& ending);

  void note(trace::ProcessId process, intel::BehaviourKind kind, std::string object, std::string proof);
  bool noted(trace::ProcessId process, intel::BehaviourKind kind) const;
  void limit(std::string_view name);
  // Tells the counts that have grown since they were told.
  void finish();

  Sink& sink() { return sink_; }
  base::TimePoint now() const { return now_(); }
  static uint32_t number(trace::ProcessId process) { return process.value - 1; }  // RunProcess::id

 private:
  using Key = std::tuple<uint32_t, intel::BehaviourKind, std::string>;

  Sink& sink_;
  std::function<base::TimePoint()> now_;
  std::unordered_map<uint32_t, intel::RunProcess> processes_;  // alive, by id
  std::map<Key, uint32_t> index_;
  std::map<std::pair<uint32_t, intel::BehaviourKind>, std::vector<uint32_t>> by_kind_;
  std::vector<intel::RunBehaviour> behaviours_;
  std::set<uint32_t> grown_;
  std::set<std::string, std::less<>> limits_;
};

}  // namespace shikake::sandbox::monitor
