#include "sandbox/clock/clock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sandbox/clock/vdso.h"
#include "sandbox/monitor/proof.h"
#include "sandbox/trace/late_filter.h"
#include "sandbox/trace/substitute.h"
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
// Skips that are remembered one by one, for files' times; later ones count as one.
constexpr size_t max_steps = 65'536;
constexpr std::chrono::milliseconds look_again{8}, look_again_busy{60};

// The calls that tell time; stopped from the first skip on.
std::vector<Interest> clock_readers() {
  std::vector<Interest> all;
  for (const uint64_t clock : {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
                               CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI})
    all.push_back({.sys = Sys::clock_gettime, .when = {{0, Op::equal, clock, 0xffffffff}}});
  for (const Sys sys : {Sys::gettimeofday, Sys::time, Sys::times, Sys::sysinfo, Sys::stat, Sys::lstat,
                        Sys::fstat, Sys::newfstatat, Sys::statx})
    all.push_back({.sys = sys});
  return all;
}

const trace::FilterProgram* late_filter() {
  static const auto program = trace::FilterProgram::compile(clock_readers(), {});
  return program ? &*program : nullptr;
}

// The number of the call that a thread is blocked in; nothing while it runs, see proc_pid_syscall(5).
std::optional<int> blocked_call(Tid tid) {
  const base::UniqueFd file(open(fmt::format("/proc/{}/syscall", tid.value).c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 32> bytes{};
  if (!file || read(file.get(), bytes.data(), bytes.size() - 1) <= 0) return std::nullopt;
  if (bytes[0] < '0' || bytes[0] > '9') return std::nullopt;  // "running", or -1: in no call
  return std::atoi(bytes.data());
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
  return std::chrono::duration_cast<base::Duration>(std::chrono::nanoseconds(ahead_));
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
  if (!wait.point_argument || ahead_ == 0) return;
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
  if (!write_time(thread, call, at.value + interval, std::max<Nanoseconds>(1, wait.point - ahead_))) return;
  thread.set_argument(index, at.value);
  rewritten_[thread.tid()] = {index, call[index]};
  action.want_return = true;
}

CallAction VirtualClock::on_call(Thread& thread, const Call& call) {
  CallAction action;
  const Tid tid = thread.tid();
  if (call.sys == Sys::open || call.sys == Sys::openat || call.sys == Sys::openat2) {
    if (ahead_ == 0) return action;
    const auto path = thread.read_string({call[call.sys == Sys::open ? 0 : 1]}, 64);
    action.want_return = path && path->ends_with("uptime");
    return action;
  }
  const bool woken = just_woken_.erase(tid) != 0;
  if (reads_clock(call)) {
    if (ahead_ == 0) return action;
    const bool clock =
        call.sys == Sys::clock_gettime || call.sys == Sys::gettimeofday || call.sys == Sys::time;
    if (woken && clock && notes_)
      notes_->note(thread, K::timing_check, "the clock after a sleep", monitor::describe(thread, call));
    action.want_return = true;
    return action;
  }
  if (const auto point = timers_.set(thread, call, guest_now(), ahead_))
    translate_point(thread, call, *point, action);

  const auto again = sleepers_.find(tid);
  if (again != sleepers_.end() && again->second.interrupted && again->second.call.number == call.number) {
    again->second.interrupted = false;
    translate_point(thread, call, again->second.wait, action);
    return action;
  }
  const auto wait = decode_wait(thread, call, ahead_);
  if (!wait) return action;
  note_wait(thread, call, *wait);
  translate_point(thread, call, *wait, action);
  sleepers_[tid] = {call, *wait, guest_now() + wait->span};
  return action;
}

// --- the guest looks at clocks
// -------------------------------------------------------------------------------

bool VirtualClock::reads_clock(const Call& call) const {
  switch (call.sys) {
    case Sys::clock_gettime:
    case Sys::gettimeofday:
    case Sys::time:
    case Sys::times:
    case Sys::sysinfo:
    case Sys::stat:
    case Sys::lstat:
    case Sys::fstat:
    case Sys::newfstatat:
    case Sys::statx:
      return true;
    default:
      return false;
  }
}

Nanoseconds VirtualClock::file_time(Nanoseconds machine) const {
  // What the kernel set while the run went on; a later time, or one from before, was set by somebody.
  if (steps_.empty() || machine < steps_.front().at || machine > machine_clock(CLOCK_REALTIME))
    return machine;
  const auto after = std::upper_bound(steps_.begin(), steps_.end(), machine,
                                      [](Nanoseconds time, const Step& step) { return time < step.at; });
  return machine + std::prev(after)->ahead;
}

void VirtualClock::add_to_file_times(Thread& thread, const Call& call) {
  const size_t index = call.sys == Sys::statx ? 4 : call.sys == Sys::newfstatat ? 2 : 1;
  // struct stat: three times of two words; the 32-bit table's has them in half the room. struct statx: four
  // times of eight bytes of seconds and four of nanoseconds.
  const bool extended = call.sys == Sys::statx;
  const uint64_t first = call[index] + (extended || call.is_32_bit() ? 64 : 72);
  const int times = extended ? 4 : 3;
  for (int i = 0; i < times; ++i) {
    if (extended) {
      struct {
        int64_t seconds;
        uint32_t nanoseconds;
      } value;
      const trace::GuestAddress at{first + static_cast<uint64_t>(i) * 16};
      std::array<uint8_t, 12> bytes;
      if (thread.read(at, bytes) != bytes.size()) return;
      std::memcpy(&value, bytes.data(), bytes.size());
      const Nanoseconds shown = file_time(value.seconds * second + value.nanoseconds);
      value.seconds = shown / second;
      value.nanoseconds = static_cast<uint32_t>(shown % second);
      std::memcpy(bytes.data(), &value, bytes.size());
      thread.write(at, bytes);
    } else {
      const uint64_t at = first + static_cast<uint64_t>(i) * (call.is_32_bit() ? 8 : 16);
      const auto time = read_time(thread, call, at);
      if (!time) return;
      if (const Nanoseconds shown = file_time(*time); shown != *time) write_time(thread, call, at, shown);
    }
  }
}

void VirtualClock::add_time(Thread& thread, const Call& call) {
  switch (call.sys) {
    case Sys::clock_gettime:
      if (const auto time = read_time(thread, call, call[1]))
        write_time(thread, call, call[1], *time + ahead_);
      break;
    case Sys::gettimeofday:
      if (call[0] == 0) break;
      if (const auto time = read_time(thread, call, call[0], 1000))
        write_time(thread, call, call[0], *time + ahead_, 1000);
      break;
    case Sys::time: {
      const int64_t seconds = (machine_clock(CLOCK_REALTIME) + ahead_) / second;
      if (call[0] != 0 && call.is_32_bit())
        thread.write_value({call[0]}, static_cast<int32_t>(seconds));
      else if (call[0] != 0)
        thread.write_value({call[0]}, seconds);
      thread.set_result(seconds);
      break;
    }
    case Sys::sysinfo: {
      // Whole seconds are told: what is cut off there may make one together with what is added.
      const int64_t more = (machine_clock(CLOCK_BOOTTIME) % second + ahead_) / second;
      if (call.is_32_bit()) {
        if (const auto up = thread.read_value<int32_t>({call[0]}))
          thread.write_value({call[0]}, static_cast<int32_t>(*up + more));
      } else if (const auto up = thread.read_value<int64_t>({call[0]})) {
        thread.write_value({call[0]}, *up + more);
      }
      break;
    }
    default:
      add_to_file_times(thread, call);
  }
}

void VirtualClock::add_to_uptime(Thread& thread, const Call& call, int64_t result) {
  const int fd = static_cast<int>(result);
  if (result < 0 || thread.link(fmt::format("fd/{}", fd)) != "/proc/uptime") return;
  double up = 0, idle = 0;
  if (std::sscanf(trace::read_through(thread, fd).c_str(), "%lf %lf", &up, &idle) != 2) return;
  // What we read is our own namespace's.
  const double ahead = static_cast<double>(ahead_ + boot_clock_offset()) / second;
  const bool close_on_exec =
      call.sys != Sys::openat2 && (call[call.sys == Sys::open ? 1 : 2] & O_CLOEXEC) != 0;
  trace::substitute(thread, fd,
                    fmt::format("{:.2f} {:.2f}\n", up + ahead, idle + static_cast<double>(ahead_) / second),
                    close_on_exec);
}

void VirtualClock::on_return(Thread& thread, const Call& call, int64_t result) {
  if (const auto node = rewritten_.extract(thread.tid()))
    thread.set_argument(node.mapped().argument, node.mapped().value);
  if (call.sys == Sys::open || call.sys == Sys::openat || call.sys == Sys::openat2)
    return ahead_ == 0 ? void() : add_to_uptime(thread, call, result);
  if (ahead_ == 0 || !reads_clock(call)) return;
  if (call.sys == Sys::times) {
    constexpr Nanoseconds tick = second / 100;  // USER_HZ
    thread.set_result(result + ahead_ / tick);
  } else if (result >= 0) {
    add_time(thread, call);
  }
}

trace::SignalAction VirtualClock::on_signal(Thread& thread, siginfo_t& info) {
  if (ahead_ == 0 || info.si_signo != SIGSEGV || info.si_code != SI_KERNEL) return {};
  auto registers = thread.registers();
  std::array<uint8_t, 3> code{};
  if (!registers || thread.read({registers->rip}, code) < 2) return {};
  const bool plain = code[0] == 0x0f && code[1] == 0x31;
  const bool with_processor = code[0] == 0x0f && code[1] == 0x01 && code[2] == 0xf9;
  if (!plain && !with_processor) return {};
  const uint64_t tsc = __rdtsc();
  const double ticks_per_nanosecond = static_cast<double>(tsc - tsc_at_start_) /
                                      static_cast<double>(machine_clock(CLOCK_MONOTONIC) - time_at_start_);
  const uint64_t shown = tsc + static_cast<uint64_t>(static_cast<double>(ahead_) * ticks_per_nanosecond);
  registers->rax = shown & 0xffffffff;
  registers->rdx = shown >> 32;
  if (with_processor) registers->rcx = 0;
  registers->rip += plain ? 2 : 3;
  (void)thread.set_registers(*registers);
  if (just_woken_.erase(thread.tid()) != 0 && notes_)
    notes_->note(thread, K::timing_check, "the processor's time stamp after a sleep",
                 plain ? "rdtsc" : "rdtscp");
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
  if (ahead_ != 0)
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
  just_woken_.insert(thread.tid());
}

bool VirtualClock::is_waiting(Tid tid, const Sleeper& sleeper) const {
  constexpr int restart_wide = 219, restart_narrow = 0;
  const auto call = blocked_call(tid);
  return call && (*call == sleeper.call.number || *call == restart_wide || *call == restart_narrow);
}

std::optional<Nanoseconds> VirtualClock::next_end() {
  std::optional<Nanoseconds> first = timers_.next(guest_now());
  for (auto each = sleepers_.begin(); each != sleepers_.end();) {
    if (first && each->second.end >= *first) {
      ++each;
    } else if (!is_waiting(each->first, each->second)) {
      each = sleepers_.erase(each);  // something else ended its wait
    } else {
      first = each->second.end;
      ++each;
    }
  }
  return first;
}

// Blocked in a call that only time or another thread of the run can end.
bool VirtualClock::waits_for_guests(Tid tid) {
  constexpr int wide[] = {34, 61, 130, 202, 247};            // pause, wait4, rt_sigsuspend, futex, waitid
  constexpr int narrow[] = {7, 29, 72, 114, 179, 240, 284};  // waitpid, pause, sigsuspend, wait4, …
  const trace::Process* process = tracer_.process_of(tid);
  const auto call = blocked_call(tid);
  if (!process || !call) return false;
  return narrow_.contains(process->id) ? std::ranges::find(narrow, *call) != std::end(narrow)
                                       : std::ranges::find(wide, *call) != std::end(wide);
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
  if (!end) return;
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
  ahead_ += span;
  const Nanoseconds wall = machine_clock(CLOCK_REALTIME);
  if (steps_.size() < max_steps)
    steps_.push_back({wall, ahead_});
  else
    steps_.back().ahead = ahead_;
  std::unordered_set<trace::ProcessId> advanced;
  for (const Tid tid : tracer_.threads()) {
    const trace::Process* process = tracer_.process_of(tid);
    if (!process) continue;
    const auto found = sleepers_.find(tid);
    const bool due = found != sleepers_.end() && found->second.end <= guest_now();
    const bool timers = timers_.has(process->id) && advanced.insert(process->id).second;
    const bool known = taken_over_.contains(process->id) && tsc_trapped_.contains(tid);
    if (!due && !timers && known) continue;
    tracer_.with_stopped(tid, [&](Thread& thread) {
      const auto sleeper = sleepers_.find(tid);
      if (due && sleeper != sleepers_.end()) {
        finish_wait(thread, sleeper->second);
        sleepers_.erase(sleeper);
      } else if (sleeper != sleepers_.end()) {
        sleeper->second.interrupted = true;
      }
      take_over(thread);
      if (timers) timers_.advance(thread, span);
    });
  }
  if (options_.on_skip) options_.on_skip(skipped());
}

}  // namespace shikake::sandbox::clock
