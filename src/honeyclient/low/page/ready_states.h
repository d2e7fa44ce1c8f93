// readyState and onreadystatechange of elements, by which pages of Internet Explorer up to 10 learn that what
// they put in has come: "loading", then "loaded" (scripts) and "complete".
// Microsoft: "readyState property", "onreadystatechange event" of script, iframe, img, link, object.
#pragma once

#include <string_view>

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

std::u16string_view element_state(const html::Element& element);
void element_loads(Window& window, const html::Element& element);
// Also what failed: this browser tells no difference.
void element_loaded(Window& window, html::Element& element);

}  // namespace shikake::honeyclient::low::page
