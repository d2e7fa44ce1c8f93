// Machine code that a page's scripts hold in texts and arrays, to be sprayed over memory or handed to a
// component that it overruns. What looks like it (triage/machine_code.h) goes to the parent, which has it run
// where that does no harm.
#pragma once

#include <string_view>

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

// A text as it is made or handed over; `how` says which: "unescape", a component's member. Each is sent once.
void look_for_code(Window& window, std::u16string_view text, std::string_view how);

// A script's source: what its literals hold, also those that only its functions' own variables will have. The
// survey sends what nothing that ran has shown.
void look_in_source(Window& window, std::string_view source);

// The variables of a window's global scope, when its scripts have nothing left to do: texts, arrays of
// numbers or texts, typed arrays, of JScript and VBScript. Runs no script.
void survey_for_code(Window& window);

// JavaScript's unescape. https://tc39.es/ecma262/#sec-unescape-string
void unescape(Call& call);

}  // namespace shikake::honeyclient::low::page
