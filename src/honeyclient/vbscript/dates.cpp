// The calendar: days since 1899-12-30, as DATE counts them ([MS-OAUT] 2.2.25).
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

#include "honeyclient/vbscript/convert.h"

namespace shikake::honeyclient::vbscript {

namespace {

constexpr int64_t epoch_from_1970 = -25569;  // 1899-12-30
constexpr std::array<std::u16string_view, 12> month_names = {
    u"january", u"february", u"march",     u"april",   u"may",      u"june",
    u"july",    u"august",   u"september", u"october", u"november", u"december"};

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": days from 1970-01-01 and back.
int64_t days_from_civil(int64_t year, int month, int day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

void civil_from_days(int64_t days, Moment& moment) {
  days += 719468;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  int64_t day_of_era = days - era * 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t month_index = (5 * day_of_year + 2) / 153;
  moment.day = static_cast<int>(day_of_year - (153 * month_index + 2) / 5 + 1);
  moment.month = static_cast<int>(month_index < 10 ? month_index + 3 : month_index - 9);
  moment.year = year_of_era + era * 400 + (moment.month <= 2);
}

// The language's window for two digits: 0-29 are of this century, 30-99 of the last.
int64_t full_year(int64_t year) {
  return year >= 0 && year < 30 ? 2000 + year : year < 100 && year >= 30 ? 1900 + year : year;
}

struct Word {
  std::u16string text;
  bool number = false;
};

std::vector<Word> words_of(std::u16string_view text) {
  std::vector<Word> words;
  for (size_t i = 0; i < text.size();) {
    char16_t unit = text[i];
    bool digit = unit >= '0' && unit <= '9';
    bool letter = (unit | 0x20) >= 'a' && (unit | 0x20) <= 'z';
    size_t end = i + 1;
    while ((digit || letter) && end < text.size() &&
           (digit ? text[end] >= '0' && text[end] <= '9'
                  : (text[end] | 0x20) >= 'a' && (text[end] | 0x20) <= 'z'))
      ++end;
    if (digit || letter || unit == '/' || unit == '-' || unit == ':' || unit == '.')
      words.push_back({lower_case(text.substr(i, end - i)), digit});
    else if (unit != ' ' && unit != ',' && unit != '\t')
      words.push_back({u"?", false});
    i = end;
  }
  return words;
}

int month_named(const std::u16string& word) {
  for (size_t i = 0; i < month_names.size(); ++i)
    if (word.size() >= 3 && month_names[i].starts_with(word)) return static_cast<int>(i) + 1;
  return 0;
}

int64_t integer(const Word& word) {
  if (!word.number || word.text.size() > 6) return -1;
  int64_t value = 0;
  for (char16_t unit : word.text) value = value * 10 + (unit - '0');
  return value;
}

// "3:04", "3:04:05", "3 PM". Takes its words out; false: no time, or none that makes sense.
bool take_time(std::vector<Word>& words, double& seconds, bool& found) {
  size_t first = 0;
  while (first < words.size() && words[first].text != u":") ++first;
  bool has_colon = first < words.size();
  size_t half = 0;
  while (half < words.size() && words[half].text != u"am" && words[half].text != u"pm") ++half;
  bool has_half = half < words.size();
  if (!has_colon && !has_half) return true;
  size_t start = has_colon ? first - 1 : half - 1;
  if ((has_colon && first == 0) || (!has_colon && half == 0)) return false;
  std::vector<int64_t> parts = {integer(words[start])};
  size_t end = start + 1;
  while (end + 1 < words.size() && words[end].text == u":" && parts.size() < 3) {
    parts.push_back(integer(words[end + 1]));
    end += 2;
  }
  parts.resize(3);
  if (has_half) {
    if (end != half || parts[0] < 1 || parts[0] > 12) return false;
    parts[0] = parts[0] % 12 + (words[half].text == u"pm" ? 12 : 0);
    ++end;
  }
  if (parts[0] < 0 || parts[0] > 23 || parts[1] < 0 || parts[1] > 59 || parts[2] < 0 || parts[2] > 59)
    return false;
  seconds = static_cast<double>(parts[0] * 3600 + parts[1] * 60 + parts[2]);
  words.erase(words.begin() + static_cast<ptrdiff_t>(start), words.begin() + static_cast<ptrdiff_t>(end));
  found = true;
  return true;
}

}  // namespace

int days_in_month(int64_t year, int month) {
  static constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : days[month - 1];
}

Moment moment_of(Date date) {
  double day = std::trunc(date.days);
  double seconds = std::round(std::fabs(date.days - day) * 86400.0);
  if (seconds >= 86400.0) {
    seconds = 0;
    day += 1;
  }
  Moment moment;
  civil_from_days(static_cast<int64_t>(day) + epoch_from_1970, moment);
  int64_t whole = static_cast<int64_t>(seconds);
  moment.hour = static_cast<int>(whole / 3600);
  moment.minute = static_cast<int>(whole / 60 % 60);
  moment.second = static_cast<int>(whole % 60);
  return moment;
}

Date date_from(int64_t year, int64_t month, int64_t day, double seconds) {
  int64_t months = year * 12 + (month - 1);
  int64_t whole_year = months >= 0 ? months / 12 : (months - 11) / 12;
  int64_t days = days_from_civil(whole_year, static_cast<int>(months - whole_year * 12) + 1, 1) + day - 1;
  double day_count = std::floor(seconds / 86400.0);
  double rest = (seconds - day_count * 86400.0) / 86400.0;
  double total = static_cast<double>(days - epoch_from_1970) + day_count;
  return {total >= 0 ? total + rest : total - rest};
}

int weekday_of(Date date) {
  int64_t days = static_cast<int64_t>(std::trunc(date.days));
  int64_t weekday = (days - 1) % 7;  // 1899-12-31 was a Sunday
  return static_cast<int>(weekday < 0 ? weekday + 7 : weekday) + 1;
}

std::optional<Date> parse_date(std::u16string_view text) {
  if (text.size() > 100) return std::nullopt;
  std::vector<Word> words = words_of(text);
  double seconds = 0;
  bool has_time = false;
  if (!take_time(words, seconds, has_time)) return std::nullopt;
  std::erase_if(words, [](const Word& word) { return word.text == u"/" || word.text == u"-"; });
  if (words.empty() && has_time) return Date{seconds / 86400.0};
  if (words.size() < 2 || words.size() > 3) return std::nullopt;
  int64_t year = 0, month = 0, day = 0;
  size_t named = 0;
  while (named < words.size() && !month_named(words[named].text)) ++named;
  std::vector<int64_t> numbers;
  for (size_t i = 0; i < words.size(); ++i)
    if (i != named) numbers.push_back(integer(words[i]));
  for (int64_t number : numbers)
    if (number < 0) return std::nullopt;
  if (numbers.size() < 2) return std::nullopt;
  if (named < words.size()) {
    month = month_named(words[named].text);
    day = numbers[0];
    year = numbers[1];
    if (day > 31) std::swap(day, year);
  } else if (numbers.size() == 3 && words[0].text.size() >= 3) {
    year = numbers[0], month = numbers[1], day = numbers[2];
  } else if (numbers.size() == 3) {
    month = numbers[0], day = numbers[1], year = numbers[2];
    if (month > 12 && day <= 12) std::swap(month, day);
  } else {
    return std::nullopt;
  }
  year = full_year(year);
  if (month < 1 || month > 12 || year < 100 || year > 9999 || day < 1 ||
      day > days_in_month(year, static_cast<int>(month)))
    return std::nullopt;
  return date_from(year, month, day, seconds);
}

std::u16string date_text(Date date) {
  Moment moment = moment_of(date);
  char text[64];
  std::string out;
  bool has_day = std::trunc(date.days) != 0;
  bool has_time = moment.hour || moment.minute || moment.second;
  if (has_day) {
    std::snprintf(text, sizeof text, "%d/%d/%lld", moment.month, moment.day,
                  static_cast<long long>(moment.year));
    out = text;
  }
  if (has_time || !has_day) {
    std::snprintf(text, sizeof text, "%s%d:%02d:%02d %s", has_day ? " " : "", (moment.hour + 11) % 12 + 1,
                  moment.minute, moment.second, moment.hour < 12 ? "AM" : "PM");
    out += text;
  }
  return std::u16string(out.begin(), out.end());
}

}  // namespace shikake::honeyclient::vbscript
