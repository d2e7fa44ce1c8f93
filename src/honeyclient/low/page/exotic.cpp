#include "honeyclient/low/page/exotic.h"

#include <js/Id.h>
#include <js/Proxy.h>
#include <js/Symbol.h>
#include <js/friend/ErrorMessages.h>

#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

const char our_family = 0;

Exotic& exotic_of(JSObject* proxy) {
  return *static_cast<Exotic*>(static_cast<Native*>(js::GetProxyPrivate(proxy).toPrivate()));
}

bool expando_of(JSContext* cx, Exotic& exotic, JS::MutableHandleObject object, bool make) {
  if (!exotic.expando && make) {
    JSObject* fresh = JS_NewObjectWithGivenProto(cx, nullptr, nullptr);
    if (!fresh) return false;
    exotic.expando = fresh;
  }
  object.set(exotic.expando);
  return true;
}

// A property key as text; false for symbols.
bool key_text(JSContext* cx, JS::HandleId id, std::u16string& text, std::optional<uint32_t>& index) {
  if (id.isInt()) {
    index = static_cast<uint32_t>(id.toInt());
    std::string digits = std::to_string(id.toInt());
    text.assign(digits.begin(), digits.end());
    return true;
  }
  if (!id.isString()) return false;
  text = to_text(cx, id.toString());
  return true;
}

class Handler final : public js::BaseProxyHandler {
 public:
  constexpr Handler() : BaseProxyHandler(&our_family, /*aHasPrototype=*/true) {}

  bool getOwnPropertyDescriptor(
      JSContext* cx, JS::HandleObject proxy, JS::HandleId id,
      JS::MutableHandle<mozilla::Maybe<JS::PropertyDescriptor>> descriptor) const override {
    return guarded(cx, [&] {
      Exotic& exotic = exotic_of(proxy);
      JS::RootedValue value(cx);
      constexpr JS::PropertyAttributes all = {JS::PropertyAttribute::Configurable,
                                              JS::PropertyAttribute::Enumerable,
                                              JS::PropertyAttribute::Writable};
      std::u16string name;
      std::optional<uint32_t> index;
      bool is_text = key_text(cx, id, name, index);
      if (index && *index < exotic.length() && exotic.item(cx, *index, &value)) {
        descriptor.set(mozilla::Some(JS::PropertyDescriptor::Data(value, all)));
        return;
      }
      JS::RootedObject expando(cx);
      must(expando_of(cx, exotic, &expando, false));
      if (expando) {
        must(JS_GetOwnPropertyDescriptorById(cx, expando, id, descriptor));
        if (descriptor.isSome()) return;
      }
      if (is_text && !hidden_by_prototype(cx, exotic, proxy, id) && exotic.get(cx, name, &value)) {
        descriptor.set(mozilla::Some(JS::PropertyDescriptor::Data(value, all)));
        return;
      }
      descriptor.reset();
    });
  }

  bool defineProperty(JSContext* cx, JS::HandleObject proxy, JS::HandleId id,
                      JS::Handle<JS::PropertyDescriptor> descriptor,
                      JS::ObjectOpResult& result) const override {
    return guarded(cx, [&] {
      Exotic& exotic = exotic_of(proxy);
      std::u16string name;
      std::optional<uint32_t> index;
      if (descriptor.isDataDescriptor() && key_text(cx, id, name, index)) {
        JS::RootedValue value(cx, descriptor.value());
        if (!hidden_by_prototype(cx, exotic, proxy, id) && exotic.set(cx, name, value)) {
          must(result.succeed());
          return;
        }
      }
      JS::RootedObject expando(cx);
      must(expando_of(cx, exotic, &expando, true));
      must(JS_DefinePropertyById(cx, expando, id, descriptor, result));
    });
  }

  bool ownPropertyKeys(JSContext* cx, JS::HandleObject proxy, JS::MutableHandleIdVector keys) const override {
    return guarded(cx, [&] {
      Exotic& exotic = exotic_of(proxy);
      for (uint32_t i = 0, n = exotic.length(); i < n; ++i)
        must(keys.append(JS::PropertyKey::Int(static_cast<int32_t>(i))));
      for (const std::u16string& name : exotic.names(cx)) {
        JS::RootedId id(cx);
        must(JS_CharsToId(cx, JS::TwoByteChars(const_cast<char16_t*>(name.data()), name.size()), &id));
        must(keys.append(id));
      }
      JS::RootedObject expando(cx);
      must(expando_of(cx, exotic, &expando, false));
      if (!expando) return;
      JS::RootedIdVector added(cx);
      must(js::GetPropertyKeys(cx, expando, JSITER_OWNONLY | JSITER_HIDDEN | JSITER_SYMBOLS, &added));
      for (size_t i = 0; i < added.length(); ++i) must(keys.append(added[i]));
    });
  }

  bool delete_(JSContext* cx, JS::HandleObject proxy, JS::HandleId id,
               JS::ObjectOpResult& result) const override {
    return guarded(cx, [&] {
      Exotic& exotic = exotic_of(proxy);
      std::u16string name;
      std::optional<uint32_t> index;
      if (key_text(cx, id, name, index) && exotic.remove(cx, name)) {
        must(result.succeed());
        return;
      }
      JS::RootedObject expando(cx);
      must(expando_of(cx, exotic, &expando, false));
      if (expando)
        must(JS_DeletePropertyById(cx, expando, id, result));
      else
        must(result.succeed());
    });
  }

  bool getPrototypeIfOrdinary(JSContext*, JS::HandleObject proxy, bool* ordinary,
                              JS::MutableHandleObject prototype) const override {
    *ordinary = true;
    prototype.set(js::GetStaticPrototype(proxy));
    return true;
  }
  bool preventExtensions(JSContext*, JS::HandleObject, JS::ObjectOpResult& result) const override {
    return result.fail(JSMSG_CANT_PREVENT_EXTENSIONS);
  }
  bool isExtensible(JSContext*, JS::HandleObject, bool* extensible) const override {
    *extensible = true;
    return true;
  }

  bool isCallable(JSObject* proxy) const override { return exotic_of(proxy).callable(); }
  bool isConstructor(JSObject* proxy) const override { return exotic_of(proxy).callable(); }
  bool call(JSContext* cx, JS::HandleObject proxy, const JS::CallArgs& args) const override {
    return guarded(cx, [&] { exotic_of(proxy).call(cx, args); });
  }
  bool construct(JSContext* cx, JS::HandleObject proxy, const JS::CallArgs& args) const override {
    return guarded(cx, [&] {
      exotic_of(proxy).call(cx, args);
      if (!args.rval().isObject()) args.rval().setObject(*must(JS_NewPlainObject(cx)));
    });
  }
  const char* className(JSContext*, JS::HandleObject) const override { return "Object"; }

 private:
  // Methods of the interface win over names that the page chose, unless the interface says otherwise.
  static bool hidden_by_prototype(JSContext* cx, Exotic& exotic, JS::HandleObject proxy, JS::HandleId id) {
    if (exotic.overrides_prototype()) return false;
    JS::RootedObject prototype(cx, js::GetStaticPrototype(proxy));
    bool found = false;
    if (prototype) must(JS_HasPropertyById(cx, prototype, id, &found));
    return found;
  }
};

constexpr Handler handler;
constexpr JSClass undetectable_class =
    PROXY_CLASS_DEF("HTMLAllCollection", JSCLASS_HAS_RESERVED_SLOTS(1) | JSCLASS_EMULATES_UNDEFINED);

}  // namespace

const void* exotic_family() {
  return &our_family;
}

void Exotic::trace(JSTracer* tracer) {
  Native::trace(tracer);
  JS::TraceEdge(tracer, &expando, "expando");
}

JSObject* wrap_exotic(JSContext* cx, Exotic& exotic, std::string_view interface) {
  JSAutoRealm realm(cx, exotic.window->global());
  JS::RootedObject prototype(cx, must(interface_prototype(cx, *exotic.window, interface)));
  JS::RootedValue self(cx, JS::PrivateValue(static_cast<Native*>(&exotic)));
  js::ProxyOptions options;
  if (exotic.undetectable()) options.setClass(&undetectable_class);
  JSObject* proxy = must(js::NewProxyObject(cx, &handler, self, prototype, options));
  exotic.wrapper = proxy;
  return proxy;
}

}  // namespace shikake::honeyclient::low::page
