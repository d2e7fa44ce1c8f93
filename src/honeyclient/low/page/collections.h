// Lists of nodes and name tables that follow the tree. https://dom.spec.whatwg.org/#collections
#pragma once

#include <functional>

#include "honeyclient/low/page/bind.h"
#include "honeyclient/low/page/node.h"

namespace shikake::honeyclient::low::page {

using Lookup = std::function<std::vector<html::Element*>(html::Node& root)>;

// HTMLCollection: asks anew each time it is read (trees change; the answer must be of now).
JSObject* live_collection(JSContext* cx, NodeNative& root, Lookup lookup);
JSObject* static_list(JSContext* cx, Window& window, const std::vector<html::Element*>& elements);
JSObject* static_nodes(JSContext* cx, Window& window, std::vector<html::Node*> nodes);
JSObject* child_nodes(JSContext* cx, NodeNative& parent);
JSObject* child_elements(JSContext* cx, NodeNative& parent);
JSObject* attribute_map(JSContext* cx, NodeNative& element);
JSObject* class_list(JSContext* cx, NodeNative& element);
JSObject* dataset_object(JSContext* cx, NodeNative& element);
JSObject* all_collection(JSContext* cx, NodeNative& document);  // document.all

}  // namespace shikake::honeyclient::low::page
