// What a guest does that matters, from its system calls: processes, programs, files, sockets, behaviours.
//
//   Monitor monitor({.sample = "/home/mika/a.out"}, sink);
//   tracer.add(monitor);
//   … tracer.run(…); tracer.kill_all();
//   monitor.finish();
//
// The rules stand in tables, a row each: path_rules.cpp (files and devices), program_rules.cpp (programs that
// are started), call_rules.cpp (calls). What only several calls together show is in acts.cpp, files.cpp,
// sockets.cpp.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sandbox/monitor/files.h"
#include "sandbox/monitor/notes.h"
#include "sandbox/monitor/sink.h"
#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::monitor {

struct MonitorOptions {
  std::string sample;  // its path inside the guest; deleting it is self_delete
  KeepLimits keep = {};
  // The guest's time; the real one without it.
  std::function<base::TimePoint()> now = {};
};

class Monitor final : public trace::Hook, public Notes {
 public:
  Monitor(MonitorOptions options, Sink& sink);  // the sink is borrowed and must outlive it
  ~Monitor() override;

  // After the run: contents of files still open, final counts.
  void finish();
  // A call that an emulator answered: the kernel never saw it, and nothing about it can be changed.
  void answered(trace::Thread& thread, const trace::Call& call, int64_t result);
  void note(trace::Thread& thread, intel::BehaviourKind kind, std::string object, std::string proof) override;

  std::vector<trace::Interest> interests() const override;
  std::vector<trace::Answer> answers() const override;
  void on_process(trace::Thread& thread) override;
  void on_thread(trace::Thread& thread) override;
  void on_execution(trace::Thread& thread, const trace::Execution& execution) override;
  trace::CallAction on_call(trace::Thread& thread, const trace::Call& call) override;
  void on_return(trace::Thread& thread, const trace::Call& call, int64_t result) override;
  void on_thread_end(trace::Process& process, trace::Tid tid) override;
  void on_process_end(const trace::Process& process, const trace::Ending& ending) override;
  void on_tick() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shikake::sandbox::monitor
