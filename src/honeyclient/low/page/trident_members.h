// What only Internet Explorer had, up to the version that gave it up: pages written for it go no further
// without.
#pragma once

#include <string_view>

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

// Adds to a prototype what the persona's version has of its own on this interface.
void add_trident_members(JSContext* cx, Window& window, std::string_view interface,
                         JS::HandleObject prototype);
// The same of the global object, and the language's ways up to JScript 5.8 where they differ.
void add_trident_globals(JSContext* cx, Window& window);

}  // namespace shikake::honeyclient::low::page
