// Promises made by the emulation.
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

JSObject* resolved(JSContext* cx, JS::HandleValue value);
JSObject* rejected_with_type_error(JSContext* cx, const char* message);
void reject_with_type_error(JSContext* cx, JS::HandleObject promise, const char* message);
void use_job_queue(JSContext* cx, Page& page);  // promise jobs go to the page's microtasks

}  // namespace shikake::honeyclient::low::page
