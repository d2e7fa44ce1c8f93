// Who looks at the programs of one run: the tracing engine with its hooks, put together.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "cell/cell.h"
#include "sandbox/emulation/emulation.h"
#include "sandbox/run/protocol.h"
#include "sandbox/supervisor/link.h"
#include "sandbox/trace/tracer.h"

namespace shikake::sandbox::supervisor {

class Watch {
 public:
  struct Calls {
    // Once: the first program is there and has not run an instruction yet; false: it never will.
    std::function<bool()> started;
    std::function<void()> tick;  // about every 10 ms while programs run
  };
  // `emulators`: those that lie in the guest; null: programs of this machine's instruction set alone.
  static Result<std::unique_ptr<Watch>> make(const run::Plan& plan, const cell::GuestIdentity& guest,
                                             Link& link, const emulation::Emulators* emulators, Calls calls);
  ~Watch();

  Result<trace::FilterProgram> program() const;
  Result<> attach(pid_t child);
  Result<trace::RunEnd> run(const base::Deadline& deadline);
  void stop(std::string why);
  const std::string& why_stopped() const { return why_stopped_; }
  void kill_all();
  void finish();  // last contents and counts

  base::Duration ahead() const;  // how far the programs' clock runs ahead of ours
  std::vector<std::string> remarks() const;

 private:
  struct Parts;
  explicit Watch(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
  std::string why_stopped_;
};

// NAME=value of the cell's user after a login.
std::vector<std::string> login_environment(const cell::Cell& cell);

}  // namespace shikake::sandbox::supervisor
