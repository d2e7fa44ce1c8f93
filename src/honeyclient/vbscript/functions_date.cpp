#include <array>
#include <cmath>

#include "honeyclient/vbscript/convert.h"
#include "honeyclient/vbscript/functions.h"

namespace shikake::honeyclient::vbscript {

namespace {

constexpr std::array<std::u16string_view, 12> months = {u"January",   u"February", u"March",    u"April",
                                                        u"May",       u"June",     u"July",     u"August",
                                                        u"September", u"October",  u"November", u"December"};
constexpr std::array<std::u16string_view, 7> weekdays = {u"Sunday",   u"Monday", u"Tuesday", u"Wednesday",
                                                         u"Thursday", u"Friday", u"Saturday"};

Date date(Arguments arguments, size_t index) {
  return date_of(arguments[index].value);
}
double seconds_of(const Moment& moment) {
  return moment.hour * 3600.0 + moment.minute * 60.0 + moment.second;
}
Date day_of(Date date) {
  return {std::trunc(date.days)};
}
Date time_of(Date date) {
  return {std::fabs(date.days - std::trunc(date.days))};
}

Value now(Machine& machine, Arguments) {
  return Date{machine.host.now()};
}
Value today(Machine& machine, Arguments) {
  return day_of({machine.host.now()});
}
Value time_now(Machine& machine, Arguments) {
  return time_of({machine.host.now()});
}
Value timer(Machine& machine, Arguments) {
  return static_cast<float>(time_of({machine.host.now()}).days * 86400.0);
}
Value year(Machine&, Arguments arguments) {
  return static_cast<int16_t>(moment_of(date(arguments, 0)).year);
}
Value month(Machine&, Arguments arguments) {
  return static_cast<int16_t>(moment_of(date(arguments, 0)).month);
}
Value day(Machine&, Arguments arguments) {
  return static_cast<int16_t>(moment_of(date(arguments, 0)).day);
}
Value hour(Machine&, Arguments arguments) {
  return static_cast<int16_t>(moment_of(date(arguments, 0)).hour);
}
Value minute(Machine&, Arguments arguments) {
  return static_cast<int16_t>(moment_of(date(arguments, 0)).minute);
}
Value second(Machine&, Arguments arguments) {
  return static_cast<int16_t>(moment_of(date(arguments, 0)).second);
}
int weekday_from(Date of, int32_t first) {
  if (first < 0 || first > 7) raise(Fault::invalid_call);
  return (weekday_of(of) - std::max(first, 1) + 7) % 7 + 1;
}
Value weekday(Machine&, Arguments arguments) {
  return static_cast<int16_t>(weekday_from(date(arguments, 0), long_or(arguments, 1, 1)));
}
Value month_name(Machine&, Arguments arguments) {
  int32_t which = long_of(arguments[0].value);
  if (which < 1 || which > 12) raise(Fault::invalid_call);
  std::u16string_view name = months[static_cast<size_t>(which - 1)];
  return given(arguments, 1) && boolean_of(arguments[1].value) ? name.substr(0, 3) : name;
}
Value weekday_name(Machine&, Arguments arguments) {
  int32_t which = long_of(arguments[0].value), first = std::max(long_or(arguments, 2, 1), 1);
  if (which < 1 || which > 7 || first > 7) raise(Fault::invalid_call);
  std::u16string_view name = weekdays[static_cast<size_t>((which + first - 2) % 7)];
  return given(arguments, 1) && boolean_of(arguments[1].value) ? name.substr(0, 3) : name;
}
Value date_serial(Machine&, Arguments arguments) {
  int32_t of_year = integer_of(arguments[0].value);
  if (of_year >= 0 && of_year < 100) of_year += of_year < 30 ? 2000 : 1900;
  return date_from(of_year, integer_of(arguments[1].value), integer_of(arguments[2].value), 0);
}
Value time_serial(Machine&, Arguments arguments) {
  double seconds = integer_of(arguments[0].value) * 3600.0 + integer_of(arguments[1].value) * 60.0 +
                   integer_of(arguments[2].value);
  return Date{seconds / 86400.0};
}
Value date_value(Machine&, Arguments arguments) {
  return day_of(date(arguments, 0));
}
Value time_value(Machine&, Arguments arguments) {
  return time_of(date(arguments, 0));
}

int day_of_year(const Moment& moment) {
  int days = moment.day;
  for (int i = 1; i < moment.month; ++i) days += days_in_month(moment.year, i);
  return days;
}
// Weeks begin on `first`; the week with January 1 is week 1, or by `rule` the first with four days, or a
// whole one.
int week_of_year(Date of, int32_t first, int32_t rule) {
  Moment moment = moment_of(of);
  Date new_year = date_from(moment.year, 1, 1, 0);
  int offset = weekday_from(new_year, first) - 1;
  int week = (day_of_year(moment) - 1 + offset) / 7 + 1;
  bool short_start = (rule == 2 && offset > 3) || (rule == 3 && offset > 0);
  if (!short_start) return week;
  return week > 1 ? week - 1 : week_of_year(date_from(moment.year - 1, 12, 31, 0), first, rule);
}

// DateAdd(interval, number, date)
Value date_add(Machine&, Arguments arguments) {
  std::u16string interval = lower_case(text_of(arguments[0].value));
  double count = rounded(number_of(arguments[1].value));
  Date from = date(arguments, 2);
  if (std::fabs(count) > 1e11) raise(Fault::overflow);
  Moment moment = moment_of(from);
  auto months_later = [&](int64_t by) {
    int64_t total = moment.year * 12 + moment.month - 1 + by;
    if (total < 1200 || total >= 120000) raise(Fault::overflow);
    int last = days_in_month(total / 12, static_cast<int>(total % 12) + 1);
    return date_from(total / 12, total % 12 + 1, std::min(moment.day, last), seconds_of(moment));
  };
  auto whole = static_cast<int64_t>(count);
  Date result;
  if (interval == u"yyyy")
    result = months_later(whole * 12);
  else if (interval == u"q")
    result = months_later(whole * 3);
  else if (interval == u"m")
    result = months_later(whole);
  else if (interval == u"d" || interval == u"y" || interval == u"w")
    result = date_from(moment.year, moment.month, moment.day + whole, seconds_of(moment));
  else if (interval == u"ww")
    result = date_from(moment.year, moment.month, moment.day + whole * 7, seconds_of(moment));
  else if (interval == u"h")
    result = date_from(moment.year, moment.month, moment.day, seconds_of(moment) + count * 3600);
  else if (interval == u"n")
    result = date_from(moment.year, moment.month, moment.day, seconds_of(moment) + count * 60);
  else if (interval == u"s")
    result = date_from(moment.year, moment.month, moment.day, seconds_of(moment) + count);
  else
    raise(Fault::invalid_call);
  return date_of(Value(result.days));
}

// DateDiff(interval, from, to [, first day of the week]): boundaries that lie between.
Value date_difference(Machine&, Arguments arguments) {
  std::u16string interval = lower_case(text_of(arguments[0].value));
  Date from = date(arguments, 1), to = date(arguments, 2);
  Moment a = moment_of(from), b = moment_of(to);
  auto days = static_cast<int64_t>(std::floor(to.days) - std::floor(from.days));
  auto seconds = static_cast<int64_t>(std::trunc(to.days) - std::trunc(from.days)) * 86400 +
                 static_cast<int64_t>(seconds_of(b) - seconds_of(a));
  int64_t months_between = (b.year - a.year) * 12 + b.month - a.month;
  int64_t result = 0;
  if (interval == u"yyyy")
    result = b.year - a.year;
  else if (interval == u"q")
    result = (b.year - a.year) * 4 + (b.month - 1) / 3 - (a.month - 1) / 3;
  else if (interval == u"m")
    result = months_between;
  else if (interval == u"d" || interval == u"y")
    result = days;
  else if (interval == u"w")
    result = days / 7;
  else if (interval == u"ww") {
    int32_t first = long_or(arguments, 3, 1);
    result = (days + weekday_from(from, first) - weekday_from(to, first)) / 7;
  } else if (interval == u"h")
    result = (seconds + a.minute * 60 + a.second - b.minute * 60 - b.second) / 3600;
  else if (interval == u"n")
    result = (seconds + a.second - b.second) / 60;
  else if (interval == u"s")
    result = seconds;
  else
    raise(Fault::invalid_call);
  return long_of(Value(static_cast<double>(result)));
}

Value date_part(Machine&, Arguments arguments) {
  std::u16string interval = lower_case(text_of(arguments[0].value));
  Date of = date(arguments, 1);
  Moment moment = moment_of(of);
  int32_t first = long_or(arguments, 2, 1), rule = long_or(arguments, 3, 1);
  int64_t result = 0;
  if (interval == u"yyyy")
    result = moment.year;
  else if (interval == u"q")
    result = (moment.month - 1) / 3 + 1;
  else if (interval == u"m")
    result = moment.month;
  else if (interval == u"y")
    result = day_of_year(moment);
  else if (interval == u"d")
    result = moment.day;
  else if (interval == u"w")
    result = weekday_from(of, first);
  else if (interval == u"ww")
    result = week_of_year(of, first, rule);
  else if (interval == u"h")
    result = moment.hour;
  else if (interval == u"n")
    result = moment.minute;
  else if (interval == u"s")
    result = moment.second;
  else
    raise(Fault::invalid_call);
  return static_cast<int16_t>(result);
}

Value format_date(Machine&, Arguments arguments) {
  Date of = date(arguments, 0);
  Moment moment = moment_of(of);
  auto number = [](int64_t value) { return number_text(static_cast<double>(value)); };
  auto two = [&](int value) { return (value < 10 ? u"0" : u"") + number(value); };
  switch (long_or(arguments, 1, 0)) {
    case 1:
      return std::u16string(weekdays[static_cast<size_t>(weekday_of(of) - 1)]) + u", " +
             std::u16string(months[static_cast<size_t>(moment.month - 1)]) + u" " + two(moment.day) + u", " +
             number(moment.year);
    case 2:
      return number(moment.month) + u"/" + number(moment.day) + u"/" + number(moment.year);
    case 3:
      return date_text(time_of(of));
    case 4:
      return two(moment.hour) + u":" + two(moment.minute);
    default:
      return date_text(of);
  }
}

constexpr std::array table = {
    Function{u"now", 0, 0, now},
    Function{u"date", 0, 0, today},
    Function{u"time", 0, 0, time_now},
    Function{u"timer", 0, 0, timer},
    Function{u"year", 1, 1, year},
    Function{u"month", 1, 1, month},
    Function{u"day", 1, 1, day},
    Function{u"hour", 1, 1, hour},
    Function{u"minute", 1, 1, minute},
    Function{u"second", 1, 1, second},
    Function{u"weekday", 1, 2, weekday},
    Function{u"monthname", 1, 2, month_name},
    Function{u"weekdayname", 1, 3, weekday_name},
    Function{u"dateserial", 3, 3, date_serial},
    Function{u"timeserial", 3, 3, time_serial},
    Function{u"datevalue", 1, 1, date_value},
    Function{u"timevalue", 1, 1, time_value},
    Function{u"dateadd", 3, 3, date_add},
    Function{u"datediff", 3, 5, date_difference},
    Function{u"datepart", 2, 4, date_part},
    Function{u"formatdatetime", 1, 2, format_date},
};

}  // namespace

std::span<const Function> date_functions() {
  return table;
}

}  // namespace shikake::honeyclient::vbscript
