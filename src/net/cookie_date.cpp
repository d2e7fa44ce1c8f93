// RFC 6265 section 5.1.1: a date is whatever has a time, a day, a month and a year among its tokens.
#include <array>
#include <chrono>

#include "base/ascii.h"
#include "base/checked.h"
#include "net/cookies.h"

namespace shikake::net {
namespace {

using base::is_digit;

bool is_delimiter(char c) {
  auto byte = static_cast<unsigned char>(c);
  return byte == 0x09 || (byte >= 0x20 && byte <= 0x2F) || (byte >= 0x3B && byte <= 0x40) ||
         (byte >= 0x5B && byte <= 0x60) || (byte >= 0x7B && byte <= 0x7E);
}

// As many digits as there are, `least` to `most` of them, at the start of `text`; they are taken off.
std::optional<int> number(std::string_view& text, size_t least, size_t most) {
  size_t size = 0;
  while (size < text.size() && is_digit(text[size])) ++size;
  if (size < least || size > most) return std::nullopt;
  auto value = base::parse_integer<int>(text.substr(0, size));
  text.remove_prefix(size);
  return value;
}

struct Fields {
  std::optional<std::chrono::seconds> time;
  std::optional<int> day, month, year;
};

std::optional<std::chrono::seconds> time_of(std::string_view token) {
  auto hour = number(token, 1, 2);
  if (!hour || !token.starts_with(':')) return std::nullopt;
  token.remove_prefix(1);
  auto minute = number(token, 1, 2);
  if (!minute || !token.starts_with(':')) return std::nullopt;
  token.remove_prefix(1);
  auto second = number(token, 1, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

std::optional<int> month_of(std::string_view token) {
  constexpr std::array<std::string_view, 12> names = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
  if (token.size() < 3) return std::nullopt;
  std::string start(token.substr(0, 3));
  for (char& c : start) c = static_cast<char>(c | 0x20);
  for (size_t i = 0; i < names.size(); ++i) {
    if (start == names[i]) return static_cast<int>(i) + 1;
  }
  return std::nullopt;
}

// Each token is the first of these that is still missing and that it can be.
void read_token(Fields& fields, std::string_view token) {
  if (!fields.time && (fields.time = time_of(token))) return;
  std::string_view rest = token;
  if (!fields.day && (fields.day = number(rest, 1, 2))) return;
  if (!fields.month && (fields.month = month_of(token))) return;
  rest = token;
  if (!fields.year) fields.year = number(rest, 2, 4);
}

}  // namespace

std::optional<base::TimePoint> parse_cookie_date(std::string_view text) {
  Fields fields;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && !is_delimiter(text[end])) ++end;
    if (end > at) read_token(fields, text.substr(at, end - at));
    at = end + 1;
  }
  if (!fields.time || !fields.day || !fields.month || !fields.year) return std::nullopt;
  int year = *fields.year;
  if (year >= 70 && year <= 99)
    year += 1900;
  else if (year <= 69)
    year += 2000;
  constexpr int first_year = 1601;
  std::chrono::year_month_day date{std::chrono::year(year),
                                   std::chrono::month(static_cast<unsigned>(*fields.month)),
                                   std::chrono::day(static_cast<unsigned>(*fields.day))};
  if (year < first_year || !date.ok()) return std::nullopt;
  return base::TimePoint(std::chrono::sys_days(date)) + *fields.time;
}

}  // namespace shikake::net
