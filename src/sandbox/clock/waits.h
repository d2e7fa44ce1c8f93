// Calls that wait for time to pass, decoded: for how long, and what they give when the time is over.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::clock {

// Time in nanoseconds; a span, or a point on one of the guest's clocks.
using Nanoseconds = int64_t;

struct Wait {
  Nanoseconds span = 0;       // from now; never negative
  int64_t result_at_end = 0;  // what the call returns when nothing else ended it
  bool pure = false;          // nothing but time (or a signal) can end it: a sleep
  // Set where the time given is a point: the argument that holds it, and the clock.
  std::optional<size_t> point_argument = {};
  Nanoseconds point = 0;
};

// The calls' stops: only those that can wait for min_wait or longer, as far as the kernel's filter can tell.
std::vector<trace::Interest> wait_interests();
// Shorter ones pass unseen where the time is in a register (poll, epoll_wait); they are real.
inline constexpr int min_wait_milliseconds = 50;

// Nothing: no wait, or without an end. `offset`: how far the guest's clocks are ahead of the machine's.
std::optional<Wait> decode_wait(trace::Thread& thread, const trace::Call& call, Nanoseconds offset);

// A struct timespec, timeval (in `unit` 1000) or their 32-bit forms, as the call's table has it.
std::optional<Nanoseconds> read_time(trace::Thread& thread, const trace::Call& call, uint64_t at,
                                     Nanoseconds unit = 1);
bool write_time(trace::Thread& thread, const trace::Call& call, uint64_t at, Nanoseconds time,
                Nanoseconds unit = 1);
// How many bytes such a struct has there.
size_t time_bytes(const trace::Call& call);

// clock_gettime as the kernel answers the guest, which may live in a time namespace of its own; 0 for ids
// that are none.
Nanoseconds machine_clock(int id);
// From now on machine_clock() tells the time of this thread's namespace: time_namespaces(7),
// /proc/pid/timens_offsets.
void follow_time_namespace(pid_t thread);
// How far the boot clock of that namespace is from ours.
Nanoseconds boot_clock_offset();

}  // namespace shikake::sandbox::clock
