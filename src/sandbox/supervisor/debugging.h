// The debugger's part of a run: what it finds is said to the parent in the run's frames.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/debug/debugger.h"
#include "sandbox/debug/unpack_watch.h"
#include "sandbox/monitor/notes.h"
#include "sandbox/supervisor/link.h"
#include "sandbox/trace/source.h"

namespace shikake::sandbox::supervisor {

class Debugging final : public debug::DebugSink {
 public:
  struct Calls {
    std::function<base::TimePoint()> now;       // the programs' time
    std::function<void(std::string why)> stop;  // the run ends
  };
  // `script` may be empty: then code that is written and run is all that is looked for. invalid_input: what
  // is wrong with the script.
  static Result<std::unique_ptr<Debugging>> make(const std::string& script, Link& link, monitor::Notes& notes,
                                                 Calls calls);

  void add_to(trace::EventSource& source);
  void finish();  // limits that were met
  std::vector<std::string> remarks() const;

  void note(trace::Thread& thread, std::string text) override;
  void dump(trace::Thread& thread, debug::MemoryDump dump) override;
  void stop() override { calls_.stop("the debugger's script ended it"); }

 private:
  Debugging(Link& link, monitor::Notes& notes, Calls calls);
  void unpacked(trace::Thread& thread, debug::CodeDump&& dump);
  void say(trace::Thread& thread, uint64_t address, const std::string& bytes, std::string why);

  Link& link_;
  monitor::Notes& notes_;
  Calls calls_;
  debug::UnpackWatch watch_;
  std::optional<debug::Debugger> debugger_;  // only with a script
};

}  // namespace shikake::sandbox::supervisor
