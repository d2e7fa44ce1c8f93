// https://dom.spec.whatwg.org/#interface-mutationobserver
#include <utility>

#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

struct Mutation {
  html::Node* target;
  std::u16string type;
};

class Observer final : public Native {
 public:
  static constexpr Kind native_kind = Kind::observer;
  explicit Observer(Window& the_window) : Native(the_window, native_kind) {}
  void trace(JSTracer* tracer) override {
    Native::trace(tracer);
    JS::TraceEdge(tracer, &callback, "observer callback");
  }
  struct Target {
    html::Node* node;
    bool subtree;
  };
  JS::Heap<JSObject*> callback;
  std::vector<Target> targets;
  std::vector<Mutation> records;
};

// A page that changes its tree for ever in its own observer is cut by its time; its records are cut here.
constexpr size_t max_records = 10'000;

void construct_observer(Call& call) {
  JSObject* function = call.callable(0);
  if (!function) call.type_error("parameter 1 is not of type 'Function'.");
  auto* observer = new Observer(call.window);
  observer->callback = function;
  call.page.observers.push_back(observer);
  call.give(wrap_native(call.cx, *observer, "MutationObserver"));
}
void observe(Call& call) {
  html::Node& node = call.need_node(0);
  bool subtree = false;
  if (call.object(1)) {
    JS::RootedObject options(call.cx, call.object(1));
    JS::RootedValue value(call.cx);
    must(JS_GetProperty(call.cx, options, "subtree", &value));
    subtree = JS::ToBoolean(value);
  }
  call.self<Observer>().targets.push_back({&node, subtree});
  call.give();
}
void disconnect(Call& call) {
  call.self<Observer>().targets.clear();
  call.self<Observer>().records.clear();
  call.give();
}

JSObject* record_list(JSContext* cx, Window& window, const std::vector<Mutation>& records) {
  JS::RootedValueVector list(cx);
  for (const Mutation& record : records) {
    JS::RootedObject made(cx, must(JS_NewPlainObject(cx)));
    JS::RootedString type(cx, to_string(cx, record.type));
    JS::RootedObject target(cx, wrap(cx, window, *record.target)), empty(cx, must(JS::NewArrayObject(cx, 0)));
    must(JS_DefineProperty(cx, made, "type", type, JSPROP_ENUMERATE));
    must(JS_DefineProperty(cx, made, "target", target, JSPROP_ENUMERATE));
    must(JS_DefineProperty(cx, made, "addedNodes", empty, JSPROP_ENUMERATE));
    must(JS_DefineProperty(cx, made, "removedNodes", empty, JSPROP_ENUMERATE));
    must(list.append(JS::ObjectValue(*made)));
  }
  return must(JS::NewArrayObject(cx, list));
}
void take_records(Call& call) {
  call.give(record_list(call.cx, call.window, std::exchange(call.self<Observer>().records, {})));
}
constexpr JSFunctionSpec observer_methods[] = {SHIKAKE_METHOD("observe", observe, 1),
                                               SHIKAKE_METHOD("disconnect", disconnect, 0),
                                               SHIKAKE_METHOD("takeRecords", take_records, 0), JS_FS_END};

constexpr Interface table[] = {{.name = "MutationObserver",
                                .parent = "",
                                .methods = observer_methods,
                                .construct = native<construct_observer>},
                               {.name = "WebKitMutationObserver",
                                .parent = "",
                                .methods = observer_methods,
                                .construct = native<construct_observer>,
                                .engines = on_blink}};

}  // namespace

void mutation_noted(Window& window, html::Node& target, std::u16string_view type) {
  for (Native* native_observer : window.page.observers) {
    auto* observer = static_cast<Observer*>(native_observer);
    if (observer->window != &window || observer->records.size() >= max_records) continue;
    for (const Observer::Target& watched : observer->targets)
      if (watched.node == &target || (watched.subtree && watched.node->contains(target))) {
        observer->records.push_back({&target, std::u16string(type)});
        break;
      }
  }
}

void deliver_mutations(Page& page) {
  for (size_t i = 0; i < page.observers.size(); ++i) {
    auto& observer = static_cast<Observer&>(*page.observers[i]);
    if (observer.records.empty() || observer.window->gone) continue;
    std::vector<Mutation> records = std::exchange(observer.records, {});
    page.run_script(*observer.window, [&] {
      JSContext* cx = page.cx;
      JS::RootedValueArray<2> arguments(cx);
      arguments[0].setObject(*record_list(cx, *observer.window, records));
      arguments[1].setObject(*observer.wrapper.get());
      JS::RootedValue function(cx, JS::ObjectValue(*observer.callback.get())), ignored(cx);
      JS::RootedValue self(cx, arguments[1]);
      must(JS::Call(cx, self, function, arguments, &ignored));
    });
    observer.window->loader->flush();
  }
}

std::span<const Interface> mutation_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
