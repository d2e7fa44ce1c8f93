#include "base/clock.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/checked.h"

namespace shikake::base {
namespace {

class SystemClock final : public Clock {
 public:
  TimePoint now() const override {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  }
};

// Reads `count` digits at `at` and moves past them.
std::optional<int> digits(std::string_view text, size_t& at, size_t count) {
  if (text.size() < at + count) return std::nullopt;
  std::string_view part = text.substr(at, count);
  if (part.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  at += count;
  return parse_integer<int>(part);
}

bool eat(std::string_view text, size_t& at, std::string_view any_of) {
  if (at >= text.size() || any_of.find(text[at]) == std::string_view::npos) return false;
  ++at;
  return true;
}

struct TimeOfDay {
  Duration since_midnight{};
  Duration offset{};
};

std::optional<TimeOfDay> parse_time_of_day(std::string_view text, size_t& at) {
  using namespace std::chrono;
  auto hour = digits(text, at, 2);
  if (!hour || !eat(text, at, ":")) return std::nullopt;
  auto minute = digits(text, at, 2);
  if (!minute || !eat(text, at, ":")) return std::nullopt;
  auto second = digits(text, at, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  int64_t micros = 0;
  if (eat(text, at, ".")) {
    int64_t scale = 100'000;
    size_t start = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
      micros += (text[at] - '0') * scale;
    if (at == start) return std::nullopt;
  }
  TimeOfDay time{hours(*hour) + minutes(*minute) + seconds(*second) + microseconds(micros), {}};
  if (eat(text, at, "Zz")) return time;
  if (at >= text.size() || (text[at] != '+' && text[at] != '-')) return std::nullopt;
  int sign = text[at++] == '-' ? -1 : 1;
  auto offset_hour = digits(text, at, 2);
  if (!offset_hour || !eat(text, at, ":")) return std::nullopt;
  auto offset_minute = digits(text, at, 2);
  if (!offset_minute || *offset_hour > 23 || *offset_minute > 59) return std::nullopt;
  time.offset = sign * (hours(*offset_hour) + minutes(*offset_minute));
  return time;
}

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

std::string to_rfc3339(TimePoint time, int min_decimals) {
  auto whole = std::chrono::floor<std::chrono::seconds>(time);
  auto micros = (time - whole).count();
  std::string text = fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(whole.time_since_epoch().count()));
  std::string decimals = fmt::format("{:06}", micros);
  while (!decimals.empty() && decimals.back() == '0' && static_cast<int>(decimals.size()) > min_decimals)
    decimals.pop_back();
  if (!decimals.empty()) text += "." + decimals;
  return text + "Z";
}

std::optional<TimePoint> from_rfc3339(std::string_view text) {
  using namespace std::chrono;
  size_t at = 0;
  auto year_number = digits(text, at, 4);
  if (!year_number || !eat(text, at, "-")) return std::nullopt;
  auto month_number = digits(text, at, 2);
  if (!month_number || !eat(text, at, "-")) return std::nullopt;
  auto day_number = digits(text, at, 2);
  if (!day_number || *year_number == 0) return std::nullopt;
  year_month_day date{year(*year_number), month(static_cast<unsigned>(*month_number)),
                      day(static_cast<unsigned>(*day_number))};
  if (!date.ok()) return std::nullopt;
  TimePoint midnight = sys_days(date);
  if (at == text.size()) return midnight;
  if (!eat(text, at, "Tt ")) return std::nullopt;
  auto time = parse_time_of_day(text, at);
  if (!time || at != text.size()) return std::nullopt;
  // An offset or a leap second can lead out of the years that to_rfc3339 can write.
  const TimePoint result = midnight + time->since_midnight - time->offset;
  const TimePoint first = sys_days(year(1) / 1 / 1), end = sys_days(year(10'000) / 1 / 1);
  if (result < first || result >= end) return std::nullopt;
  return result;
}

std::optional<Duration> parse_duration(std::string_view text) {
  using namespace std::chrono;
  if (text.size() < 2) return std::nullopt;
  auto count = parse_integer<uint32_t>(text.substr(0, text.size() - 1));
  if (!count) return std::nullopt;
  switch (text.back()) {
    case 's': return seconds(*count);
    case 'm': return minutes(*count);
    case 'h': return hours(*count);
    case 'd': return days(*count);
    case 'w': return weeks(*count);
    default: return std::nullopt;
  }
}

}  // namespace shikake::base
