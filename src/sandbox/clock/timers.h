// Timers that a guest has set: alarm, setitimer, timer_settime, timerfd_settime. When time is skipped each of
// them is set anew in the guest, by what is left.
#pragma once

#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "sandbox/clock/waits.h"
#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::clock {

class Timers {
 public:
  static std::vector<trace::Interest> interests();
  // At the entry of such a call. `now` is the guest's monotonic time. Gives the argument that holds a point
  // in time on a clock that is ahead of the machine's (it has to be put back by `offset` for the kernel).
  std::optional<Wait> set(trace::Thread& thread, const trace::Call& call, Nanoseconds now,
                          Nanoseconds offset);
  // When the next one ends on the guest's clock; periodic ones that end more than once a second do not count:
  // they go on at the machine's pace.
  std::optional<Nanoseconds> next(Nanoseconds now);
  // In a stopped thread of a process: sets its timers nearer by `span`.
  void advance(trace::Thread& thread, Nanoseconds span);
  void executed(trace::ProcessId process);  // exec deletes POSIX timers, keeps the others
  void ended(trace::ProcessId process);
  bool has(trace::ProcessId process) const;

 private:
  enum class Kind : uint8_t { interval, posix, descriptor };
  struct Key {
    trace::ProcessId process;
    Kind kind;
    int id;
    auto operator<=>(const Key&) const = default;
  };
  struct Timer {
    Nanoseconds end;
    Nanoseconds interval;
  };
  void advance_interval(trace::Thread& thread, Nanoseconds span);
  void advance_posix(trace::Thread& thread, int id, Nanoseconds span);
  void advance_descriptor(trace::Thread& thread, int fd, Nanoseconds span);

  std::map<Key, Timer> timers_;
};

// Timers of a run; more are the kernel's business alone.
inline constexpr size_t max_timers = 1024;

}  // namespace shikake::sandbox::clock
