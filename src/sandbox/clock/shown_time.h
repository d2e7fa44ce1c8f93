// What a guest is shown where it looks at a clock: the machine's time, with what was skipped added to it.
#pragma once

#include <vector>

#include "sandbox/clock/waits.h"
#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::clock {

class ShownTime {
 public:
  // How far the guest's clocks are ahead of the machine's.
  Nanoseconds ahead() const { return ahead_; }
  void skip(Nanoseconds span);

  // The calls that tell time, files' times too: to be stopped from the first skip on.
  static std::vector<trace::Interest> interests();
  static bool is_told_by(const trace::Call& call);

  // At the return of such a call: puts the time that is shown in the place of the machine's.
  void add(trace::Thread& thread, const trace::Call& call, int64_t result) const;
  // At the return of an open: where that was /proc/uptime, the guest reads another.
  void add_to_uptime(trace::Thread& thread, const trace::Call& call, int64_t result) const;

 private:
  void add_to_answer(trace::Thread& thread, const trace::Call& call) const;
  void add_to_file_times(trace::Thread& thread, const trace::Call& call) const;
  Nanoseconds of_file(Nanoseconds machine) const;

  struct Step {  // from this time of the machine's files on, the guest's clocks were ahead by this
    Nanoseconds at, ahead;
  };

  Nanoseconds ahead_ = 0;
  std::vector<Step> steps_;
};

}  // namespace shikake::sandbox::clock
