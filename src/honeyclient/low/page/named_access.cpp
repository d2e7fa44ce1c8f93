#include "honeyclient/low/page/named_access.h"

#include "honeyclient/low/page/components.h"
#include "honeyclient/low/page/forms.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

using html::Name;

// Elements whose name attribute makes them properties of the window and the document.
bool named_by_name(const html::Element& element) {
  return element.is(Name::form) || element.is(Name::img) || element.is(Name::embed) ||
         element.is(Name::object) || element.is(Name::applet);
}

html::Element* element_by_name(html::Document& document, std::u16string_view name) {
  for (html::Node* node = &document; node; node = html::next_in_tree(*node, document)) {
    html::Element* element = node->as_element();
    if (!element || !named_by_name(*element)) continue;
    const std::u16string* given = element->attribute(Name::name);
    if (given && *given == name) return element;
  }
  return nullptr;
}

// https://html.spec.whatwg.org/#named-access-on-the-window-object
JS::Value on_window(JSContext* cx, Window& window, JS::HandleValue key) {
  if (key.isInt32()) {
    auto index = static_cast<size_t>(key.toInt32());
    if (index >= window.children.size()) return JS::UndefinedValue();
    return JS::ObjectValue(*child_object(cx, window, window.children[index]));
  }
  std::u16string name = to_text(cx, key);
  if (Window::Child* child = window.child_named(name))
    return JS::ObjectValue(*child_object(cx, window, *child));
  if (!window.document || name.empty()) return JS::UndefinedValue();
  if (html::Element* found = html::element_by_id(*window.document, name))
    return JS::ObjectValue(*wrap(cx, window, *found));
  if (html::Element* found = element_by_name(*window.document, name))
    return JS::ObjectValue(*wrap(cx, window, *found));
  return JS::UndefinedValue();
}

// https://html.spec.whatwg.org/#dom-document-nameditem
JS::Value on_document(JSContext* cx, NodeNative& self, const std::u16string& name) {
  html::Element* found = element_by_name(*self.node.as_document(), name);
  if (found) return JS::ObjectValue(*wrap(cx, *self.window, *found));
  Window::Child* child = self.window->document == &self.node ? self.window->child_named(name) : nullptr;
  if (child) return JS::ObjectValue(*child_object(cx, *self.window, *child));
  return JS::UndefinedValue();
}

JS::Value on_node(JSContext* cx, NodeNative& self, JS::HandleValue key) {
  if (key.isInt32() && self.node.is(Name::form)) {
    std::vector<html::Element*> controls = controls_of(*self.node.as_element());
    auto index = static_cast<size_t>(key.toInt32());
    if (index < controls.size()) return JS::ObjectValue(*wrap(cx, *self.window, *controls[index]));
    return JS::UndefinedValue();
  }
  std::u16string name = to_text(cx, key);
  if (name.empty()) return JS::UndefinedValue();
  if (self.node.as_document()) return on_document(cx, self, name);
  html::Element& element = *self.node.as_element();
  if (element.is(Name::form)) {
    for (html::Element* control : controls_of(element)) {
      const std::u16string* given = control->attribute(Name::name);
      if (control->id() == name || (given && *given == name))
        return JS::ObjectValue(*wrap(cx, *self.window, *control));
    }
    return JS::UndefinedValue();
  }
  if (element.is(Name::object) || element.is(Name::embed))
    if (JSObject* component = object_component(cx, *self.window, element))
      return component_member(cx, component, name);
  return JS::UndefinedValue();
}

JS::Value look_up(JSContext* cx, JS::HandleValue self, JS::HandleValue key) {
  if (NodeNative* node = native_as<NodeNative>(self)) return on_node(cx, *node, key);
  if (Window* window = native_as<Window>(self)) return on_window(cx, *window, key);
  return JS::UndefinedValue();
}

void get_named(Call& call) {
  JS::RootedValue key(call.cx, js::GetFunctionNativeReserved(&call.args.callee(), 0));
  JS::RootedValue self(call.cx, call.args.thisv());
  if (self.isNullOrUndefined()) self.setObject(*call.window.global());
  call.args.rval().set(look_up(call.cx, self, key));
}

void set_named(Call& call) {
  JS::RootedValue key(call.cx, js::GetFunctionNativeReserved(&call.args.callee(), 0));
  JS::RootedId id(call.cx);
  must(JS_ValueToId(call.cx, key, &id));
  JS::RootedObject object(
      call.cx, call.args.thisv().isObject() ? &call.args.thisv().toObject() : call.window.global());
  NodeNative* node = native_as<NodeNative>(call.args.thisv());
  if (node && node->component && key.isString()) {
    component_set(call.cx, node->component, to_text(call.cx, key), call.at(0));
    return call.give();
  }
  must(JS_DefinePropertyById(call.cx, object, id, call.at(0), JSPROP_ENUMERATE));
  call.give();
}

bool key_of(JS::HandleId id, JS::MutableHandleValue key) {
  if (id.isInt()) return key.setInt32(id.toInt()), true;
  if (id.isString()) return key.setString(id.toString()), true;
  return false;
}

bool resolve(JSContext* cx, JS::HandleObject object, JS::HandleId id, bool* resolved) {
  return guarded(cx, [&] {
    JS::RootedValue key(cx), self(cx, JS::ObjectValue(*object));
    if (!native_of(object) || !key_of(id, &key)) return;
    JS::RootedObject prototype(cx);
    must(JS_GetPrototype(cx, object, &prototype));
    bool hidden = false;
    if (prototype) must(JS_HasPropertyById(cx, prototype, id, &hidden));
    if (hidden) return;
    JS::RootedValue found(cx, look_up(cx, self, key));
    if (found.isUndefined()) return;
    define_named(cx, object, id, key);
    *resolved = true;
  });
}
bool may_resolve(const JSAtomState&, jsid, JSObject*) {
  return true;
}

constexpr JSClassOps named_ops = {.resolve = resolve, .mayResolve = may_resolve};
constexpr JSClass the_named_class = {"Object", JSCLASS_HAS_RESERVED_SLOTS(1), &named_ops};

}  // namespace

const JSClass* named_class() {
  return &the_named_class;
}

void define_named(JSContext* cx, JS::HandleObject object, JS::HandleId id, JS::HandleValue key) {
  JS::RootedObject getter(
      cx, JS_GetFunctionObject(must(js::NewFunctionWithReserved(cx, native<get_named>, 0, 0, "get"))));
  JS::RootedObject setter(
      cx, JS_GetFunctionObject(must(js::NewFunctionWithReserved(cx, native<set_named>, 1, 0, "set"))));
  js::SetFunctionNativeReserved(getter, 0, key);
  js::SetFunctionNativeReserved(setter, 0, key);
  must(JS_DefinePropertyById(cx, object, id, getter, setter, JSPROP_RESOLVING));
}

bool resolve_on_window(JSContext* cx, Window& window, JS::HandleObject global, JS::HandleId id) {
  JS::RootedValue key(cx);
  if (!key_of(id, &key)) return false;
  JS::RootedValue found(cx, on_window(cx, window, key));
  if (found.isUndefined()) return false;
  define_named(cx, global, id, key);
  return true;
}

}  // namespace shikake::honeyclient::low::page
