// The virtual clock: when every thread of a run waits for time to pass, the time is made to have passed.
//
//   VirtualClock clock(tracer, {}, &monitor);
//   tracer.add(clock);
//   … run …   clock.skipped()
//
// Until the first skip the guest's clocks are the machine's and cost nothing: no clock is trapped, the
// kernel's library in each program (vDSO) is untouched. A skip is one number, how far the guest's time is
// ahead; from the first one on everything that tells time has it added:
//   clock_gettime, gettimeofday, time: trapped, the vDSO's functions made to call the kernel (vdso.h); rdtsc,
//   rdtscp: trapped by PR_SET_TSC, emulated; sysinfo, times, /proc/uptime; a file's times, where the run set
//   them (a time that lies before the run began is told as it is); timers and timeouts are set nearer by it
//   (timers.h), points in time that a guest waits for are translated (waits.h).
// Not seen: CPUID (this hardware cannot trap it), SO_RCVTIMEO and other times inside sockets, which pass in
// real time. Not changed: the clocks of a process' own processor time.
//
// A guest that computes while another sleeps is not skipped over: time then passes as on the machine.
#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "sandbox/clock/shown_time.h"
#include "sandbox/clock/timers.h"
#include "sandbox/clock/waits.h"
#include "sandbox/monitor/notes.h"
#include "sandbox/trace/tracer.h"

namespace shikake::sandbox::clock {

struct ClockOptions {
  bool skip = true;  // false: waits are noted, time passes as on the machine
  // All threads have to be still for so long: where they wait for time and each other alone; and where one
  // waits for a descriptor, longer than any answer of the closed network takes.
  std::chrono::milliseconds still{5};
  std::chrono::milliseconds still_with_io{300};
  // Shorter waits really pass, until they have cost `patience` together.
  std::chrono::milliseconds shortest{500};
  std::chrono::milliseconds patience{2000};
  // A sleep of this length is a behaviour, and so is this much sleep together.
  std::chrono::seconds long_sleep{10};
  std::chrono::seconds much_sleep{60};
  // Told after each skip: how much was skipped so far.
  std::function<void(base::Duration)> on_skip = {};
};

class VirtualClock final : public trace::Hook {
 public:
  // Both are borrowed; `notes` may be null.
  VirtualClock(trace::Tracer& tracer, ClockOptions options, monitor::Notes* notes);
  ~VirtualClock() override;

  base::Duration skipped() const;
  base::TimePoint now() const;  // the guest's wall clock

  std::vector<trace::Interest> interests() const override;
  void on_process(trace::Thread& thread) override;
  void on_thread(trace::Thread& thread) override;
  trace::CallAction on_call(trace::Thread& thread, const trace::Call& call) override;
  void on_return(trace::Thread& thread, const trace::Call& call, int64_t result) override;
  void on_execution(trace::Thread& thread, const trace::Execution& execution) override;
  trace::SignalAction on_signal(trace::Thread& thread, siginfo_t& info) override;
  void on_thread_end(trace::Process& process, trace::Tid tid) override;
  void on_process_end(const trace::Process& process, const trace::Ending& ending) override;
  void on_tick() override;

 private:
  struct Sleeper {
    trace::Call call;
    Wait wait;
    Nanoseconds end = 0;       // on the guest's monotonic clock
    bool interrupted = false;  // by us: it comes again with the same end
  };
  struct Rewritten {  // an argument that shows the kernel another point in time
    size_t argument;
    uint64_t value, shown;  // the guest's, the kernel's
  };
  using SteadyClock = std::chrono::steady_clock;

  Nanoseconds guest_now() const { return machine_clock(CLOCK_MONOTONIC) + shown_.ahead(); }
  void note_wait(trace::Thread& thread, const trace::Call& call, const Wait& wait);
  void translate_point(trace::Thread& thread, const trace::Call& call, const Wait& wait,
                       trace::CallAction& action);

  std::optional<Nanoseconds> next_end();
  void begin_wait(trace::Thread& thread, const trace::Call& call, Sleeper& sleeper,
                  trace::CallAction& action);
  void asked(trace::Thread& thread, const std::string& clock, const std::string& proof);
  bool is_waiting(trace::Tid tid, const Sleeper& sleeper) const;
  enum class Stillness : uint8_t { busy, still, still_with_io };
  Stillness stillness();
  bool waits_for_guests(trace::Tid tid);
  void skip(Nanoseconds span);
  void finish_wait(trace::Thread& thread, Sleeper& sleeper);
  void take_over(trace::Thread& thread);

  trace::Tracer& tracer_;
  ClockOptions options_;
  monitor::Notes* notes_;
  ShownTime shown_;
  std::unordered_map<trace::Tid, Sleeper> sleepers_;
  std::unordered_map<trace::Tid, Rewritten> rewritten_;
  std::unordered_map<trace::Tid, std::set<std::string>> just_woken_;  // by us: and the clocks it asked since
  std::unordered_map<trace::ProcessId, Nanoseconds> slept_;           // asked for, together
  std::unordered_set<trace::ProcessId> taken_over_;
  std::unordered_set<trace::Tid> tsc_trapped_;
  std::unordered_set<trace::ProcessId> narrow_;  // 32-bit programs
  Timers timers_;
  SteadyClock::time_point next_look_{};
  std::optional<SteadyClock::time_point> still_since_;
  std::chrono::nanoseconds waited_really_{};
  uint64_t tsc_at_start_ = 0;
  Nanoseconds time_at_start_ = 0;
};

}  // namespace shikake::sandbox::clock
