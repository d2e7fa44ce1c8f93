// Small things that differ from browser family to browser family, and that scripts compare to find an emulation out:
// the shape of errors' stacks, members of Error, the order in which members are listed.
#pragma once

#include "honeyclient/low/page/bind.h"
#include "honeyclient/low/persona.h"

namespace shikake::honeyclient::low::page {

// A phone's or tablet's browser, by what it calls itself.
bool has_touch(const Persona& persona);
// Physical pixels to one of the page's.
double pixel_ratio(const Persona& persona);

// Error.prototype.stack and what else an engine gives its errors, in the realm that is entered.
void define_errors(JSContext* cx, Window& window);
// Gecko lists methods before attributes; other engines go by their interface's text, in which attributes stand first.
bool lists_methods_first(const Persona& persona);
// Of a prototype's members what only Internet Explorer up to 10 had, and what only those with a touch screen have.
void remove_foreign_members(JSContext* cx, const Persona& persona, JS::HandleObject prototype);
// Properties of `object` in the order in which the persona's browser lists those of navigator.
void order_navigator(JSContext* cx, Window& window, JS::HandleObject object);

}  // namespace shikake::honeyclient::low::page
