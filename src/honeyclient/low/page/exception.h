// DOMException. https://webidl.spec.whatwg.org/#idl-DOMException
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

JSObject* make_dom_exception(JSContext* cx, Window& window, std::string_view name, std::string_view message);

}  // namespace shikake::honeyclient::low::page
