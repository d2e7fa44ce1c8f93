// Interface objects and prototypes of a realm, made from the tables when first asked for.
#include <js/PropertySpec.h>
#include <js/Symbol.h>

#include <array>
#include <map>

#include "honeyclient/low/page/absence.h"
#include "honeyclient/low/page/bind.h"
#include "honeyclient/low/page/custom_elements.h"
#include "honeyclient/low/page/disguise.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/lifetimes.h"
#include "honeyclient/low/page/lures.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/style_sheets.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/trident_members.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

bool illegal_constructor(JSContext* cx, unsigned, JS::Value*) {
  return guarded(cx, [&] { throw_type_error(cx, "Illegal constructor"); });
}

// The row of a reflected attribute stands in the accessor's first reserved slot.
const Reflected& row_of(const JS::CallArgs& args) {
  return *static_cast<const Reflected*>(js::GetFunctionNativeReserved(&args.callee(), 0).toPrivate());
}

void get_reflected(Call& call) {
  const Reflected& row = row_of(call.args);
  const std::u16string* value = call.self_element().attribute(std::u16string_view(wide(row.attribute)));
  switch (row.how) {
    case Reflect::flag:
      return call.give(value != nullptr);
    case Reflect::number: {
      std::string digits = value ? utf8(trim(*value)) : std::string();
      return call.give(static_cast<int32_t>(std::strtol(digits.c_str(), nullptr, 10)));
    }
    case Reflect::url: {
      if (!value) return call.give(std::u16string_view());
      Window* owner = window_of(call.self_node());
      auto resolved = (owner ? *owner : call.window).resolve(*value);
      if (resolved) return call.give(std::string_view(resolved->href()));
      return call.give(std::u16string_view(*value));
    }
    case Reflect::lower_text:
      return call.give(std::u16string_view(value ? lower(*value) : std::u16string()));
    case Reflect::text:
      return call.give(std::u16string_view(value ? *value : std::u16string()));
  }
}

void set_reflected(Call& call) {
  const Reflected& row = row_of(call.args);
  html::Element& element = call.self_element();
  html::Atom name = element.document().intern(wide(row.attribute));
  if (row.how == Reflect::flag) {
    if (call.flag(0))
      element.set_attribute(name, u"");
    else
      element.remove_attribute(name);
  } else {
    element.set_attribute(name, call.text(0));
  }
  after_dom_change(call);
}

void define_accessor(JSContext* cx, JS::HandleObject object, const char* name, JSNative get, JSNative set,
                     void* slot) {
  // https://webidl.spec.whatwg.org/#dfn-attribute-getter: scripts read their names to tell natives from
  // others.
  const std::string getter_name = std::string("get ") + name, setter_name = std::string("set ") + name;
  JS::RootedObject getter(
      cx, JS_GetFunctionObject(must(js::NewFunctionWithReserved(cx, get, 0, 0, getter_name.c_str()))));
  js::SetFunctionNativeReserved(getter, 0, JS::PrivateValue(slot));
  JS::RootedObject setter(
      cx, JS_GetFunctionObject(must(js::NewFunctionWithReserved(cx, set, 1, 0, setter_name.c_str()))));
  js::SetFunctionNativeReserved(setter, 0, JS::PrivateValue(slot));
  must(JS_DefineProperty(cx, object, name, getter, setter, JSPROP_ENUMERATE));
}

void get_handler_property(Call& call) {
  auto* name = static_cast<const char*>(js::GetFunctionNativeReserved(&call.args.callee(), 0).toPrivate());
  Native* target = call.args.thisv().isNullOrUndefined() ? &call.window : native_of(call.args.thisv());
  if (!target) return call.give_null();
  JS::RootedValue value(call.cx, handler_value(call.cx, *target, wide(name + 2)));
  call.give(JS::HandleValue(value));
}

void set_handler_property(Call& call) {
  auto* name = static_cast<const char*>(js::GetFunctionNativeReserved(&call.args.callee(), 0).toPrivate());
  Native* target = call.args.thisv().isNullOrUndefined() ? &call.window : native_of(call.args.thisv());
  if (!target) return call.give();
  set_handler(*target, wide(name + 2), call.at(0));
  call.give();
}

void fill_prototype(JSContext* cx, Window& window, const Interface& interface, JS::HandleObject prototype) {
  const bool methods_first = lists_methods_first(window.page.persona());
  if (interface.methods && methods_first) must(JS_DefineFunctions(cx, prototype, interface.methods));
  if (interface.properties) must(JS_DefineProperties(cx, prototype, interface.properties));
  if (interface.methods && !methods_first) must(JS_DefineFunctions(cx, prototype, interface.methods));
  if (interface.mixin_methods) must(JS_DefineFunctions(cx, prototype, interface.mixin_methods));
  if (interface.mixin_properties) must(JS_DefineProperties(cx, prototype, interface.mixin_properties));
  if (interface.trident_properties && window.page.persona().engine == Engine::trident)
    must(JS_DefineProperties(cx, prototype, interface.trident_properties));
  for (const Reflected& row : interface.reflected)
    define_accessor(cx, prototype, row.property, native<get_reflected>, native<set_reflected>,
                    const_cast<Reflected*>(&row));
  for (const Constant& constant : interface.constants)
    must(JS_DefineProperty(cx, prototype, constant.name, constant.value, JSPROP_ENUMERATE | JSPROP_READONLY));
  define_handlers(cx, prototype, interface.handlers);
  add_trident_members(cx, window, interface.name, prototype);
  remove_absent_members(cx, window.page.persona(), interface.name, prototype);
  // A forced run goes the ways of others too.
  if (!window.page.forced) remove_foreign_members(cx, window.page.persona(), prototype);
  // Object.prototype.toString knew no object of a page before Internet Explorer 9.
  constexpr uint32_t names_objects = 9;
  if (window.page.persona().engine == Engine::trident && window.page.persona().version < names_objects) return;
  JS::RootedId tag(cx, JS::GetWellKnownSymbolKey(cx, JS::SymbolCode::toStringTag));
  JS::RootedString name(cx, must(JS_NewStringCopyN(cx, interface.name.data(), interface.name.size())));
  must(JS_DefinePropertyById(cx, prototype, tag, name, JSPROP_READONLY));
}

using Index = std::map<std::string_view, const Interface*>;
const Index& interface_index() {
  static const Index index = [] {
    Index all;
    for (std::span<const Interface> table : interface_tables())
      for (const Interface& interface : table) all[interface.name] = &interface;
    return all;
  }();
  return index;
}

}  // namespace

std::span<const std::span<const Interface>> interface_tables() {
  static const std::array tables = {
      node_interfaces(),      element_interfaces(),    html_interfaces(),         document_interfaces(),
      form_interfaces(),      event_interfaces(),      window_interfaces(),       location_interfaces(),
      navigator_interfaces(), collection_interfaces(), request_interfaces(),      fetch_interfaces(),
      body_interfaces(),      url_interfaces(),        storage_interfaces(),      style_interfaces(),
      small_interfaces(),     mutation_interfaces(),   component_interfaces(),    exception_interfaces(),
      lure_interfaces(),      worker_interfaces(),     worker_scope_interfaces(), port_interfaces(),
      reader_interfaces(),    enumerator_interfaces(), socket_interfaces(),
      cross_interfaces(),     stream_interfaces(),     canvas_interfaces(),       missing_interfaces(),
      style_sheet_interfaces(), clipboard_item_interfaces(), shadow_interfaces(), subtle_interfaces(),
      custom_element_interfaces(), range_interfaces(), selection_interfaces(), walker_interfaces(),
      readable_interfaces(), sink_interfaces(), compression_interfaces(), abort_interfaces(),
      watcher_interfaces(),  media_interfaces(),      telling_interfaces(),
  };
  return tables;
}

const Interface* find_interface(std::string_view name) {
  auto found = interface_index().find(name);
  return found == interface_index().end() ? nullptr : found->second;
}

void define_handlers(JSContext* cx, JS::HandleObject object, std::span<const char* const> events) {
  for (const char* event : events)
    define_accessor(cx, object, event, native<get_handler_property>, native<set_handler_property>,
                    const_cast<char*>(event));
}

JSObject* interface_prototype(JSContext* cx, Window& window, std::string_view name) {
  if (auto found = window.prototypes.find(name); found != window.prototypes.end()) return found->second;
  const Interface* interface = find_interface(name);
  SHIKAKE_CHECK(interface != nullptr);
  try {
    JSAutoRealm realm(cx, window.global());
    JS::RootedObject parent(cx, interface->parent.empty()
                                    ? JS::GetRealmObjectPrototype(cx)
                                    : interface_prototype(cx, window, interface->parent));
    if (!parent) return nullptr;
    JS::RootedObject prototype(cx, make_prototype(cx, interface->name, parent));
    if (!prototype) return nullptr;
    fill_prototype(cx, window, *interface, prototype);
    window.prototypes.emplace(std::string(name), prototype);
    return prototype;
  } catch (...) {
    pass_on(cx);
    return nullptr;
  }
}

JSObject* interface_constructor(JSContext* cx, Window& window, const Interface& interface) {
  if (auto found = window.constructors.find(interface.name); found != window.constructors.end())
    return found->second;
  try {
    JSAutoRealm realm(cx, window.global());
    std::string name(interface.name);
    JS::RootedObject prototype(cx, must(interface_prototype(cx, window, interface.name)));
    JSNative construct = interface.construct ? interface.construct : illegal_constructor;
    if (!interface.construct && name.starts_with("HTML") && name.ends_with("Element"))
      construct = native<construct_html_element>;
    JSFunction* function =
        must(JS_NewFunction(cx, construct, interface.construct_arguments, JSFUN_CONSTRUCTOR, name.c_str()));
    JS::RootedObject constructor(cx, JS_GetFunctionObject(function));
    must(JS_LinkConstructorAndPrototype(cx, constructor, prototype));
    if (interface.statics) must(JS_DefineFunctions(cx, constructor, interface.statics));
    remove_absent_members(cx, window.page.persona(), name + ".", constructor);
    if (interface.name == "Notification") define_permission(cx, constructor);
    for (const Constant& constant : interface.constants)
      must(JS_DefineProperty(cx, constructor, constant.name, constant.value,
                             JSPROP_ENUMERATE | JSPROP_READONLY));
    window.constructors.emplace(name, constructor);
    return constructor;
  } catch (...) {
    pass_on(cx);
    return nullptr;
  }
}

}  // namespace shikake::honeyclient::low::page
