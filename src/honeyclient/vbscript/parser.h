// VBScript's grammar, by recursive descent. Deep nesting is refused, not recursed into.
#pragma once

#include <memory>
#include <string_view>

#include "honeyclient/vbscript/error.h"
#include "honeyclient/vbscript/syntax.h"

namespace shikake::honeyclient::vbscript {

// Thrown by parsing, as a ScriptError that knows its place.
struct SyntaxError {
  ScriptError error;
};

inline constexpr uint32_t max_nesting = 200;  // blocks and parentheses; each takes a stack frame or three
inline constexpr size_t max_source_units = 64 << 20;  // scripts of 50 MB are seen

std::shared_ptr<Program> parse_program(std::u16string_view source);
std::shared_ptr<Program> parse_expression(std::u16string_view source);  // one statement: a call of it

}  // namespace shikake::honeyclient::vbscript
