// The debugger: does in a guest what a script says (script.h), as one more hook of the tracing engine.
//
//   auto debugger = Debugger(std::move(script), sink);
//   tracer.add(debugger);
//
// Functions are found in the program's and its libraries' symbols when they are mapped; a stripped program
// has those that it exports, and addresses. Forked children and threads stop where their makers do.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "sandbox/debug/breakpoints.h"
#include "sandbox/debug/modules.h"
#include "sandbox/debug/script.h"
#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::debug {

struct MemoryDump {
  uint64_t address = 0;
  std::string bytes;
  std::string why;  // "dump rsi 64: program!main"
};

class DebugSink {
 public:
  virtual ~DebugSink() = default;
  // One line: text from the guest's memory is quoted and escaped.
  virtual void note(trace::Thread& thread, std::string text) = 0;
  virtual void dump(trace::Thread& thread, MemoryDump dump) = 0;
  virtual void stop() = 0;  // the script ends the run (Tracer::stop)
};

class Debugger final : public trace::Hook {
 public:
  Debugger(Script script, DebugSink& sink) : script_(std::move(script)), sink_(sink) {
    taken_.resize(script_.breaks.size() + script_.calls.size());
  }

  static constexpr size_t max_notes = 20'000;                     // of a run
  static constexpr size_t max_note_bytes = 16 << 10;              // longest line
  static constexpr uint64_t max_total_dump = uint64_t{64} << 20;  // bytes of a run
  static constexpr size_t max_pending_returns = 256;  // of a thread: deeper recursion is not followed

  // The script has ended the run: its process was killed where it stood, the others by whoever hears stop().
  bool stopped() const { return stopped_; }
  // What the script wanted and this run could not do, one sentence each: for the run's remarks.
  std::vector<std::string> remarks() const;

  std::vector<trace::Interest> interests() const override;
  void on_process(trace::Thread& thread) override;
  void on_thread(trace::Thread& thread) override;
  void on_execution(trace::Thread& thread, const trace::Execution& execution) override;
  trace::CallAction on_call(trace::Thread& thread, const trace::Call& call) override;
  void on_return(trace::Thread& thread, const trace::Call& call, int64_t result) override;
  trace::SignalAction on_signal(trace::Thread& thread, siginfo_t& info) override;
  void on_thread_end(trace::Process& process, trace::Tid tid) override;
  void on_process_end(const trace::Process& process, const trace::Ending& ending) override;

 private:
  // What is to be done at an address: indexes into the script, and the entry that resolves what is pending.
  struct Site {
    std::vector<size_t> breaks;
    std::vector<size_t> traced;
    bool resolves = false;
  };
  struct Guest {
    Modules modules;
    std::map<uint64_t, Site> sites;
    std::set<size_t> pending_breaks, pending_traced;  // not yet found in any module
  };
  struct PendingReturn {
    uint64_t address = 0, stack = 0;
    Frame frame;  // as it was at the entry
    std::vector<size_t> breaks, traced;
  };

  void refresh(trace::Thread& thread);
  bool place(trace::Thread& thread, Guest& guest, const Location& location, bool is_break, size_t index);
  void at_site(trace::Thread& thread, uint64_t address);
  void at_return(trace::Thread& thread, uint64_t address);
  void await(trace::Thread& thread, PendingReturn pending);
  void rearm_return(trace::Thread& thread);
  void act(trace::Thread& thread, const Actions& actions, const std::string& where, const Frame& frame);
  bool counts(const Actions& actions, size_t counter);
  bool finished(const Site& site) const;
  bool concerns(const CallBreak& row, const trace::Call& call) const;
  void leave_function(trace::Thread& thread, int64_t result);
  void note(trace::Thread& thread, std::string text);
  void dump(trace::Thread& thread, const DumpItem& item, const std::string& where, const Frame& frame);

  Script script_;
  DebugSink& sink_;
  ImageCache images_;
  Breakpoints breakpoints_;
  std::unordered_map<uint32_t, Guest> guests_;                          // by ProcessId
  std::unordered_map<trace::Tid, std::vector<PendingReturn>> returns_;  // innermost last
  std::vector<uint64_t> taken_;                                         // how often: breaks, then calls
  std::set<std::string> placed_;                                        // locations found in some process
  size_t notes_ = 0;
  uint64_t dumped_ = 0;
  bool no_debug_registers_ = false, stopped_ = false;
  bool returns_left_out_ = false, notes_left_out_ = false, dumps_left_out_ = false;
};

}  // namespace shikake::sandbox::debug
