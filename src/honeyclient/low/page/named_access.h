// Properties that the page names: elements by id and name on the window, the document and forms; members
// of the component that an <object classid> stands for.
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

class NodeNative;

// For wrappers of documents, forms and objects: looks names up when nothing else has them.
const JSClass* named_class();
// An accessor that looks the name up each time; assignment puts an ordinary property in its place.
void define_named(JSContext* cx, JS::HandleObject object, JS::HandleId id, JS::HandleValue key);
// For the global's resolve hook.
bool resolve_on_window(JSContext* cx, Window& window, JS::HandleObject global, JS::HandleId id);

}  // namespace shikake::honeyclient::low::page
