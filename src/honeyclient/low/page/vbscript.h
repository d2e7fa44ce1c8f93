// VBScript in a window of an Internet Explorer persona: its scripts share the window with JScript's. Each
// sees the other's procedures and variables as globals, and both see the same objects.
#pragma once

#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

// Runs a text as the window's next VBScript. What goes wrong is reported, as an uncaught exception is.
void run_vbscript(Window& window, const Window::Text& text);
// A handler attribute's text as a function; null where it does not parse.
JSObject* compile_vbscript_handler(JSContext* cx, Window& window, const Window::Text& text);
// "Sub button_onClick" is a handler of what is called "button": for those that exist by now.
void bind_event_procedures(Window& window);
// Of a forced run: calls one procedure of the window's that nothing has called; false: there is none.
bool call_uncalled_vbscript(Window& window);
// What the global variables hold: their texts, and their arrays of numbers as one of units each.
void for_each_vbscript_text(Window& window, const std::function<void(std::u16string_view)>& take);

}  // namespace shikake::honeyclient::low::page
