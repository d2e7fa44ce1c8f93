#include "sandbox/clock/shown_time.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "sandbox/trace/substitute.h"

namespace shikake::sandbox::clock {

using trace::Call;
using trace::Interest;
using trace::Sys;
using trace::Thread;
using Op = trace::ArgumentTest::Op;

namespace {

constexpr Nanoseconds second = 1'000'000'000;
// Skips that are remembered one by one, for files' times; later ones count as one.
constexpr size_t max_steps = 65'536;

}  // namespace

std::vector<Interest> ShownTime::interests() {
  std::vector<Interest> all;
  for (const uint64_t clock : {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
                               CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI})
    all.push_back({.sys = Sys::clock_gettime, .when = {{0, Op::equal, clock, 0xffffffff}}});
  for (const Sys sys : {Sys::gettimeofday, Sys::time, Sys::times, Sys::sysinfo, Sys::stat, Sys::lstat,
                        Sys::fstat, Sys::newfstatat, Sys::statx})
    all.push_back({.sys = sys});
  return all;
}

bool ShownTime::is_told_by(const Call& call) {
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

void ShownTime::skip(Nanoseconds span) {
  ahead_ += span;
  // Files get their times from the clock of the last tick: one that is made now may bear a time that lies
  // before the finer clock's.
  const Nanoseconds wall = machine_clock(CLOCK_REALTIME_COARSE);
  if (steps_.size() < max_steps)
    steps_.push_back({wall, ahead_});
  else
    steps_.back().ahead = ahead_;
}

Nanoseconds ShownTime::of_file(Nanoseconds machine) const {
  // What the kernel set while the run went on; a later time, or one from before, was set by somebody.
  if (steps_.empty() || machine < steps_.front().at || machine > machine_clock(CLOCK_REALTIME))
    return machine;
  const auto after = std::upper_bound(steps_.begin(), steps_.end(), machine,
                                      [](Nanoseconds time, const Step& step) { return time < step.at; });
  return machine + std::prev(after)->ahead;
}

void ShownTime::add_to_file_times(Thread& thread, const Call& call) const {
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
      const Nanoseconds shown = of_file(value.seconds * second + value.nanoseconds);
      value.seconds = shown / second;
      value.nanoseconds = static_cast<uint32_t>(shown % second);
      std::memcpy(bytes.data(), &value, bytes.size());
      thread.write(at, bytes);
    } else {
      const uint64_t at = first + static_cast<uint64_t>(i) * (call.is_32_bit() ? 8 : 16);
      const auto time = read_time(thread, call, at);
      if (!time) return;
      if (const Nanoseconds shown = of_file(*time); shown != *time) write_time(thread, call, at, shown);
    }
  }
}

void ShownTime::add_to_answer(Thread& thread, const Call& call) const {
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

void ShownTime::add(Thread& thread, const Call& call, int64_t result) const {
  if (ahead_ == 0) return;
  if (call.sys == Sys::times) {
    constexpr Nanoseconds tick = second / 100;  // USER_HZ
    thread.set_result(result + ahead_ / tick);
  } else if (result >= 0) {
    add_to_answer(thread, call);
  }
}

void ShownTime::add_to_uptime(Thread& thread, const Call& call, int64_t result) const {
  const int fd = static_cast<int>(result);
  if (ahead_ == 0 || result < 0 || thread.link(fmt::format("fd/{}", fd)) != "/proc/uptime") return;
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

}  // namespace shikake::sandbox::clock
