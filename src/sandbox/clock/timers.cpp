#include "sandbox/clock/timers.h"

#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

#include <algorithm>
#include <array>

namespace shikake::sandbox::clock {
namespace {

using trace::Call;
using trace::GuestAddress;
using trace::Interest;
using trace::ProcessId;
using trace::Sys;
using trace::Thread;
using Op = trace::ArgumentTest::Op;

constexpr Nanoseconds second = 1'000'000'000;
// A timer that is due now is set to this: zero would switch it off.
constexpr Nanoseconds soonest = 1000;

// interval, value: as struct itimerspec and struct itimerval have them.
using Setting = std::array<int64_t, 4>;
using NarrowSetting = std::array<int32_t, 4>;

Nanoseconds value_of(const Setting& setting, Nanoseconds unit) {
  return setting[2] * second + setting[3] * unit;
}

bool bring_nearer(Setting& setting, Nanoseconds unit, Nanoseconds span) {
  const Nanoseconds left = value_of(setting, unit);
  if (left == 0) return false;  // off
  const Nanoseconds now_left = std::max(soonest, left - span);
  setting[2] = now_left / second;
  setting[3] = std::max<Nanoseconds>(1, now_left % second / unit);
  return true;
}

}  // namespace

std::vector<Interest> Timers::interests() {
  return {{.sys = Sys::alarm},
          {.sys = Sys::setitimer, .when = {{0, Op::equal, ITIMER_REAL, 0xffffffff}}},
          {.sys = Sys::timer_settime},
          {.sys = Sys::timerfd_settime}};
}

std::optional<Wait> Timers::set(Thread& thread, const Call& call, Nanoseconds now, Nanoseconds offset) {
  if (call.sys != Sys::alarm && call.sys != Sys::setitimer && call.sys != Sys::timer_settime &&
      call.sys != Sys::timerfd_settime)
    return std::nullopt;
  const ProcessId process = thread.process().id;
  Key key{process, Kind::interval, 0};
  Timer timer{0, 0};
  std::optional<Wait> point;
  if (call.sys == Sys::alarm) {
    timer.end = static_cast<Nanoseconds>(static_cast<uint32_t>(call[0])) * second;
  } else if (call.sys == Sys::setitimer) {
    const size_t half = call.pointer_bytes() * 2;
    timer.interval = read_time(thread, call, call[1], 1000).value_or(0);
    timer.end = read_time(thread, call, call[1] + half, 1000).value_or(0);
  } else {
    key.kind = call.sys == Sys::timer_settime ? Kind::posix : Kind::descriptor;
    key.id = call.as_int(0);
    timer.interval = read_time(thread, call, call[2]).value_or(0);
    const uint64_t at = call[2] + time_bytes(call);
    timer.end = read_time(thread, call, at).value_or(0);
    if ((call[1] & TIMER_ABSTIME) != 0 && timer.end != 0) {
      // Which clock is not told here; a point beyond thirty years is one of the wall clock.
      const int clock = timer.end > second * 86'400 * 365 * 30 ? CLOCK_REALTIME : CLOCK_MONOTONIC;
      point = Wait{.point_argument = 2, .point = timer.end};
      timer.end = std::max<Nanoseconds>(1, timer.end - machine_clock(clock) - offset);
    }
  }
  if (timer.end == 0)
    timers_.erase(key);
  else if (timers_.contains(key) || timers_.size() < max_timers)
    timers_[key] = {now + timer.end, timer.interval};
  return point;
}

std::optional<Nanoseconds> Timers::next(Nanoseconds now) {
  std::optional<Nanoseconds> first;
  for (auto timer = timers_.begin(); timer != timers_.end();) {
    Timer& each = timer->second;
    if (each.end <= now && each.interval == 0) {
      timer = timers_.erase(timer);  // it has ended
      continue;
    }
    if (each.end <= now) each.end += ((now - each.end) / each.interval + 1) * each.interval;
    if ((each.interval == 0 || each.interval >= second) && (!first || each.end < *first)) first = each.end;
    ++timer;
  }
  return first;
}

void Timers::advance(Thread& thread, Nanoseconds span) {
  const ProcessId process = thread.process().id;
  for (auto& [key, timer] : timers_) {
    if (key.process != process) continue;
    if (timer.interval != 0 && timer.interval < second) continue;
    switch (key.kind) {
      case Kind::interval:
        advance_interval(thread, span);
        break;
      case Kind::posix:
        advance_posix(thread, key.id, span);
        break;
      case Kind::descriptor:
        advance_descriptor(thread, key.id, span);
        break;
    }
  }
}

namespace {

// Reads a setting with one call, brings it nearer, sets it with another; all in the guest. 32-bit tables have
// the narrow form for the calls that are used here.
void reset(Thread& thread, Nanoseconds unit, Nanoseconds span, Sys get, Sys set, int id, bool narrow,
           bool with_flags) {
  const GuestAddress at = thread.scratch();
  const std::array<uint64_t, 2> ask{static_cast<uint64_t>(id), at.value};
  if (thread.inject(get, ask).value_or(-1) != 0) return;
  Setting setting{};
  if (narrow) {
    const auto read = thread.read_value<NarrowSetting>(at);
    if (!read) return;
    std::copy(read->begin(), read->end(), setting.begin());
  } else if (const auto read = thread.read_value<Setting>(at)) {
    setting = *read;
  }
  if (!bring_nearer(setting, unit, span)) return;
  bool written = false;
  if (narrow) {
    NarrowSetting small;
    std::transform(setting.begin(), setting.end(), small.begin(),
                   [](int64_t v) { return static_cast<int32_t>(v); });
    written = thread.write_value(at, small);
  } else {
    written = thread.write_value(at, setting);
  }
  if (!written) return;
  const std::array<uint64_t, 4> with{static_cast<uint64_t>(id), 0, at.value, 0};
  const std::array<uint64_t, 3> without{static_cast<uint64_t>(id), at.value, 0};
  if (with_flags)
    (void)thread.inject(set, with);
  else
    (void)thread.inject(set, without);
}

bool is_narrow(Thread& thread) {
  const auto registers = thread.registers();
  constexpr uint64_t narrow_code = 0x23;
  return registers && registers->cs == narrow_code;
}

}  // namespace

void Timers::advance_interval(Thread& thread, Nanoseconds span) {
  reset(thread, 1000, span, Sys::getitimer, Sys::setitimer, ITIMER_REAL, is_narrow(thread), false);
}

void Timers::advance_posix(Thread& thread, int id, Nanoseconds span) {
  reset(thread, 1, span, Sys::timer_gettime, Sys::timer_settime, id, is_narrow(thread), true);
}

void Timers::advance_descriptor(Thread& thread, int fd, Nanoseconds span) {
  const auto timer = thread.duplicate_fd(fd);
  itimerspec now{};
  if (!timer || timerfd_gettime(timer->get(), &now) != 0) return;
  Setting setting{now.it_interval.tv_sec, now.it_interval.tv_nsec, now.it_value.tv_sec, now.it_value.tv_nsec};
  if (!bring_nearer(setting, 1, span)) return;
  now.it_value = {setting[2], setting[3]};
  timerfd_settime(timer->get(), 0, &now, nullptr);
}

void Timers::executed(ProcessId process) {
  std::erase_if(timers_, [&](const auto& each) {
    return each.first.process == process && each.first.kind == Kind::posix;
  });
}

void Timers::ended(ProcessId process) {
  std::erase_if(timers_, [&](const auto& each) { return each.first.process == process; });
}

bool Timers::has(ProcessId process) const {
  return std::ranges::any_of(timers_, [&](const auto& each) { return each.first.process == process; });
}

}  // namespace shikake::sandbox::clock
