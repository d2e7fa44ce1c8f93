// Programs of other instruction sets in a run: the second source of events.
//
//   exec of a program for ARM ──► the tracer lets the kernel start qemu-arm instead, with our plugin
//   guest's call ──► plugin's callback ──► the emulator's own call of the same meaning ──► ptrace ──► hooks
//                    └─ one that the emulator answers itself ──► bell (bell.h) ──► Calls::answered
//
// What the kernel is asked to do is seen where it is done, so a guest that breaks out of its emulator hides
// nothing by it but a look at its own mappings, which our plugin takes under the same bell; what the emulator does
// for itself, before the guest's first instruction, no hook hears of. It has to be the first hook.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sandbox/emulation/program.h"
#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::emulation {

// The emulators that lie in a guest.
struct Emulators {
  std::string folder;                // where they lie, as qemu-TARGET
  std::vector<std::string> command;  // what starts one: a loader and its options; before the emulator's path
  std::vector<std::string> options;  // of each of them; after it
  std::map<std::string, std::vector<std::string>> own_options;  // by target: of that one alone
  std::vector<std::string> targets;
  std::map<std::string, std::string> libraries;  // by target: the folder that its programs' libraries lie in
  bool own = false;                              // programs of this machine's instruction sets too
  // What their plugins share, a file in memory: each emulator gets it handed, and guests have no name for it.
  std::shared_ptr<const base::UniqueFd> state;
};

struct Calls {
  // A call that the emulator answered without the kernel.
  std::function<void(trace::Thread&, const trace::Call&, int64_t result)> answered;
  // One line of the taint plugin's events.
  std::function<void(trace::Thread&, std::string_view line)> taint = {};
};

class Emulation final : public trace::Hook {
 public:
  Emulation(Emulators emulators, Calls calls);

  std::vector<trace::Interest> interests() const override;
  void on_thread(trace::Thread& thread) override;
  void before_execution(trace::Thread& thread, trace::Execution& execution) override;
  trace::CallAction on_call(trace::Thread& thread, const trace::Call& call) override;
  void on_return(trace::Thread& thread, const trace::Call& call, int64_t result) override;
  void on_thread_end(trace::Process& process, trace::Tid tid) override;
  void on_process_end(const trace::Process& process, const trace::Ending& ending) override;

  // Programs whose emulator is not there, and what else a reader of the record has to know.
  std::vector<std::string> remarks() const { return remarks_; }

 private:
  // An exec that was changed, until it has succeeded or failed.
  struct Changed {
    Program program;
    std::string executable;
    size_t before = 0;  // arguments that are the emulator's
    trace::Registers registers{};
  };
  trace::CallAction exec(trace::Thread& thread, const trace::Call& call);
  bool change(trace::Thread& thread, const trace::Call& call, Program program);
  // What the bell's call gives.
  int64_t rung(trace::Thread& thread, const trace::Call& call);
  int64_t hand_state(trace::Thread& thread, int socket);
  bool opens_its_program(trace::Thread& thread, const trace::Call& call) const;
  bool is_own_work(trace::Thread& thread, const trace::Call& call);
  bool is_hidden(trace::Thread& thread, const trace::Call& call) const;
  bool has(std::string_view target) const;
  void remark(std::string text);

  Emulators emulators_;
  Calls calls_;
  std::unordered_map<trace::ProcessId, Changed> changed_;
  std::unordered_map<trace::ProcessId, Program> unopened_;  // until their emulators have opened them
  uint64_t copied_bytes_left_;
  std::unordered_set<trace::ProcessId> not_followed_;  // all should be in an emulator, and what they exec is not
  std::unordered_set<trace::Tid> own_work_;
  std::vector<std::string> remarks_;
};

}  // namespace shikake::sandbox::emulation
