// What only a tracer can hide of the machine that a cell runs on: uname(2) tells the guest's kernel, and the
// mount tables of a process (/proc/PID/mounts, mountinfo, mountstats) are those of an ordinary installation.
// What a file laid over /proc can hide, the cell hides itself (cell/disguise.h).
#pragma once

#include <string>
#include <vector>

#include "cell/guest.h"
#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::disguise {

// To be added after every hook that looks at what was opened, or shows something else of it.
class Disguise final : public trace::Hook {
 public:
  explicit Disguise(const cell::GuestIdentity& guest)
      : release_(guest.kernel_release), version_(guest.kernel_version) {}

  std::vector<trace::Interest> interests() const override;
  trace::CallAction on_call(trace::Thread& thread, const trace::Call& call) override;
  void on_return(trace::Thread& thread, const trace::Call& call, int64_t result) override;

 private:
  void name_kernel(trace::Thread& thread, const trace::Call& call) const;

  std::string release_;
  std::string version_;
};

}  // namespace shikake::sandbox::disguise
