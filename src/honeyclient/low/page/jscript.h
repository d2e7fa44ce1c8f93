// JScript's own forms, rewritten into the standard's before the engine compiles them: conditional compilation
// (/*@cc_on … @*/, "Conditional Compilation" of the JScript language reference) and functions that are
// declared as members (function a.b() {}, function a::b() {}). Lines stay where they are.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "honeyclient/low/persona.h"

namespace shikake::honeyclient::low::page {

// Of one window: a later script goes on where an earlier one switched it on.
struct ConditionalCompilation {
  bool on = false;
  std::map<std::u16string, double, std::less<>> variables;  // @set, without the "@"
};

// The text as the engine can read it. Unchanged for other browsers, and for versions that have none of it.
std::u16string standard_script(const Persona& persona, ConditionalCompilation& state,
                               std::u16string_view text);

}  // namespace shikake::honeyclient::low::page
