// ActiveX objects, plugins and their like, by the table (honeyclient/components): known ones do what pages
// expect of them, those that the persona lacks can't be made, and what nobody knows absorbs every call.
// Each use is reported.
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

void define_active_x(JSContext* cx, Window& window);
// What new ActiveXObject(name) and VBScript's CreateObject(name) give; Thrown: the persona lacks it.
JSObject* make_component(JSContext* cx, Window& window, std::u16string_view program_id);
// A class that <object> names and nobody has heard of, in a browser that has such.
bool lacks_class(const Window& window, const html::Element& element);
// <object classid="clsid:…">, <embed type="…">: what it is and is told by its parameters.
void note_object(Window& window, html::Element& element);
// Whether a parameter of this name is an address that the loader asks for.
bool is_loaded_parameter(std::u16string_view name);
// Its script object; nullptr: none is there.
JSObject* object_component(JSContext* cx, Window& window, html::Element& element);
// A member of a component: what reading it gives, and an assignment with its report.
JS::Value component_member(JSContext* cx, JSObject* component, std::u16string_view name);
void component_set(JSContext* cx, JSObject* component, const std::u16string& name, JS::HandleValue value);
// A use that a stand-in makes out of several: a method of that component with this argument.
void report_use(Window& window, std::string name, std::u16string_view member, std::u16string_view argument);
// An object, not a method of one: VBScript does not call it unless it gives arguments.
bool is_component_object(JS::HandleValue value);
// VBScript's "o(key) = value" and "o.Item(key) = value"; false: it has no items.
bool component_put_item(JSContext* cx, JSObject* component, std::u16string_view key, JS::HandleValue value);

}  // namespace shikake::honeyclient::low::page
