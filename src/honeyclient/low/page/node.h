// Tree nodes as script sees them.
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

class NodeNative final : public Native {
 public:
  static constexpr Kind native_kind = Kind::node;
  NodeNative(Window& the_window, html::Node& the_node) : Native(the_window, Kind::node), node(the_node) {
    the_node.binding = this;
  }
  void trace(JSTracer* tracer) override;

  html::Node& node;
  // What belongs to one element and is made once: style, dataset, a form control's live value.
  JS::Heap<JSObject*> style, dataset, attributes, child_nodes, children;
  std::optional<std::u16string> live_value;  // of a form control: what script or a person typed
  std::optional<bool> live_checked;
  JS::Heap<JSObject*> component;  // of <object classid>
  bool closed_shadow = false;     // of a shadow root
};

NodeNative& native_of_node(JSContext* cx, Window& window, html::Node& node);
JSObject* wrap(JSContext* cx, Window& window, html::Node& node);
// The window that shows the node's document, or nullptr (templates, DOMParser, replaced documents).
Window* window_of(const html::Node& node);
// Ends every call that may have changed a tree: runs scripts, loads frames and the like.
void after_dom_change(Call& call);
// One more node, or the page has spent its share.
void count_node(Call& call);
// Where the tree rules allow it, else the script's exception.
void insert_node(Call& call, html::Node& parent, html::Node& node, html::Node* before);

}  // namespace shikake::honeyclient::low::page
