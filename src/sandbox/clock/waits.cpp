#include "sandbox/clock/waits.h"

#include <linux/futex.h>
#include <sys/timerfd.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include "base/file.h"

namespace shikake::sandbox::clock {
namespace {

using trace::ArgumentTest;
using trace::Call;
using trace::Interest;
using trace::Sys;
using trace::Thread;
using Op = ArgumentTest::Op;

constexpr Nanoseconds second = 1'000'000'000, millisecond = 1'000'000;
// Programs say "for ever" with the largest numbers there are.
constexpr Nanoseconds forever = second * 86'400 * 365 * 50;

// The 32-bit table's calls with 64-bit times are the numbers from clock_gettime64 to
// sched_rr_get_interval_time64.
bool has_wide_time(const Call& call) {
  return !call.is_32_bit() || (call.number >= 403 && call.number <= 423);
}

std::optional<Wait> relative(Thread& thread, const Call& call, size_t index, int64_t result,
                             Nanoseconds unit = 1) {
  const auto span = read_time(thread, call, call[index], unit);
  if (!span || *span < 0 || *span > forever) return std::nullopt;
  return Wait{.span = *span, .result_at_end = result};
}

std::optional<Wait> until(Thread& thread, const Call& call, size_t index, int clock, int64_t result,
                          Nanoseconds offset) {
  const auto point = read_time(thread, call, call[index]);
  if (!point || *point < 0) return std::nullopt;
  const Nanoseconds span = std::max<Nanoseconds>(0, *point - (machine_clock(clock) + offset));
  if (span > forever) return std::nullopt;
  return Wait{.span = span, .result_at_end = result, .point_argument = index, .point = *point};
}

std::optional<Wait> milliseconds(int value, bool pure) {
  if (value <= 0) return std::nullopt;
  return Wait{.span = value * millisecond, .pure = pure};
}

std::optional<Wait> futex(Thread& thread, const Call& call, Nanoseconds offset) {
  const int operation = call.as_int(1);
  const int clock = (operation & FUTEX_CLOCK_REALTIME) != 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC;
  switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
      return relative(thread, call, 3, -ETIMEDOUT);
    case FUTEX_WAIT_BITSET:
    case FUTEX_WAIT_REQUEUE_PI:
    case FUTEX_LOCK_PI2:
      return until(thread, call, 3, clock, -ETIMEDOUT, offset);
    case FUTEX_LOCK_PI:
      return until(thread, call, 3, CLOCK_REALTIME, -ETIMEDOUT, offset);
    default:
      return std::nullopt;
  }
}

}  // namespace

namespace {
// One run is traced by one process, and all of its guests live in one namespace.
Nanoseconds monotonic_offset = 0, boot_offset = 0;
}  // namespace

Nanoseconds machine_clock(int id) {
  timespec now{};
  if (clock_gettime(id, &now) != 0) return 0;
  const bool monotonic = id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_RAW || id == CLOCK_MONOTONIC_COARSE;
  const bool boot = id == CLOCK_BOOTTIME || id == CLOCK_BOOTTIME_ALARM;
  return now.tv_sec * second + now.tv_nsec + (monotonic ? monotonic_offset : boot ? boot_offset : 0);
}

void follow_time_namespace(pid_t thread) {
  auto text = base::read_file("/proc/" + std::to_string(thread) + "/timens_offsets", 4096);
  auto ours = base::read_file("/proc/self/timens_offsets", 4096);
  if (!text || !ours) return;  // before Linux 5.5: there are none
  auto offset = [](const std::string& rows, const char* format) {
    long long seconds = 0, parts = 0;
    const size_t at = rows.find(format);
    if (at != std::string::npos) std::sscanf(rows.c_str() + at, "%*s %lld %lld", &seconds, &parts);
    return seconds * second + parts;
  };
  monotonic_offset = offset(*text, "monotonic") - offset(*ours, "monotonic");
  boot_offset = offset(*text, "boottime") - offset(*ours, "boottime");
}

Nanoseconds boot_clock_offset() {
  return boot_offset;
}

size_t time_bytes(const Call& call) {
  return has_wide_time(call) ? 16 : 8;
}

std::optional<Nanoseconds> read_time(Thread& thread, const Call& call, uint64_t at, Nanoseconds unit) {
  int64_t seconds = 0, parts = 0;
  if (has_wide_time(call)) {
    const auto value = thread.read_value<std::array<int64_t, 2>>({at});
    if (!value) return std::nullopt;
    seconds = (*value)[0];
    parts = call.is_32_bit() ? static_cast<int32_t>((*value)[1]) : (*value)[1];  // the upper half is padding
  } else {
    const auto value = thread.read_value<std::array<int32_t, 2>>({at});
    if (!value) return std::nullopt;
    seconds = (*value)[0], parts = (*value)[1];
  }
  seconds = std::clamp<int64_t>(seconds, -forever / second, 2 * forever / second);
  return seconds * second + std::clamp<int64_t>(parts, 0, second) * unit;
}

bool write_time(Thread& thread, const Call& call, uint64_t at, Nanoseconds time, Nanoseconds unit) {
  const int64_t seconds = time / second, parts = time % second / unit;
  if (has_wide_time(call)) return thread.write_value({at}, std::array<int64_t, 2>{seconds, parts});
  return thread.write_value(
      {at}, std::array<int32_t, 2>{static_cast<int32_t>(seconds), static_cast<int32_t>(parts)});
}

std::vector<Interest> wait_interests() {
  std::vector<Interest> all = {{.sys = Sys::nanosleep}, {.sys = Sys::clock_nanosleep}};
  const auto at_least = [&](Sys sys, uint8_t index) {
    all.push_back({.sys = sys, .when = {{index, Op::at_least_i32, min_wait_milliseconds}}});
  };
  at_least(Sys::poll, 2);
  at_least(Sys::epoll_wait, 3);
  at_least(Sys::epoll_pwait, 3);
  const auto with_time = [&](Sys sys, uint8_t index) {
    all.push_back({.sys = sys, .when = {{index, Op::not_equal, 0}}});
  };
  with_time(Sys::ppoll, 2);
  with_time(Sys::select, 4);
  with_time(Sys::pselect6, 4);
  with_time(Sys::epoll_pwait2, 3);
  with_time(Sys::rt_sigtimedwait, 2);
  with_time(Sys::semtimedop, 3);
  with_time(Sys::mq_timedsend, 4);
  with_time(Sys::mq_timedreceive, 4);
  for (const uint64_t command :
       {FUTEX_WAIT, FUTEX_WAIT_BITSET, FUTEX_WAIT_REQUEUE_PI, FUTEX_LOCK_PI, FUTEX_LOCK_PI2})
    all.push_back({.sys = Sys::futex,
                   .when = {{3, Op::not_equal, 0}, {1, Op::equal, command, FUTEX_CMD_MASK & 0xffu}}});
  return all;
}

std::optional<Wait> decode_wait(Thread& thread, const Call& call, Nanoseconds offset) {
  std::optional<Wait> wait;
  switch (call.sys) {
    case Sys::nanosleep:
      wait = relative(thread, call, 0, 0);
      if (wait) wait->pure = true;
      return wait;
    case Sys::clock_nanosleep:
      wait = (call[1] & TIMER_ABSTIME) != 0 ? until(thread, call, 2, call.as_int(0), 0, offset)
                                            : relative(thread, call, 2, 0);
      if (wait) wait->pure = true;
      return wait;
    case Sys::poll:
      return milliseconds(call.as_int(2), call[1] == 0);
    case Sys::epoll_wait:
    case Sys::epoll_pwait:
      return milliseconds(call.as_int(3), false);
    case Sys::ppoll:
      wait = relative(thread, call, 2, 0);
      if (wait) wait->pure = call[1] == 0;
      return wait;
    case Sys::select:
    case Sys::pselect6:
      wait = relative(thread, call, 4, 0, call.sys == Sys::select ? 1000 : 1);
      if (wait) wait->pure = call[1] == 0 && call[2] == 0 && call[3] == 0;
      return wait;
    case Sys::epoll_pwait2:
      return relative(thread, call, 3, 0);
    case Sys::futex:
      return futex(thread, call, offset);
    case Sys::rt_sigtimedwait:
      return relative(thread, call, 2, -EAGAIN);
    case Sys::semtimedop:
      return relative(thread, call, 3, -EAGAIN);
    case Sys::mq_timedsend:
    case Sys::mq_timedreceive:
      return until(thread, call, 4, CLOCK_REALTIME, -ETIMEDOUT, offset);
    default:
      return std::nullopt;
  }
}

}  // namespace shikake::sandbox::clock
