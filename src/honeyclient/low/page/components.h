// ActiveX objects and their like: known ones do what pages expect, unknown ones absorb every call. Each
// use is reported.
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

void define_active_x(JSContext* cx, Window& window);
// What new ActiveXObject(name) and VBScript's CreateObject(name) give.
JSObject* make_component(JSContext* cx, Window& window, std::u16string_view program_id);
// <object classid="clsid:…">: its script object absorbs calls too.
void note_class_id(Window& window, html::Element& element, std::u16string_view class_id);
JSObject* object_component(JSContext* cx, Window& window, html::Element& element);
// A member of a component: what reading it gives, and an assignment's report.
JS::Value component_member(JSContext* cx, JSObject* component, std::u16string_view name);
void component_set(JSContext* cx, JSObject* component, const std::u16string& name, JS::HandleValue value);

}  // namespace shikake::honeyclient::low::page
