#include "audit/time_text.h"

#include <fmt/format.h>

#include <array>

#include "audit/tokens.h"
#include "base/checked.h"

namespace shikake::audit {
namespace {

constexpr int64_t max_seconds = 253'402'300'799;  // 9999-12-31T23:59:59Z

std::optional<base::TimePoint> from_epoch(std::string_view text) {
  const size_t dot = std::min(text.find('.'), text.size());
  const auto seconds = base::parse_integer<int64_t>(text.substr(0, dot));
  if (!seconds || *seconds < 0 || *seconds > max_seconds) return std::nullopt;
  int64_t micros = 0, unit = 100'000;
  for (size_t i = dot + 1; i < text.size(); ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    micros += (text[i] - '0') * unit;
    unit /= 10;
  }
  return base::from_micros(*seconds * 1'000'000 + micros);
}

// 17/May/2015:10:05:03 +0000
std::optional<base::TimePoint> from_apache(std::string_view text) {
  constexpr size_t length = 26;
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != length || text[2] != '/' || text[6] != '/' || text[11] != ':' || text[20] != ' ')
    return std::nullopt;
  for (size_t i = 0; i < months.size(); ++i) {
    if (text.substr(3, 3) != months[i]) continue;
    return base::from_rfc3339(fmt::format("{}-{:02}-{}T{}{}:{}", text.substr(7, 4), i + 1, text.substr(0, 2),
                                          text.substr(12, 8), text.substr(21, 3), text.substr(24, 2)));
  }
  return std::nullopt;
}

}  // namespace

std::optional<base::TimePoint> time_from_log(std::string_view text) {
  if (text.size() > 11 && text[2] == '/') return from_apache(text);
  if (text.size() > 4 && text[4] == '-') return base::from_rfc3339(text);
  return from_epoch(text);
}

}  // namespace shikake::audit
