// Conversions between what a Variant may hold. All raise (error.h) where the language says so.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "honeyclient/vbscript/value.h"

namespace shikake::honeyclient::vbscript {

std::u16string lower_case(std::u16string_view text);  // Unicode's simple mapping
std::u16string upper_case(std::u16string_view text);
bool same_name(std::u16string_view a, std::u16string_view b);  // without case

std::u16string text_of(const Value& value);  // CStr; Null and objects raise
std::u16string number_text(double number);   // 15 digits, as CStr has it
double number_of(const Value& value);        // CDbl
bool boolean_of(const Value& value);         // CBool
int32_t long_of(const Value& value);         // CLng: rounds halves to even
int16_t integer_of(const Value& value);      // CInt
uint8_t byte_of(const Value& value);         // CByte
Currency currency_of(const Value& value);    // CCur
Date date_of(const Value& value);            // CDate
double rounded(double number);               // halves to even

// A number as its text says, also "&HFF" and with blanks, a sign, thousands' commas; nothing where it is
// none.
std::optional<double> parse_number(std::u16string_view text);
std::optional<Date> parse_date(std::u16string_view text);  // en-US forms
std::u16string date_text(Date date);                       // "1/2/2006 3:04:05 PM"

// The parts of a date, on the proleptic Gregorian calendar.
struct Moment {
  int64_t year = 1899;
  int month = 12, day = 30, hour = 0, minute = 0, second = 0;
};
Moment moment_of(Date date);
Date date_from(int64_t year, int64_t month, int64_t day, double seconds);  // parts may overflow: month 13 …
int weekday_of(Date date);                                                 // 1: Sunday
int days_in_month(int64_t year, int month);

// The smallest of Integer, Long and Double that holds a whole number.
Value whole_number(double number);

std::u16string_view type_name(const Value& value);  // of all but objects
int16_t type_number(const Value& value);            // VarType

}  // namespace shikake::honeyclient::vbscript
