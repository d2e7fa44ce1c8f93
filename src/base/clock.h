// Time as Shikake records it, and the seam that lets tests set it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace shikake::base {

// Wall-clock time in microseconds since 1970-01-01T00:00:00Z; the precision of every record.
using TimePoint = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;
using Duration = std::chrono::microseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
};

const Clock& system_clock();  // lives for the whole program

class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimePoint start) : now_(start) {}
  TimePoint now() const override { return now_; }
  void advance(Duration by) { now_ += by; }
  void set(TimePoint to) { now_ = to; }

 private:
  TimePoint now_;
};

inline int64_t to_micros(TimePoint time) { return time.time_since_epoch().count(); }
inline TimePoint from_micros(int64_t micros) { return TimePoint(Duration(micros)); }

// RFC 3339 in UTC with as many of the six decimals as are not zero ("…:56Z", "…:56.25Z"; STIX wants
// at least three: pass decimals).
std::string to_rfc3339(TimePoint time, int min_decimals = 0);
// Date alone, or date and time with any offset; nothing on anything else. Years 0001 to 9999.
std::optional<TimePoint> from_rfc3339(std::string_view text);

// "90s", "15m", "24h", "7d", "2w"; nothing on anything else.
std::optional<Duration> parse_duration(std::string_view text);

}  // namespace shikake::base
