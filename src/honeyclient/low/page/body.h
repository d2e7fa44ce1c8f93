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
// An XMLHttpRequest for a component: its members are its own, whatever a page does to XMLHttpRequest.prototype.
JSObject* make_request(JSContext* cx, Window& window);
JSObject* request_members(JSContext* cx, Window& window);    // of all of them
std::string_view request_member(std::u16string_view name);  // as it is spelled there; "": there is none
std::string request_body(JSObject* request);            // the answer to one; "" before it

}  // namespace shikake::honeyclient::low::page
