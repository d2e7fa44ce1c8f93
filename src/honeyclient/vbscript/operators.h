// What operators do with Variants ("VBScript Operators" of the language reference).
#pragma once

#include "honeyclient/vbscript/syntax.h"
#include "honeyclient/vbscript/value.h"

namespace shikake::honeyclient::vbscript {

Value negated(const Value& value);
Value complement(const Value& value);  // Not

// An operand that is written as a literal decides how a comparison of text with a number is made: the other
// is converted to its kind. Of two that are not, the number is the lesser.
struct Literal {
  bool left = false, right = false;
};
Value combine(Operator op, const Value& left, const Value& right, Literal literal = {});

// -1, 0, 1 by code unit, or without case.
int compare_text(std::u16string_view a, std::u16string_view b, bool ignore_case);

}  // namespace shikake::honeyclient::vbscript
