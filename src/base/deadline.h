// Until when something may block.
#pragma once

#include <chrono>
#include <optional>

namespace shikake::base {

// A point on the monotonic clock, so that nobody who sets the wall clock prolongs a wait.
class Deadline {
 public:
  static Deadline after(std::chrono::milliseconds span) { return Deadline(SteadyClock::now() + span); }
  static Deadline now() { return after(std::chrono::milliseconds(0)); }  // look, do not wait
  static Deadline never() { return Deadline(std::nullopt); }

  bool passed() const { return at_ && SteadyClock::now() >= *at_; }

  // As poll(2) takes it: milliseconds rounded up (a wait never ends too early), -1 for ever.
  int poll_timeout() const;

 private:
  using SteadyClock = std::chrono::steady_clock;
  explicit Deadline(std::optional<SteadyClock::time_point> at) : at_(at) {}

  std::optional<SteadyClock::time_point> at_;
};

// Waits until poll(2) reports one of `events`, an error or a hang-up on `fd`; false when the deadline
// came first. A signal that is handled meanwhile prolongs nothing.
bool wait_for_fd(int fd, short events, const Deadline& deadline);

}  // namespace shikake::base
