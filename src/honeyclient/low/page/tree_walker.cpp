// TreeWalker, NodeIterator, NodeFilter. https://dom.spec.whatwg.org/#traversal
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/ranges.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

class Walker final : public Native {
 public:
  static constexpr Kind native_kind = Kind::walker;
  Walker(Window& the_window, html::Node& the_root)
      : Native(the_window, native_kind), root(the_root), current(&the_root) {}
  void trace(JSTracer* tracer) override {
    Native::trace(tracer);
    JS::TraceEdge(tracer, &filter, "node filter");
  }
  html::Node& root;
  html::Node* current;  // of an iterator: its reference
  bool before_current = true;  // of an iterator
  uint32_t what_to_show = 0xFFFFFFFF;
  JS::Heap<JSObject*> filter;
};

enum Verdict : uint8_t { accept = 1, reject = 2, skip = 3 };

Verdict ask(Call& call, Walker& walker, html::Node& node) {
  const auto type = static_cast<uint32_t>(node.type());
  if (!(walker.what_to_show >> (type - 1) & 1)) return skip;
  if (!walker.filter) return accept;
  JS::RootedObject filter(call.cx, walker.filter);
  JS::RootedValue function(call.cx, JS::ObjectValue(*filter)), self(call.cx), answer(call.cx);
  if (!JS::IsCallable(filter)) {
    self = function;
    must(JS_GetProperty(call.cx, filter, "acceptNode", &function));
  }
  JS::RootedValueArray<1> arguments(call.cx);
  arguments[0].setObject(*wrap(call.cx, call.window, node));
  must(JS::Call(call.cx, self, function, arguments, &answer));
  int32_t verdict = 0;
  must(JS::ToInt32(call.cx, answer, &verdict));
  return verdict == accept ? accept : verdict == reject ? reject : skip;
}

html::Node* previous_in_tree(html::Node& node, html::Node& root) {
  if (&node == &root) return nullptr;
  html::Node* at = node.previous();
  if (!at) return node.parent();
  while (at->last_child()) at = at->last_child();
  return at;
}

void give_as_current(Call& call, Walker& self, html::Node* node) {
  if (node) self.current = node;
  call.give(node);
}

void next_node(Call& call) {
  Walker& self = call.self<Walker>();
  html::Node* node = self.current;
  Verdict last = accept;
  while (node) {
    node = last == reject ? html::next_skipping_children(*node, self.root) : html::next_in_tree(*node, self.root);
    if (!node) break;
    last = ask(call, self, *node);
    if (last == accept) return give_as_current(call, self, node);
  }
  call.give_null();
}

// What stands below a rejected node is not shown either.
bool is_below_rejected(Call& call, Walker& self, html::Node& node) {
  for (html::Node* up = node.parent(); up && up != &self.root; up = up->parent())
    if (ask(call, self, *up) == reject) return true;
  return false;
}

void previous_node(Call& call) {
  Walker& self = call.self<Walker>();
  for (html::Node* node = previous_in_tree(*self.current, self.root); node; node = previous_in_tree(*node, self.root))
    if (ask(call, self, *node) == accept && !is_below_rejected(call, self, *node))
      return give_as_current(call, self, node);
  call.give_null();
}

void parent_node(Call& call) {
  Walker& self = call.self<Walker>();
  for (html::Node* node = self.current; node && node != &self.root;) {
    node = node->parent();
    if (node && ask(call, self, *node) == accept) return give_as_current(call, self, node);
  }
  call.give_null();
}

// The first (or last) that is shown among the children and, below skipped ones, theirs.
html::Node* shown_child(Call& call, Walker& self, html::Node& parent, bool first) {
  html::Node* node = first ? parent.first_child() : parent.last_child();
  while (node) {
    const Verdict verdict = ask(call, self, *node);
    if (verdict == accept) return node;
    html::Node* inner = first ? node->first_child() : node->last_child();
    if (verdict == skip && inner) {
      node = inner;
      continue;
    }
    for (;;) {
      if (html::Node* beside = first ? node->next() : node->previous()) {
        node = beside;
        break;
      }
      node = node->parent();
      if (!node || node == &parent) return nullptr;
    }
  }
  return nullptr;
}
template <bool First>
void child_node(Call& call) {
  Walker& self = call.self<Walker>();
  give_as_current(call, self, shown_child(call, self, *self.current, First));
}

template <bool Next>
void sibling_node(Call& call) {
  Walker& self = call.self<Walker>();
  for (html::Node* node = self.current; node && node != &self.root;) {
    for (html::Node* beside = Next ? node->next() : node->previous(); beside;
         beside = Next ? beside->next() : beside->previous()) {
      const Verdict verdict = ask(call, self, *beside);
      if (verdict == accept) return give_as_current(call, self, beside);
      if (verdict == reject) continue;
      if (html::Node* inner = shown_child(call, self, *beside, Next)) return give_as_current(call, self, inner);
    }
    node = node->parent();
    if (!node || node == &self.root || ask(call, self, *node) == accept) break;
  }
  call.give_null();
}

template <bool Next>
void iterate(Call& call) {
  Walker& self = call.self<Walker>();
  html::Node* node = self.current;
  bool before = self.before_current;
  for (;;) {
    if (before != Next) {
      node = Next ? html::next_in_tree(*node, self.root) : previous_in_tree(*node, self.root);
      if (!node) return call.give_null();
    }
    before = !Next;
    if (ask(call, self, *node) == accept) break;
  }
  self.before_current = before;
  give_as_current(call, self, node);
}

void get_root(Call& call) {
  call.give(&call.self<Walker>().root);
}
void get_current(Call& call) {
  call.give(call.self<Walker>().current);
}
void set_current(Call& call) {
  call.self<Walker>().current = &call.need_node(0), call.give();
}
void get_before(Call& call) {
  call.give(call.self<Walker>().before_current);
}
void get_what(Call& call) {
  call.give(call.self<Walker>().what_to_show);
}
void get_filter(Call& call) {
  call.give(call.self<Walker>().filter.get());
}
void do_nothing(Call& call) {
  call.give();
}

void make(Call& call, std::string_view interface) {
  auto* walker = new Walker(call.window, call.need_node(0));
  if (call.given(1)) walker->what_to_show = static_cast<uint32_t>(call.integer(1));
  walker->filter = call.object(2);
  call.give(wrap_native(call.cx, *walker, interface));
}

constexpr JSFunctionSpec walker_methods[] = {
    SHIKAKE_METHOD("parentNode", parent_node, 0),         SHIKAKE_METHOD("firstChild", child_node<true>, 0),
    SHIKAKE_METHOD("lastChild", child_node<false>, 0),    SHIKAKE_METHOD("previousSibling", sibling_node<false>, 0),
    SHIKAKE_METHOD("nextSibling", sibling_node<true>, 0), SHIKAKE_METHOD("previousNode", previous_node, 0),
    SHIKAKE_METHOD("nextNode", next_node, 0),             JS_FS_END};
constexpr JSPropertySpec walker_properties[] = {
    SHIKAKE_GETTER("root", get_root), SHIKAKE_GETTER("whatToShow", get_what), SHIKAKE_GETTER("filter", get_filter),
    SHIKAKE_PROPERTY("currentNode", get_current, set_current), JS_PS_END};
constexpr JSFunctionSpec iterator_methods[] = {SHIKAKE_METHOD("nextNode", iterate<true>, 0),
                                               SHIKAKE_METHOD("previousNode", iterate<false>, 0),
                                               SHIKAKE_METHOD("detach", do_nothing, 0), JS_FS_END};
constexpr JSPropertySpec iterator_properties[] = {
    SHIKAKE_GETTER("root", get_root), SHIKAKE_GETTER("referenceNode", get_current),
    SHIKAKE_GETTER("pointerBeforeReferenceNode", get_before), SHIKAKE_GETTER("whatToShow", get_what),
    SHIKAKE_GETTER("filter", get_filter), JS_PS_END};
constexpr Constant filter_constants[] = {{"FILTER_ACCEPT", accept},
                                         {"FILTER_REJECT", reject},
                                         {"FILTER_SKIP", skip},
                                         {"SHOW_ALL", -1},
                                         {"SHOW_ELEMENT", 1},
                                         {"SHOW_ATTRIBUTE", 2},
                                         {"SHOW_TEXT", 4},
                                         {"SHOW_CDATA_SECTION", 8},
                                         {"SHOW_PROCESSING_INSTRUCTION", 0x40},
                                         {"SHOW_COMMENT", 0x80},
                                         {"SHOW_DOCUMENT", 0x100},
                                         {"SHOW_DOCUMENT_TYPE", 0x200},
                                         {"SHOW_DOCUMENT_FRAGMENT", 0x400}};
constexpr Interface table[] = {
    {.name = "TreeWalker", .parent = "", .methods = walker_methods, .properties = walker_properties},
    {.name = "NodeIterator", .parent = "", .methods = iterator_methods, .properties = iterator_properties},
    {.name = "NodeFilter", .parent = "", .constants = filter_constants}};

}  // namespace

void create_tree_walker(Call& call) {
  make(call, "TreeWalker");
}
void create_node_iterator(Call& call) {
  make(call, "NodeIterator");
}

std::span<const Interface> walker_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
