// Worker, SharedWorker and navigator.serviceWorker: what a page has of them.
#include <algorithm>

#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/decode.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/modules.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/promise.h"
#include "honeyclient/low/page/small_interfaces.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/worker_scope.h"

namespace shikake::honeyclient::low::page {

using ScopeKind = WorkerScope::Kind;

namespace {

// Its script has run: what was sent to it meanwhile arrives.
void has_started(Window& inside, const std::function<void(Window&)>& run) {
  if (inside.gone) return;
  inside.scope->started = true;
  for (const std::function<void()>& send : std::exchange(inside.scope->waiting, {})) send();
  if (run) run(inside);
}

void has_failed(Window& inside) {
  Native* outside = inside.scope->outside;
  if (outside && !inside.scope->owner->gone) fire(*inside.scope->owner, *outside, u"error");
  inside.leave();
}

}  // namespace

Window* start_worker(Window& owner, ScopeKind kind, const url::Url& url, bool module, Native* outside,
                     std::function<void(Window&)> run) {
  Page& page = owner.page;
  Window* top = &owner;
  while (top->scope) top = top->scope->owner;
  if (++page.web_workers > limits::max_web_workers) {
    page.limit("web-workers");
    return nullptr;
  }
  // The parent knows it as its owner: what it asks for is an edge from there.
  auto* inside = new Window(page, owner.id, nullptr, nullptr);
  inside->scope = std::make_shared<WorkerScope>();
  inside->scope->kind = kind;
  inside->scope->owner = &owner;
  inside->scope->outside = outside;
  inside->url = url;
  owner.workers.push_back(inside);
  if (!inside->make_realm()) {
    inside->gone = true;
    page.limit("memory");
    page.stop_scripts("memory");
    return nullptr;
  }
  std::optional<Origin> origin = page.positions.origin_here();
  if (module) {
    modules_of(*inside).load(url, origin, [inside, run](Module* loaded) {
      if (!loaded) return has_failed(*inside);
      loaded->owner.run(*loaded);
      has_started(*inside, run);
    });
    return inside;
  }
  Asked asked = owner.asked(intel::Mechanism::worker, url);
  asked.origin = std::move(origin);
  asked.mode = RequestMode::same_origin;
  page.fetch(std::move(asked), [inside, run](const Loaded& loaded) {
    if (inside->gone) return;
    if (!loaded.ok || loaded.status >= 400) return has_failed(*inside);
    const std::u16string text = decode_text(loaded.body, {}, "UTF-8");
    inside->run({text, inside->url.href(), 1, 1, std::nullopt, ""});
    has_started(*inside, run);
  });
  return inside;
}

namespace {

class WorkerObject final : public Native {
 public:
  static constexpr Kind native_kind = Kind::worker;
  explicit WorkerObject(Window& the_window) : Native(the_window, native_kind) {}
  Window* inside = nullptr;
};

// Options of Worker and SharedWorker: a text is the name.
bool asks_for_module(Call& call) {
  if (!call.object(1)) return false;
  JS::RootedObject options(call.cx, call.object(1));
  JS::RootedValue type(call.cx);
  must(JS_GetProperty(call.cx, options, "type", &type));
  return type.isString() && to_text(call.cx, type.toString()) == u"module";
}

// Of the page's own origin, or made by it.
url::Url script_address(Call& call) {
  auto url = call.window.resolve(trim(call.text(0)));
  if (!url) call.dom_error("SyntaxError", "The worker's script address is not valid.");
  const bool own =
      url->scheme() == "blob" || url->scheme() == "data" || url->origin() == call.window.origin();
  if (!own) call.dom_error("SecurityError", "The worker's script cannot be accessed from this origin.");
  return std::move(*url);
}

void construct_worker(Call& call) {
  const url::Url url = script_address(call);
  auto* made = new WorkerObject(call.window);
  JS::RootedObject wrapper(call.cx, wrap_native(call.cx, *made, "Worker"));
  made->inside = start_worker(call.window, ScopeKind::dedicated, url, asks_for_module(call), made);
  call.give(wrapper);
}
void post_to_worker(Call& call) {
  WorkerObject& self = call.self<WorkerObject>();
  if (!self.inside || self.inside->gone) return call.give();
  post_copy(call, *self.inside, *self.inside);
}
void terminate(Call& call) {
  if (Window* inside = call.self<WorkerObject>().inside) inside->leave();
  call.give();
}

// One for all of a page's windows would be the standard's; here each that asks has its own.
void construct_shared(Call& call) {
  const url::Url url = script_address(call);
  auto* made = new WorkerObject(call.window);
  JS::RootedObject wrapper(call.cx, wrap_native(call.cx, *made, "SharedWorker"));
  made->inside = start_worker(call.window, ScopeKind::shared, url, asks_for_module(call), made);
  Window& inside = made->inside ? *made->inside : call.window;
  auto [port, theirs] = make_ports(call.cx, call.window, inside);
  JS::RootedObject own(call.cx, port->wrapper);
  must(JS_DefineProperty(call.cx, wrapper, "port", own, JSPROP_ENUMERATE | JSPROP_READONLY));
  if (made->inside)
    inside.scope->waiting.push_back([&inside, port = theirs] {
      inside.page.run_script(inside, [&] {
        JSContext* cx = inside.page.cx;
        Event& event = make_event(cx, inside, u"connect", "MessageEvent");
        JS::RootedValue value(cx, JS::ObjectValue(*port->wrapper));
        JS::RootedObject ports(cx, must(JS::NewArrayObject(cx, JS::HandleValueArray(value))));
        set_event_field(cx, event, "source", value);
        value.setObject(*ports);
        set_event_field(cx, event, "ports", value);
        dispatch(cx, inside, event);
      });
    });
  call.give(wrapper);
}

// --- navigator.serviceWorker -----------------------------------------------------------------------------

void do_nothing(Call& call) {
  call.give();
}
void promise_nothing(Call& call) {
  call.give(resolved(call.cx, JS::UndefinedHandleValue));
}
void promise_true(Call& call) {
  call.give(resolved(call.cx, JS::TrueHandleValue));
}
// Whoever subscribes goes on: what is sent to the address would come from a push service.
void subscribe(Call& call) {
  call.page.happened(call.window, "notification", u"subscribes to push messages");
  JS::RootedObject made(call.cx, must(JS_NewPlainObject(call.cx)));
  JS::RootedString endpoint(call.cx,
                            to_string(call.cx, u"https://fcm.googleapis.com/fcm/send/c0Y3bN:APA91b"));
  must(JS_DefineProperty(call.cx, made, "endpoint", endpoint, JSPROP_ENUMERATE));
  for (const char* name : {"getKey", "toJSON"})
    must(JS_DefineFunction(call.cx, made, name, native<do_nothing>, 0, JSPROP_ENUMERATE));
  JS::RootedValue value(call.cx, JS::ObjectValue(*made));
  call.give(resolved(call.cx, value));
}

JSObject* registration_of(JSContext* cx, Window& window, const url::Url& scope) {
  JS::RootedObject made(cx, must(JS_NewPlainObject(cx))), push(cx, must(JS_NewPlainObject(cx)));
  must(JS_DefineFunction(cx, push, "subscribe", native<subscribe>, 1, JSPROP_ENUMERATE));
  must(JS_DefineFunction(cx, push, "getSubscription", native<promise_nothing>, 0, JSPROP_ENUMERATE));
  must(JS_DefineProperty(cx, made, "pushManager", push, JSPROP_ENUMERATE));
  JS::RootedString text(cx, to_string(cx, wide(scope.href())));
  must(JS_DefineProperty(cx, made, "scope", text, JSPROP_ENUMERATE));
  JS::RootedObject active(cx, simple_object(cx, window, "ServiceWorker"));
  must(JS_DefineProperty(cx, made, "active", active, JSPROP_ENUMERATE));
  for (const char* name : {"update", "showNotification"})
    must(JS_DefineFunction(cx, made, name, native<promise_nothing>, 0, JSPROP_ENUMERATE));
  must(JS_DefineFunction(cx, made, "unregister", native<promise_true>, 0, JSPROP_ENUMERATE));
  must(JS_DefineFunction(cx, made, "addEventListener", native<do_nothing>, 2, JSPROP_ENUMERATE));
  return made;
}

void register_worker(Call& call) {
  auto url = call.window.resolve(trim(call.text(0)));
  if (!url || !url->is_http() || url->origin() != call.window.url.origin())
    return call.give(rejected_with_type_error(call.cx, "Failed to register a ServiceWorker."));
  call.page.happened(call.window, "service-worker", wide(url->href()));
  start_worker(call.window, ScopeKind::service, *url, asks_for_module(call), nullptr, live_through);
  auto scope = url::Url::parse("./", &*url);
  JS::RootedValue value(call.cx, JS::ObjectValue(*singleton(call.cx, call.window, "registration", [&] {
                          return registration_of(call.cx, call.window, scope ? *scope : *url);
                        })));
  call.give(resolved(call.cx, value));
}
// Pending until there is one.
void get_ready(Call& call) {
  Window& window = call.window;
  auto found = window.singletons.find("registration");
  if (found == window.singletons.end()) return call.give(must(JS::NewPromiseObject(call.cx, nullptr)));
  JS::RootedValue value(call.cx, JS::ObjectValue(*found->second.get()));
  call.give(resolved(call.cx, value));
}
void get_null(Call& call) {
  call.give_null();
}

constexpr JSFunctionSpec worker_methods[] = {SHIKAKE_METHOD("postMessage", post_to_worker, 1),
                                             SHIKAKE_METHOD("terminate", terminate, 0), JS_FS_END};
constexpr const char* worker_handlers[] = {"onmessage", "onmessageerror", "onerror"};
constexpr const char* shared_handlers[] = {"onerror"};
constexpr JSFunctionSpec container_methods[] = {SHIKAKE_METHOD("register", register_worker, 1),
                                                SHIKAKE_METHOD("getRegistration", promise_nothing, 0),
                                                SHIKAKE_METHOD("getRegistrations", promise_nothing, 0),
                                                SHIKAKE_METHOD("startMessages", do_nothing, 0), JS_FS_END};
constexpr JSPropertySpec container_properties[] = {SHIKAKE_GETTER("ready", get_ready),
                                                   SHIKAKE_GETTER("controller", get_null), JS_PS_END};
constexpr const char* container_handlers[] = {"oncontrollerchange", "onmessage"};
constexpr JSFunctionSpec service_methods[] = {SHIKAKE_METHOD("postMessage", do_nothing, 1), JS_FS_END};

constexpr Interface table[] = {
    {.name = "Worker",
     .parent = "EventTarget",
     .methods = worker_methods,
     .construct = native<construct_worker>,
     .construct_arguments = 1,
     .handlers = worker_handlers},
    {.name = "SharedWorker",
     .parent = "EventTarget",
     .construct = native<construct_shared>,
     .construct_arguments = 1,
     .handlers = shared_handlers,
     .engines = on_gecko | on_blink},
    {.name = "ServiceWorker", .parent = "EventTarget", .methods = service_methods, .engines = on_modern},
    {.name = "ServiceWorkerContainer",
     .parent = "EventTarget",
     .methods = container_methods,
     .properties = container_properties,
     .handlers = container_handlers,
     .engines = on_modern}};

}  // namespace

std::span<const Interface> worker_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
