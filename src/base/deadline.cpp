#include "base/deadline.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"

namespace shikake::base {

int Deadline::poll_timeout() const {
  if (!at_) return -1;
  auto left = std::chrono::ceil<std::chrono::milliseconds>(*at_ - SteadyClock::now()).count();
  constexpr int64_t longest = 1'000'000'000;  // fits an int; whoever waits looks again afterwards
  return static_cast<int>(std::clamp<int64_t>(left, 0, longest));
}

bool wait_for_fd(int fd, short events, const Deadline& deadline) {
  for (;;) {
    pollfd entry{fd, events, 0};
    int ready = ::poll(&entry, 1, deadline.poll_timeout());
    if (ready > 0) {
      SHIKAKE_CHECK(!(entry.revents & POLLNVAL));  // somebody closed what we still use
      return true;
    }
    SHIKAKE_CHECK(ready == 0 || errno == EINTR);
    if (deadline.passed()) return false;
  }
}

}  // namespace shikake::base
