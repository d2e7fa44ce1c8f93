// Bodies: what a request sends and what binary answers become.
#pragma once

#include <optional>
#include <string>

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

// A string, a buffer or view, a Blob, URLSearchParams or FormData as bytes; sets their Content-Type.
std::string body_of(Call& call, JS::HandleValue value, std::string& type);
// The bytes of an ArrayBuffer or a view of one; nothing for anything else.
std::optional<std::string> bytes_of(JSObject* object);
JSObject* array_buffer(JSContext* cx, std::string_view bytes);
JSObject* make_blob(JSContext* cx, Window& window, std::string bytes, std::string type);
JSObject* make_request(JSContext* cx, Window& window);  // XMLHttpRequest
std::string request_body(JSObject* request);            // the answer to one; "" before it

}  // namespace shikake::honeyclient::low::page
