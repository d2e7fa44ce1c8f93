// location and history. https://html.spec.whatwg.org/multipage/nav-history-apis.html
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

JSObject* location_object(JSContext* cx, Window& window);
void go_to(Call& call, Window& window, std::u16string_view text);  // location = text
void navigate_method(Call& call);                                  // Trident's window.navigate()
void get_history(Call& call);

}  // namespace shikake::honeyclient::low::page
