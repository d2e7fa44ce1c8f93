// Objects whose properties are computed: collections, style, dataset, storage, unknown components.
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

// Overrides say what there is; everything else (the prototype chain, properties that script adds) is
// ordinary. Calls may throw Thrown.
class Exotic : public Native {
 public:
  using Native::Native;

  virtual uint32_t length() { return 0; }  // of indexed properties; they are read-only
  virtual bool item(JSContext*, uint32_t, JS::MutableHandleValue) { return false; }
  virtual bool get(JSContext*, std::u16string_view, JS::MutableHandleValue) { return false; }
  // False: an ordinary property is set.
  virtual bool set(JSContext*, std::u16string_view, JS::HandleValue) { return false; }
  virtual bool remove(JSContext*, std::u16string_view) { return false; }
  virtual std::vector<std::u16string> names(JSContext*) { return {}; }
  // A named property is found before the prototype's (storage, style), or only after it (collections).
  virtual bool overrides_prototype() { return false; }
  virtual bool callable() { return false; }
  virtual bool undetectable() { return false; }  // document.all: typeof gives "undefined"
  virtual void call(JSContext*, const JS::CallArgs& args) { args.rval().setUndefined(); }

  void trace(JSTracer* tracer) override;
  JS::Heap<JSObject*> expando;  // properties that script added
};

// What the proxies' family field holds: tells ours from script's own.
const void* exotic_family();
JSObject* wrap_exotic(JSContext* cx, Exotic& exotic, std::string_view interface);

}  // namespace shikake::honeyclient::low::page
