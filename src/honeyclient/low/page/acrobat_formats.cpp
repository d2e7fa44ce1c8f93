#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

#include "base/ascii.h"
#include "honeyclient/low/page/acrobat.h"

namespace shikake::honeyclient::low::page {

namespace {

// What a format may widen a value to; reports have the format itself.
constexpr size_t max_width = 1u << 16;
constexpr int max_precision = 50;

std::u16string number_text(double value, char16_t kind, int precision, bool sign) {
  if (!std::isfinite(value)) return u"NaN";
  std::string text;
  if (kind == u'f')
    text = fmt::format("{:.{}f}", value, precision < 0 ? 6 : precision);
  else if (kind == u'x')
    text = fmt::format("{:x}", static_cast<uint32_t>(static_cast<int64_t>(std::clamp(value, -9e15, 9e15))));
  else
    text = fmt::format("{:.0f}", std::trunc(value));
  if (sign && !text.starts_with('-')) text.insert(0, 1, '+');
  return wide(text);
}

struct Conversion {
  bool sign = false, zeros = false, left = false;
  size_t width = 0;
  int precision = -1;
};

// %[,n][flags][width][.precision]: gives where its letter stands.
size_t read_conversion(std::u16string_view format, size_t at, Conversion& out) {
  auto digit = [&] { return at < format.size() && format[at] >= u'0' && format[at] <= u'9'; };
  if (at + 1 < format.size() && format[at] == u',') at += 2;  // how thousands are parted
  for (; at < format.size(); ++at) {
    if (format[at] == u'+')
      out.sign = true;
    else if (format[at] == u'0')
      out.zeros = true;
    else if (format[at] == u'-')
      out.left = true;
    else if (format[at] != u' ' && format[at] != u'#')
      break;
  }
  for (; digit(); ++at) out.width = std::min(max_width, out.width * 10 + (format[at] - u'0'));
  if (at < format.size() && format[at] == u'.') {
    out.precision = 0;
    for (++at; digit(); ++at)
      out.precision = std::min(max_precision, out.precision * 10 + (format[at] - u'0'));
  }
  return at;
}

}  // namespace

std::u16string acrobat_printf(std::u16string_view format, const std::vector<FormatArgument>& arguments) {
  std::u16string out;
  size_t used = 0;
  for (size_t i = 0; i < format.size() && out.size() < max_width; ++i) {
    if (format[i] != u'%' || i + 1 == format.size()) {
      out += format[i];
      continue;
    }
    if (format[i + 1] == u'%') {
      out += format[++i];
      continue;
    }
    Conversion conversion;
    i = read_conversion(format, i + 1, conversion);
    if (i >= format.size()) break;
    const FormatArgument argument = used < arguments.size() ? arguments[used] : FormatArgument{};
    ++used;
    std::u16string text =
        format[i] == u's' ? argument.text
                          : number_text(argument.number, format[i], conversion.precision, conversion.sign);
    const size_t missing = conversion.width - std::min(conversion.width, text.size());
    const bool zeros = conversion.zeros && !conversion.left && format[i] != u's';
    text.insert(conversion.left ? text.size() : 0, missing, zeros ? u'0' : u' ');
    out += text;
  }
  return out;
}

std::u16string acrobat_printd(std::u16string_view format, double time) {
  using namespace std::chrono;
  constexpr double longest =
      9.2e14;  // the years that the standard library knows are 29,000 of a Date's 275,000
  const sys_time<milliseconds> at{
      milliseconds(static_cast<int64_t>(std::isfinite(time) ? std::clamp(time, -longest, longest) : 0))};
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(at - day));
  constexpr std::array<std::string_view, 12> months = {"January",   "February", "March",    "April",
                                                       "May",       "June",     "July",     "August",
                                                       "September", "October",  "November", "December"};
  constexpr std::array<std::string_view, 7> week = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                    "Thursday", "Friday", "Saturday"};
  const unsigned month = static_cast<unsigned>(date.month()), of_month = static_cast<unsigned>(date.day());
  const auto hour = clock.hours().count(), minute = clock.minutes().count(), second = clock.seconds().count();
  const int year = static_cast<int>(date.year());
  const std::string_view day_name = week[weekday(day).c_encoding()];
  const std::string_view month_name = months[month - 1];
  const auto half = (hour + 11) % 12 + 1;
  // The longest of each letter first.
  const std::pair<std::u16string_view, std::string> parts[] = {
      {u"mmmm", std::string(month_name)},      {u"mmm", std::string(month_name.substr(0, 3))},
      {u"mm", fmt::format("{:02}", month)},    {u"m", fmt::format("{}", month)},
      {u"dddd", std::string(day_name)},        {u"ddd", std::string(day_name.substr(0, 3))},
      {u"dd", fmt::format("{:02}", of_month)}, {u"d", fmt::format("{}", of_month)},
      {u"yyyy", fmt::format("{}", year)},      {u"yy", fmt::format("{:02}", (year % 100 + 100) % 100)},
      {u"HH", fmt::format("{:02}", hour)},     {u"H", fmt::format("{}", hour)},
      {u"hh", fmt::format("{:02}", half)},     {u"h", fmt::format("{}", half)},
      {u"MM", fmt::format("{:02}", minute)},   {u"M", fmt::format("{}", minute)},
      {u"ss", fmt::format("{:02}", second)},   {u"s", fmt::format("{}", second)},
      {u"tt", hour < 12 ? "am" : "pm"},        {u"t", hour < 12 ? "a" : "p"},
  };
  std::u16string out;
  while (!format.empty()) {
    if (format[0] == u'\\' && format.size() > 1)
      format.remove_prefix(1);
    else if (const auto found =
                 std::ranges::find_if(parts, [&](const auto& one) { return format.starts_with(one.first); });
             found != std::end(parts)) {
      out += wide(found->second);
      format.remove_prefix(found->first.size());
      continue;
    }
    out += format[0];
    format.remove_prefix(1);
  }
  return out;
}

}  // namespace shikake::honeyclient::low::page
