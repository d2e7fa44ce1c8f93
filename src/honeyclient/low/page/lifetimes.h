// What a browser of the persona's version does not have yet, or no longer: scripts look for it.
#pragma once

#include "honeyclient/low/page/bind.h"
#include "honeyclient/low/persona.h"

namespace shikake::honeyclient::low::page {

// Takes from a prototype what the persona's version lacks of this interface.
void remove_absent_members(JSContext* cx, const Persona& persona, std::string_view interface,
                           JS::HandleObject prototype);
// Whether the persona's version has no interface of this name.
bool lacks_interface(const Persona& persona, std::string_view interface);
// The same of the global object and the language's own objects.
void remove_absent_globals(JSContext* cx, const Persona& persona, JS::HandleObject global);

}  // namespace shikake::honeyclient::low::page
