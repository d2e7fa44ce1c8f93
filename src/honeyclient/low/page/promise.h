// Promises made by the emulation.
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

JSObject* resolved(JSContext* cx, JS::HandleValue value);
JSObject* rejected_with_type_error(JSContext* cx, const char* message);
void reject_with_type_error(JSContext* cx, JS::HandleObject promise, const char* message);
void reject_with_dom_error(JSContext* cx, Window& window, JS::HandleObject promise, std::string_view name,
                           std::string_view message);

// One of the two is called, in a microtask, once the promise is settled; of any other value as of a promise of it.
using SettledCall = std::function<void(JSContext* cx, JS::HandleValue value)>;
void when_settled(JSContext* cx, JS::HandleValue promise, SettledCall fulfilled, SettledCall rejected);

void use_job_queue(JSContext* cx, Page& page);  // promise jobs go to the page's microtasks

}  // namespace shikake::honeyclient::low::page
