// Spaces visits to one host in time: nobody's server is to notice a search.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <unordered_map>

namespace shikake::neighbourhood {

class Pacer {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;
  // Between the end of one visit to a host and the start of the next.
  explicit Pacer(Duration interval) : interval_(interval) {}

  // How long to wait, at `now`, before visiting the host.
  Duration wait(const std::string& host, Time now) const {
    auto last = ended_.find(host);
    if (last == ended_.end()) return Duration::zero();
    return std::max(Duration::zero(), last->second + interval_ - now);
  }
  void ended(const std::string& host, Time now) { ended_[host] = now; }

 private:
  const Duration interval_;
  std::unordered_map<std::string, Time> ended_;
};

}  // namespace shikake::neighbourhood
