// Between VBScript's values and the engine's.
#pragma once

#include "honeyclient/low/page/window.h"
#include "honeyclient/vbscript/object.h"

namespace shikake::honeyclient::low::page {

// Throws vbscript::RuntimeError where the engine's side fails.
vbscript::Value to_vbscript(JSContext* cx, Window& window, JS::HandleValue value);
void from_vbscript(JSContext* cx, Window& window, const vbscript::Value& value, JS::MutableHandleValue out);
vbscript::ObjectRef script_object(Window& window, JSObject* object);

// Turns the engine's pending exception into VBScript's error; Stopped where the engine was told to stop.
[[noreturn]] void raise_pending(JSContext* cx);
// Runs VBScript code under the engine: its errors become exceptions there (Thrown).
void with_vbscript_errors(JSContext* cx, const std::function<void()>& body);

// A property whose name differs in case only: VBScript knows no case, the engine does. Names as given where
// there is none.
std::u16string spelled_as_there(JSContext* cx, JS::HandleObject object, std::u16string_view name);

// The place of the statement that runs, for what it does to the page (vbscript.cpp).
std::optional<Place> vbscript_place(Window& window);

}  // namespace shikake::honeyclient::low::page
