// What kind of script an element holds, by its type and language attributes and the persona.
#pragma once

#include "honeyclient/low/persona.h"
#include "html/dom.h"

namespace shikake::honeyclient::low::page {

enum class ScriptType : uint8_t { classic, module, import_map, vbscript, data };

// Whether a handler attribute holds VBScript: it says so, or its element does. Takes "vbscript:" off.
bool is_vbscript_handler(const Persona& persona, const html::Element& element, std::u16string& text);

// https://html.spec.whatwg.org/#prepare-the-script-element, steps 8 to 13
ScriptType script_type(const Persona& persona, const html::Element& element);

}  // namespace shikake::honeyclient::low::page
