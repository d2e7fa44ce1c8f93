// The global object of a worker. https://html.spec.whatwg.org/#the-workerglobalscope-common-interface
#include "honeyclient/low/page/worker_scope.h"

#include <js/GlobalObject.h>

#include <algorithm>

#include "honeyclient/low/page/decode.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/global_functions.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/promise.h"
#include "honeyclient/low/page/small_interfaces.h"
#include "honeyclient/low/page/tables.h"

namespace shikake::honeyclient::low::page {

namespace {

using ScopeKind = WorkerScope::Kind;

Window& scope_of(Call& call) {
  Window& self = call.self_window();
  if (!self.scope) call.type_error("Illegal invocation");
  return self;
}

// Each is fetched and run before the next, and before anything else of the worker.
void import_scripts(Call& call) {
  Window& scope = scope_of(call);
  for (unsigned i = 0; i < call.count(); ++i) {
    auto url = scope.resolve(trim(call.text(i)));
    if (!url) call.dom_error("SyntaxError", "The address of an imported script is not valid.");
    Asked asked = scope.asked(intel::Mechanism::worker, *url);
    asked.origin = call.page.positions.origin_here();
    const Loaded loaded = call.page.fetch_now(std::move(asked));
    if (!loaded.ok || loaded.status >= 400)
      call.dom_error("NetworkError", "A script that the worker imports could not be loaded.");
    const std::u16string text = decode_text(loaded.body, {}, "UTF-8");
    scope.run({text, url->href(), 1, 1, std::nullopt, ""});
  }
  call.give();
}

void post_outside(Call& call) {
  Window& scope = scope_of(call);
  Window& owner = *scope.scope->owner;
  if (!scope.scope->outside || owner.gone) return call.give();
  post_copy(call, owner, *scope.scope->outside);
}
void close(Call& call) {
  scope_of(call).leave();
  call.give();
}
void get_name(Call& call) {
  call.give(std::string_view(call.self_window().name));
}
void do_nothing(Call& call) {
  call.give();
}
void promise_nothing(Call& call) {
  call.give(resolved(call.cx, JS::UndefinedHandleValue));
}
void promise_list(Call& call) {
  JS::RootedValue list(call.cx, JS::ObjectValue(*must(JS::NewArrayObject(call.cx, 0))));
  call.give(resolved(call.cx, list));
}

// --- service workers -------------------------------------------------------------------------------------

// A new window over whatever the person is looking at.
void open_from_service(Call& call) {
  if (auto url = call.window.resolve(trim(call.text(0))); url && url->is_http()) {
    OpenWindow message{"", call.window.asked(intel::Mechanism::window_open, *url)};
    message.asked.origin = call.page.positions.origin_here();
    call.page.tell(FromPage::open_window, message);
  }
  promise_nothing(call);
}
void show_notification(Call& call) {
  call.page.happened(call.window, "notification", u"shows: " + call.text(0));
  promise_nothing(call);
}
// Cache.addAll and add: what is kept is fetched.
void cache(Call& call) {
  JS::RootedValueVector addresses(call.cx);
  bool list = false;
  if (call.object(0)) must(JS::IsArrayObject(call.cx, call.at(0), &list));
  if (list) {
    JS::RootedObject given(call.cx, call.object(0));
    uint32_t count = 0;
    must(JS::GetArrayLength(call.cx, given, &count));
    JS::RootedValue one(call.cx);
    for (uint32_t i = 0; i < std::min(count, uint32_t{100}); ++i) {
      must(JS_GetElement(call.cx, given, i, &one));
      must(addresses.append(one));
    }
  } else if (call.count() > 0) {
    must(addresses.append(call.args[0]));
  }
  for (size_t i = 0; i < addresses.length(); ++i) {
    if (!addresses[i].isString()) continue;
    auto url = call.window.resolve(to_text(call.cx, addresses[i].toString()));
    if (!url || !url->is_http()) continue;
    Asked asked = call.window.asked(intel::Mechanism::fetch, *url);
    asked.origin = call.page.positions.origin_here();
    call.page.fetch(std::move(asked), [](const Loaded&) {});
  }
  promise_nothing(call);
}

JSObject* object_with(JSContext* cx, std::initializer_list<std::pair<const char*, JSNative>> functions) {
  JS::RootedObject made(cx, must(JS_NewPlainObject(cx)));
  for (const auto& [name, function] : functions)
    must(JS_DefineFunction(cx, made, name, function, 1, JSPROP_ENUMERATE));
  return made;
}
void open_cache(Call& call) {
  JS::RootedValue made(call.cx, JS::ObjectValue(*object_with(call.cx, {{"add", native<cache>},
                                                                       {"addAll", native<cache>},
                                                                       {"put", native<promise_nothing>},
                                                                       {"match", native<promise_nothing>},
                                                                       {"delete", native<promise_nothing>},
                                                                       {"keys", native<promise_list>}})));
  call.give(resolved(call.cx, made));
}

void define_service(JSContext* cx, JS::HandleObject global) {
  const std::pair<const char*, JSObject*> parts[] = {
      {"clients", object_with(cx, {{"claim", native<promise_nothing>},
                                   {"matchAll", native<promise_list>},
                                   {"get", native<promise_nothing>},
                                   {"openWindow", native<open_from_service>}})},
  };
  for (const auto& [name, object] : parts) {
    JS::RootedObject part(cx, object);
    must(JS_DefineProperty(cx, global, name, part, JSPROP_ENUMERATE));
  }
  JS::RootedObject registration(cx, object_with(cx, {{"showNotification", native<show_notification>},
                                                     {"getNotifications", native<promise_list>},
                                                     {"unregister", native<promise_nothing>},
                                                     {"update", native<promise_nothing>}}));
  must(JS_DefineProperty(cx, global, "registration", registration, JSPROP_ENUMERATE));
  JS::RootedObject caches(cx, object_with(cx, {{"open", native<open_cache>},
                                               {"keys", native<promise_list>},
                                               {"match", native<promise_nothing>},
                                               {"has", native<promise_nothing>},
                                               {"delete", native<promise_nothing>}}));
  must(JS_DefineProperty(cx, global, "caches", caches, JSPROP_ENUMERATE));
  must(JS_DefineFunction(cx, global, "skipWaiting", native<promise_nothing>, 0, JSPROP_ENUMERATE));
}

void fire_extendable(Window& service, std::u16string_view type) {
  service.page.run_script(service, [&] {
    JSContext* cx = service.page.cx;
    Event& event = make_event(cx, service, type);
    JS::RootedObject wrapper(cx, event.wrapper);
    must(JS_DefineFunction(cx, wrapper, "waitUntil", native<do_nothing>, 1, 0));
    dispatch(cx, service, event);
  });
}

constexpr JSFunctionSpec functions[] = {SHIKAKE_METHOD("importScripts", import_scripts, 0),
                                        SHIKAKE_METHOD("close", close, 0), JS_FS_END};
constexpr JSFunctionSpec dedicated_functions[] = {SHIKAKE_METHOD("postMessage", post_outside, 1), JS_FS_END};
constexpr JSPropertySpec properties[] = {SHIKAKE_GETTER("name", get_name), JS_PS_END};

constexpr const char* dedicated_handlers[] = {"onmessage", "onmessageerror", "onerror",
                                              "onunhandledrejection"};
constexpr const char* shared_handlers[] = {"onconnect", "onerror", "onunhandledrejection"};
constexpr const char* service_handlers[] = {
    "oninstall",           "onactivate",          "onfetch", "onpush", "onmessage",
    "onnotificationclick", "onnotificationclose", "onsync",  "onerror"};

constexpr std::string_view dedicated_name = "DedicatedWorkerGlobalScope",
                           shared_name = "SharedWorkerGlobalScope", service_name = "ServiceWorkerGlobalScope";
constexpr Interface table[] = {{.name = "WorkerGlobalScope", .parent = "EventTarget"},
                               {.name = dedicated_name, .parent = "WorkerGlobalScope"},
                               {.name = shared_name, .parent = "WorkerGlobalScope"},
                               {.name = service_name, .parent = "WorkerGlobalScope"}};

}  // namespace

std::string_view interface_of_scope(const WorkerScope& scope) {
  return scope.kind == ScopeKind::dedicated ? dedicated_name
         : scope.kind == ScopeKind::shared  ? shared_name
                                            : service_name;
}

bool has_interface(const WorkerScope& scope, std::string_view interface) {
  static constexpr std::string_view exposed[] = {"EventTarget",
                                                 "Event",
                                                 "CustomEvent",
                                                 "MessageEvent",
                                                 "ErrorEvent",
                                                 "ProgressEvent",
                                                 "XMLHttpRequest",
                                                 "Headers",
                                                 "Response",
                                                 "URL",
                                                 "Blob",
                                                 "File",
                                                 "FileReader",
                                                 "FormData",
                                                 "URLSearchParams",
                                                 "TextEncoder",
                                                 "TextDecoder",
                                                 "ReadableStream",
                                                 "WritableStream",
                                                 "TransformStream",
                                                 "CompressionStream",
                                                 "DecompressionStream",
                                                 "TextDecoderStream",
                                                 "TextEncoderStream",
                                                 "DOMException",
                                                 "MessageChannel",
                                                 "MessagePort",
                                                 "Crypto",
                                                 "Performance",
                                                 "Location",
                                                 "Navigator",
                                                 "Notification",
                                                 "WorkerGlobalScope"};
  if (interface == interface_of_scope(scope)) return true;
  if (interface == "Worker") return scope.kind == ScopeKind::dedicated;
  return std::ranges::find(exposed, interface) != std::end(exposed);
}

void define_worker_scope(JSContext* cx, Window& window) {
  JS::RootedObject global(cx, window.global());
  must(JS::InitRealmStandardClasses(cx));
  define_worker_globals(cx, window);
  must(JS_DefineFunctions(cx, global, functions) && JS_DefineProperties(cx, global, properties));
  switch (window.scope->kind) {
    case ScopeKind::dedicated:
      must(JS_DefineFunctions(cx, global, dedicated_functions));
      define_handlers(cx, global, dedicated_handlers);
      break;
    case ScopeKind::shared:
      define_handlers(cx, global, shared_handlers);
      break;
    case ScopeKind::service:
      define_service(cx, global);
      define_handlers(cx, global, service_handlers);
      break;
  }
  define_engine_functions(cx, window);
}

void live_through(Window& service) {
  for (const char16_t* type : {u"install", u"activate"})
    if (!service.gone) fire_extendable(service, type);
}

std::span<const Interface> worker_scope_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
