// JScript's Enumerator, over whatever has a length and items.
// https://learn.microsoft.com/en-us/previous-versions/windows/internet-explorer/ie-developer/scripting-articles/6ch9zb09(v=vs.84)
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

class Enumerator final : public Native {
 public:
  static constexpr Kind native_kind = Kind::enumerator;
  explicit Enumerator(Window& the_window) : Native(the_window, native_kind) {}
  void trace(JSTracer* tracer) override {
    Native::trace(tracer);
    JS::TraceEdge(tracer, &collection, "collection");
  }
  JS::Heap<JSObject*> collection;
  uint32_t length = 0, at = 0;
};

void construct(Call& call) {
  auto* made = new Enumerator(call.window);
  if (JSObject* given = call.object(0)) {
    JS::RootedObject collection(call.cx, given);
    JS::RootedValue length(call.cx);
    must(JS_GetProperty(call.cx, collection, "length", &length));
    if (length.isNumber()) must(JS::ToUint32(call.cx, length, &made->length));
    made->collection = collection;
  }
  call.give(wrap_native(call.cx, *made, "Enumerator"));
}
void at_end(Call& call) {
  const Enumerator& self = call.self<Enumerator>();
  call.give(self.at >= self.length);
}
void item(Call& call) {
  const Enumerator& self = call.self<Enumerator>();
  if (self.at >= self.length) return call.give();
  JS::RootedObject collection(call.cx, self.collection);
  JS::RootedValue value(call.cx);
  must(JS_GetElement(call.cx, collection, self.at, &value));
  call.give(JS::HandleValue(value));
}
void move_next(Call& call) {
  ++call.self<Enumerator>().at;
  call.give();
}
void move_first(Call& call) {
  call.self<Enumerator>().at = 0;
  call.give();
}

constexpr JSFunctionSpec methods[] = {SHIKAKE_METHOD("atEnd", at_end, 0), SHIKAKE_METHOD("item", item, 0),
                                      SHIKAKE_METHOD("moveNext", move_next, 0),
                                      SHIKAKE_METHOD("moveFirst", move_first, 0), JS_FS_END};
constexpr Interface table[] = {{.name = "Enumerator",
                                .parent = "",
                                .methods = methods,
                                .construct = native<construct>,
                                .construct_arguments = 1,
                                .engines = on_trident}};

}  // namespace

std::span<const Interface> enumerator_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
