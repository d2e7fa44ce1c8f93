// Memory that a guest writes and then runs: dumped at the moment it is first run.
//
//   guest asks for              the kernel gets      then
//   mprotect(p, n, R|X)         R                    the first instruction fetch faults: dump, then R|X
//   mmap(…, R|W|X, anonymous)   R|W                  likewise; what changes after that is dumped at the end
//
// The guest sees its calls succeed and no fault; /proc/self/maps lacks an x until the first fetch. Code that
// overwrites itself again and again shows its first and its last form. A guest that takes X away again
// without having run anything, and then relies on the fault, does not get it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/digest.h"
#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::debug {

struct CodeDump {
  trace::ProcessId process;
  uint64_t address = 0;      // of the first byte
  uint64_t instruction = 0;  // the one that was about to run; 0 when dumped at the process' end
  std::string bytes;         // without the zeros at its end
  base::Digest sha256;
  std::string why;  // "written, then executed at 0x7f0000001040"
};

class UnpackWatch final : public trace::Hook {
 public:
  // Gets each dump once per content; `thread` as in all callbacks of hooks.h.
  using Sink = std::function<void(trace::Thread& thread, CodeDump&& dump)>;
  explicit UnpackWatch(Sink sink) : sink_(std::move(sink)) {}

  static constexpr uint64_t max_dump_bytes = uint64_t{16} << 20;  // of one; an unpacked program has a few MiB
  static constexpr uint64_t max_total_bytes = uint64_t{64}
                                              << 20;  // of a run: compilers at run time make many
  static constexpr size_t max_dumps = 64;
  static constexpr size_t max_ranges = 1024;  // watched in one process

  bool limit_hit() const { return limit_hit_; }  // there was more than was dumped

  std::vector<trace::Interest> interests() const override;
  void on_process(trace::Thread& thread) override;
  void on_execution(trace::Thread& thread, const trace::Execution& execution) override;
  trace::CallAction on_call(trace::Thread& thread, const trace::Call& call) override;
  void on_return(trace::Thread& thread, const trace::Call& call, int64_t result) override;
  trace::SignalAction on_signal(trace::Thread& thread, siginfo_t& info) override;
  void on_exit_stop(trace::Thread& thread) override;
  void on_thread_end(trace::Process& process, trace::Tid tid) override;
  void on_process_end(const trace::Process& process, const trace::Ending& ending) override;

 private:
  struct Range {
    uint64_t end = 0;
    int access = 0;       // PROT_… that the guest asked for
    bool armed = false;   // the kernel has it without PROT_EXEC
    base::Digest seen{};  // of its content when it was dumped or found
  };
  using Ranges = std::map<uint64_t, Range>;  // by their first address, disjoint

  static Ranges::iterator find(Ranges& ranges, uint64_t address);
  void forget(Ranges& ranges, uint64_t begin, uint64_t end);
  void watch(trace::Thread& thread, uint64_t begin, uint64_t end, int access, bool armed);
  std::string content(trace::Thread& thread, uint64_t begin, uint64_t end) const;
  void dump(trace::Thread& thread, uint64_t begin, Range& range, uint64_t instruction);

  Sink sink_;
  std::unordered_map<uint32_t, Ranges> processes_;    // by ProcessId
  std::unordered_map<trace::Tid, uint64_t> pending_;  // access asked for in the call a thread is in
  std::unordered_map<trace::Tid, uint64_t> retried_;  // where a thread was last sent back to
  std::unordered_set<base::Digest> known_;
  uint64_t total_ = 0;
  bool limit_hit_ = false;
};

}  // namespace shikake::sandbox::debug
