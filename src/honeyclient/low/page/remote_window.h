// A window that lives in another worker: what the same-origin policy leaves of it.
// https://html.spec.whatwg.org/#crossoriginproperties-(-o-)
#pragma once

#include "honeyclient/low/page/bind.h"
#include "honeyclient/low/protocol.h"

namespace shikake::honeyclient::low::page {

JSObject* remote_window(JSContext* cx, Window& window, Relative whose, uint32_t child);
// window.open's answer: a window whose document another worker runs.
JSObject* opened_window(JSContext* cx, Window& window, std::string_view name);

}  // namespace shikake::honeyclient::low::page
