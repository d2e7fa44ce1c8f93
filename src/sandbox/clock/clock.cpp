#include "sandbox/clock/clock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "sandbox/clock/vdso.h"
#include "sandbox/monitor/proof.h"
#include "sandbox/trace/late_filter.h"
#include "sandbox/trace/task_status.h"

namespace shikake::sandbox::clock {

using trace::Call;
using trace::CallAction;
using trace::Interest;
using trace::Sys;
using trace::Thread;
using trace::Tid;
using K = intel::BehaviourKind;
using Op = trace::ArgumentTest::Op;

namespace {

constexpr Nanoseconds second = 1'000'000'000;
constexpr size_t compared_clocks = 3;
constexpr char time_stamp[] = "the processor's time stamp";
constexpr std::chrono::milliseconds look_again{8}, look_again_busy{60};

const trace::FilterProgram* late_filter() {
  static const auto program = trace::FilterProgram::compile(ShownTime::interests(), {});
  return program ? &*program : nullptr;
}

// The call that a thread is blocked in; nothing while it runs, see proc_pid_syscall(5).
struct Blocked {
  int number = 0;
  std::array<uint64_t, 6> arguments{};
};
std::optional<Blocked> blocked_call(Tid tid) {
  const base::UniqueFd file(open(fmt::format("/proc/{}/syscall", tid.value).c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 256> bytes{};
  if (!file || read(file.get(), bytes.data(), bytes.size() - 1) <= 0) return std::nullopt;
  if (bytes[0] < '0' || bytes[0] > '9') return std::nullopt;  // "running", or -1: in no call
  Blocked blocked;
  char* at = bytes.data();
  blocked.number = static_cast<int>(std::strtol(at, &at, 10));
  for (uint64_t& argument : blocked.arguments) argument = std::strtoull(at, &at, 16);
  return blocked;
}

bool is_interrupted(const trace::Registers& registers) {
  const auto result = static_cast<int64_t>(registers.rax);
  const auto narrow = static_cast<int64_t>(static_cast<int32_t>(registers.rax));
  for (const int64_t value : {result, narrow})
    if (value == -EINTR || (value <= -512 && value >= -516)) return true;
  return false;
}

}  // namespace

VirtualClock::VirtualClock(trace::Tracer& tracer, ClockOptions options, monitor::Notes* notes)
    : tracer_(tracer),
      options_(std::move(options)),
      notes_(notes),
      tsc_at_start_(__rdtsc()),
      time_at_start_(machine_clock(CLOCK_MONOTONIC)) {}
VirtualClock::~VirtualClock() = default;

base::Duration VirtualClock::skipped() const {
  return std::chrono::duration_cast<base::Duration>(std::chrono::nanoseconds(shown_.ahead()));
}
base::TimePoint VirtualClock::now() const {
  return base::system_clock().now() + skipped();
}

std::vector<Interest> VirtualClock::interests() const {
  std::vector<Interest> all = wait_interests();
  for (Interest& interest : Timers::interests()) all.push_back(std::move(interest));
  for (const Sys sys : {Sys::open, Sys::openat, Sys::openat2}) all.push_back({.sys = sys});  // /proc/uptime
  return all;
}

// --- the guest waits
// ------------------------------------------------------------------------------------------

void VirtualClock::note_wait(Thread& thread, const Call& call, const Wait& wait) {
  if (!notes_ || !wait.pure) return;
  const Nanoseconds long_sleep = std::chrono::nanoseconds(options_.long_sleep).count();
  const Nanoseconds much_sleep = std::chrono::nanoseconds(options_.much_sleep).count();
  Nanoseconds& slept = slept_[thread.process().id];
  const bool was_less = slept < much_sleep;
  slept += std::min(wait.span, much_sleep);
  if (wait.span >= long_sleep)
    notes_->note(thread, K::long_sleep, fmt::format("{} s", wait.span / second),
                 monitor::describe(thread, call));
  else if (was_less && slept >= much_sleep)
    notes_->note(thread, K::long_sleep, fmt::format("{} s in short sleeps", slept / second),
                 monitor::describe(thread, call));
}

// The kernel is asked to wait for a point on its own clock.
void VirtualClock::translate_point(Thread& thread, const Call& call, const Wait& wait, CallAction& action) {
  if (!wait.point_argument || shown_.ahead() == 0) return;
  const size_t index = *wait.point_argument;
  const trace::GuestAddress at = thread.scratch();
  // Timers hold the interval before the point.
  const bool timer = call.sys == Sys::timer_settime || call.sys == Sys::timerfd_settime;
  const uint64_t interval = timer ? time_bytes(call) : 0;
  if (timer) {
    std::array<uint8_t, 16> bytes;
    const std::span<uint8_t> before = std::span(bytes).first(interval);
    if (thread.read({call[index]}, before) != interval || !thread.write(at, before)) return;
  }
  if (!write_time(thread, call, at.value + interval, std::max<Nanoseconds>(1, wait.point - shown_.ahead())))
    return;
  thread.set_argument(index, at.value);
  rewritten_[thread.tid()] = {index, call[index], at.value};
  action.want_return = true;
}

// Again, where an interrupt of ours had ended it before its time.
void VirtualClock::begin_wait(Thread& thread, const Call& call, Sleeper& sleeper, CallAction& action) {
  sleeper.interrupted = false;
  sleeper.call = call;
  translate_point(thread, call, sleeper.wait, action);
  if (const auto shown = rewritten_.find(thread.tid()); shown != rewritten_.end())
    sleeper.call.arguments[shown->second.argument] = shown->second.shown;
}

CallAction VirtualClock::on_call(Thread& thread, const Call& call) {
  CallAction action;
  const Tid tid = thread.tid();
  if (!ShownTime::is_told_by(call)) just_woken_.erase(tid);
  if (call.sys == Sys::open || call.sys == Sys::openat || call.sys == Sys::openat2) {
    if (shown_.ahead() == 0) return action;
    const auto path = thread.read_string({call[call.sys == Sys::open ? 0 : 1]}, 64);
    action.want_return = path && path->ends_with("uptime");
    return action;
  }
  if (ShownTime::is_told_by(call)) {
    if (shown_.ahead() == 0) return action;
    if (call.sys == Sys::clock_gettime)
      asked(thread, fmt::format("clock {}", call.as_int(0)), monitor::describe(thread, call));
    else if (call.sys == Sys::gettimeofday || call.sys == Sys::time)
      asked(thread, call.sys == Sys::time ? "time" : "gettimeofday", monitor::describe(thread, call));
    action.want_return = true;
    return action;
  }
  if (const auto point = timers_.set(thread, call, guest_now(), shown_.ahead()))
    translate_point(thread, call, *point, action);

  const auto again = sleepers_.find(tid);
  if (again != sleepers_.end() && again->second.interrupted && again->second.call.number == call.number) {
    begin_wait(thread, call, again->second, action);
    return action;
  }
  const auto wait = decode_wait(thread, call, shown_.ahead());
  if (!wait) return action;
  note_wait(thread, call, *wait);
  Sleeper& sleeper = sleepers_[tid] = {call, *wait, guest_now() + wait->span};
  begin_wait(thread, call, sleeper, action);
  return action;
}

void VirtualClock::on_return(Thread& thread, const Call& call, int64_t result) {
  if (const auto node = rewritten_.extract(thread.tid()))
    thread.set_argument(node.mapped().argument, node.mapped().value);
  if (call.sys == Sys::open || call.sys == Sys::openat || call.sys == Sys::openat2)
    return shown_.add_to_uptime(thread, call, result);
  if (ShownTime::is_told_by(call)) shown_.add(thread, call, result);
}

// One clock after a sleep is what many programs look at, and some a second one. Three different ones in a row
// are compared; so is the processor's own count, which hardly any program asks directly.
void VirtualClock::asked(Thread& thread, const std::string& clock, const std::string& proof) {
  const auto woken = just_woken_.find(thread.tid());
  if (woken == just_woken_.end() || !notes_) return;
  std::set<std::string>& clocks = woken->second;
  clocks.insert(clock);
  if (clocks.size() < compared_clocks && clock != time_stamp) return;
  notes_->note(thread, K::timing_check, fmt::format("{} after a sleep", fmt::join(clocks, ", ")), proof);
  just_woken_.erase(woken);
}

trace::SignalAction VirtualClock::on_signal(Thread& thread, siginfo_t& info) {
  if (shown_.ahead() == 0 || info.si_signo != SIGSEGV || info.si_code != SI_KERNEL) return {};
  auto registers = thread.registers();
  std::array<uint8_t, 3> code{};
  if (!registers || thread.read({registers->rip}, code) < 2) return {};
  const bool plain = code[0] == 0x0f && code[1] == 0x31;
  const bool with_processor = code[0] == 0x0f && code[1] == 0x01 && code[2] == 0xf9;
  if (!plain && !with_processor) return {};
  const uint64_t tsc = __rdtsc();
  const double ticks_per_nanosecond = static_cast<double>(tsc - tsc_at_start_) /
                                      static_cast<double>(machine_clock(CLOCK_MONOTONIC) - time_at_start_);
  const uint64_t shown =
      tsc + static_cast<uint64_t>(static_cast<double>(shown_.ahead()) * ticks_per_nanosecond);
  registers->rax = shown & 0xffffffff;
  registers->rdx = shown >> 32;
  if (with_processor) registers->rcx = 0;
  registers->rip += plain ? 2 : 3;
  (void)thread.set_registers(*registers);
  asked(thread, time_stamp, plain ? "rdtsc" : "rdtscp");
  return {.deliver = false};
}

// --- time is skipped
// -----------------------------------------------------------------------------------------

// What take_over() did to the maker holds for what it makes.
void VirtualClock::on_process(Thread& thread) {
  const trace::Process& process = thread.process();
  if (process.parent == trace::ProcessId{}) {
    follow_time_namespace(thread.tid().value);
    tsc_at_start_ = __rdtsc();
    time_at_start_ = machine_clock(CLOCK_MONOTONIC);
  }
  if (narrow_.contains(process.parent)) narrow_.insert(process.id);
  if (!taken_over_.contains(process.parent)) return;
  taken_over_.insert(process.id);
  tsc_trapped_.insert(thread.tid());
}

void VirtualClock::on_thread(Thread& thread) {
  if (taken_over_.contains(thread.process().id)) tsc_trapped_.insert(thread.tid());
}

void VirtualClock::on_execution(Thread& thread, const trace::Execution& execution) {
  timers_.executed(thread.process().id);
  if (execution.is_32_bit)
    narrow_.insert(thread.process().id);
  else
    narrow_.erase(thread.process().id);
  sleepers_.erase(thread.tid());
  if (shown_.ahead() != 0)
    clocks_call_kernel(thread, execution.is_32_bit);  // filter and trapped rdtsc stay over an exec
}

void VirtualClock::on_thread_end(trace::Process&, Tid tid) {
  sleepers_.erase(tid);
  rewritten_.erase(tid);
  just_woken_.erase(tid);
  tsc_trapped_.erase(tid);
}

void VirtualClock::on_process_end(const trace::Process& process, const trace::Ending&) {
  timers_.ended(process.id);
  slept_.erase(process.id);
  taken_over_.erase(process.id);
  narrow_.erase(process.id);
}

// From now on this thread's clocks are ours.
void VirtualClock::take_over(Thread& thread) {
  const auto registers = thread.registers();
  if (!registers) return;
  constexpr uint64_t narrow_code = 0x23;
  const bool narrow = registers->cs == narrow_code;
  if (taken_over_.insert(thread.process().id).second) {
    clocks_call_kernel(thread, narrow);
    if (const trace::FilterProgram* filter = late_filter()) trace::add_filter(thread, *filter);
  }
  if (tsc_trapped_.insert(thread.tid()).second) {
    const std::array<uint64_t, 2> arguments{PR_SET_TSC, PR_TSC_SIGSEGV};
    (void)thread.inject(Sys::prctl, arguments);
  }
}

// The call comes back as it does when its time is over.
void VirtualClock::finish_wait(Thread& thread, Sleeper& sleeper) {
  auto registers = thread.registers();
  if (!registers || !is_interrupted(*registers)) return;
  registers->rax = static_cast<uint64_t>(sleeper.wait.result_at_end);
  registers->orig_rax = ~0ull;  // nothing to restart
  (void)thread.set_registers(*registers);
  const Call& call = sleeper.call;
  if (call.sys == Sys::select || call.sys == Sys::pselect6) {
    const size_t bytes = (static_cast<size_t>(std::clamp(call.as_int(0), 0, 1024)) + 63) / 64 * 8;
    const std::array<uint8_t, 128> none{};
    for (const size_t set : {1, 2, 3})
      if (call[set] != 0) thread.write({call[set]}, std::span(none).first(bytes));
  }
  if (sleeper.wait.pure) just_woken_[thread.tid()].clear();
}

// In the call that it was seen to begin, not in another of the same number without an end.
bool VirtualClock::is_waiting(Tid tid, const Sleeper& sleeper) const {
  constexpr int restart_wide = 219, restart_narrow = 0;  // its arguments stay in the registers
  const auto call = blocked_call(tid);
  return call && call->arguments == sleeper.call.arguments &&
         (call->number == sleeper.call.number || call->number == restart_wide ||
          call->number == restart_narrow);
}

// One whose wait something else has ended is passed over, and stays: its next wait takes its place, and a
// thread that was only just about to wait is not lost.
std::optional<Nanoseconds> VirtualClock::next_end() {
  std::optional<Nanoseconds> first = timers_.next(guest_now());
  for (const auto& [tid, sleeper] : sleepers_)
    if ((!first || sleeper.end < *first) && is_waiting(tid, sleeper)) first = sleeper.end;
  return first;
}

// Blocked in a call that only time or another thread of the run can end.
bool VirtualClock::waits_for_guests(Tid tid) {
  constexpr int wide[] = {34, 61, 130, 202, 247};            // pause, wait4, rt_sigsuspend, futex, waitid
  constexpr int narrow[] = {7, 29, 72, 114, 179, 240, 284};  // waitpid, pause, sigsuspend, wait4, …
  const trace::Process* process = tracer_.process_of(tid);
  const auto call = blocked_call(tid);
  if (!process || !call) return false;
  return narrow_.contains(process->id) ? std::ranges::find(narrow, call->number) != std::end(narrow)
                                       : std::ranges::find(wide, call->number) != std::end(wide);
}

VirtualClock::Stillness VirtualClock::stillness() {
  Stillness found = Stillness::still;
  for (const Tid tid : tracer_.threads()) {
    const auto state = trace::task_state(tid.value, tid.value);
    if (tracer_.is_halted(tid) || !state || *state == 'Z') continue;
    if (*state != 'S') return Stillness::busy;  // it runs, or stops for us
    const auto sleeper = sleepers_.find(tid);
    const bool sleeps = sleeper != sleepers_.end() && sleeper->second.wait.pure;
    if (!sleeps && !waits_for_guests(tid)) found = Stillness::still_with_io;
  }
  return found;
}

void VirtualClock::on_tick() {
  const auto time = SteadyClock::now();
  if (!options_.skip || (sleepers_.empty() && !timers_.next(guest_now())) || time < next_look_) return;
  next_look_ = time + look_again;
  const Stillness now = stillness();
  if (now == Stillness::busy) {
    still_since_.reset();
    next_look_ = time + look_again_busy;
    return;
  }
  if (!still_since_) still_since_ = time;
  const auto needed = now == Stillness::still ? options_.still : options_.still_with_io;
  if (time - *still_since_ < needed) return;
  const auto end = next_end();
  if (!end) {
    next_look_ = time + look_again_busy;
    return;
  }
  const Nanoseconds span = *end - guest_now();
  const bool patient = waited_really_ < options_.patience;
  if (patient && span < std::chrono::nanoseconds(options_.shortest).count()) {
    waited_really_ += look_again;
    return;
  }
  still_since_.reset();
  skip(std::max<Nanoseconds>(0, span));
}

void VirtualClock::skip(Nanoseconds span) {
  shown_.skip(span);
  std::unordered_set<trace::ProcessId> advanced;
  for (const Tid tid : tracer_.threads()) {
    const trace::Process* process = tracer_.process_of(tid);
    if (!process) continue;
    const auto found = sleepers_.find(tid);
    const bool waits = found != sleepers_.end() && is_waiting(tid, found->second);
    const bool due = waits && found->second.end <= guest_now();
    const bool timers = timers_.has(process->id) && advanced.insert(process->id).second;
    const bool known = taken_over_.contains(process->id) && tsc_trapped_.contains(tid);
    if (!due && !timers && known) continue;
    tracer_.with_stopped(tid, [&](Thread& thread) {
      const auto sleeper = sleepers_.find(tid);
      if (due && sleeper != sleepers_.end()) {
        finish_wait(thread, sleeper->second);
        sleepers_.erase(sleeper);
      } else if (waits && sleeper != sleepers_.end()) {
        sleeper->second.interrupted = true;
      }
      take_over(thread);
      if (timers) timers_.advance(thread, span);
    });
  }
  if (options_.on_skip) options_.on_skip(skipped());
}

}  // namespace shikake::sandbox::clock
