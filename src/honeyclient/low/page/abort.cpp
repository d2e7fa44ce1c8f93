#include "honeyclient/low/page/abort.h"

#include <utility>

#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/exception.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

void Signal::trace(JSTracer* tracer) {
  Native::trace(tracer);
  JS::TraceEdge(tracer, &reason, "abort reason");
}

Signal* signal_of(JSContext* cx, JS::HandleObject options) {
  JS::RootedValue value(cx);
  must(JS_GetProperty(cx, options, "signal", &value));
  if (value.isNullOrUndefined()) return nullptr;
  Signal* signal = native_as<Signal>(value);
  if (!signal) throw_type_error(cx, "member signal is not of type AbortSignal.");
  return signal;
}

namespace {

class Controller final : public Native {
 public:
  static constexpr Kind native_kind = Kind::aborter;
  Controller(Window& the_window, Signal& the_signal) : Native(the_window, native_kind), signal(the_signal) {}
  Signal& signal;
};

Signal& make_signal(Call& call) {
  auto* signal = new Signal(call.window);
  wrap_native(call.cx, *signal, "AbortSignal");
  return *signal;
}

// What the script gave, or an exception of this name.
void set_reason(JSContext* cx, Signal& signal, JS::HandleValue given, std::string_view name, std::string_view message) {
  signal.aborted = true;
  signal.reason = given;
  if (given.isUndefined()) signal.reason = JS::ObjectValue(*make_dom_exception(cx, *signal.window, name, message));
}
void set_abort_reason(JSContext* cx, Signal& signal, JS::HandleValue given) {
  set_reason(cx, signal, given, "AbortError", "signal is aborted without reason");
}

// The reason is set. https://dom.spec.whatwg.org/#run-the-abort-steps
void run_steps(JSContext* cx, Signal& signal) {
  for (const auto& action : std::exchange(signal.actions, {})) action(cx);
  Event& event = make_event(cx, *signal.window, u"abort");
  event.trusted = true;
  dispatch(cx, signal, event);
}

void abort(JSContext* cx, Signal& signal) {
  std::vector<Signal*> following;
  for (Signal* one : signal.dependent) {
    if (one->aborted) continue;
    one->aborted = true;
    one->reason = signal.reason.get();
    following.push_back(one);
  }
  run_steps(cx, signal);
  for (Signal* one : following) run_steps(cx, *one);
}

// --- AbortController --------------------------------------------------------------------------------------

void construct(Call& call) {
  call.give(wrap_native(call.cx, *new Controller(call.window, make_signal(call)), "AbortController"));
}
void get_signal(Call& call) {
  call.give(call.self<Controller>().signal.wrapper.get());
}
void abort_by_script(Call& call) {
  Signal& signal = call.self<Controller>().signal;
  call.give();
  if (signal.aborted) return;
  set_abort_reason(call.cx, signal, call.at(0));
  abort(call.cx, signal);
}

// --- AbortSignal ------------------------------------------------------------------------------------------

void make_aborted(Call& call) {
  Signal& signal = make_signal(call);
  set_abort_reason(call.cx, signal, call.at(0));
  call.give(signal.wrapper.get());
}
void make_timeout(Call& call) {
  const double milliseconds = call.number(0);
  if (!(milliseconds >= 0)) call.type_error("Value is outside the 'unsigned long long' value range.");
  Signal& signal = make_signal(call);
  Page& page = call.page;
  page.add_timer(call.window, milliseconds, false, [&page, &signal] {
    if (signal.aborted) return;
    page.run_script(*signal.window, [&] {
      set_reason(page.cx, signal, JS::UndefinedHandleValue, "TimeoutError", "signal timed out");
      abort(page.cx, signal);
    });
    signal.window->loader->flush();
  });
  call.give(signal.wrapper.get());
}
void make_any(Call& call) {
  Signal& signal = make_signal(call);
  JS::RootedObject list(call.cx, call.object(0));
  uint32_t count = 0;
  if (!list || !JS::GetArrayLength(call.cx, list, &count)) {
    JS_ClearPendingException(call.cx);
    call.type_error("The provided value cannot be converted to a sequence.");
  }
  JS::RootedValue value(call.cx);
  for (uint32_t i = 0; i < count && !signal.aborted; ++i) {
    must(JS_GetElement(call.cx, list, i, &value));
    Signal* source = native_as<Signal>(value);
    if (!source) call.type_error("Failed to convert value to 'AbortSignal'.");
    if (source->aborted) {
      signal.aborted = true;
      signal.reason = source->reason.get();
    }
    source->dependent.push_back(&signal);
  }
  call.give(signal.wrapper.get());
}
void get_aborted(Call& call) {
  call.give(call.self<Signal>().aborted);
}
void get_reason(Call& call) {
  call.args.rval().set(call.self<Signal>().reason);
}
void throw_if_aborted(Call& call) {
  Signal& self = call.self<Signal>();
  call.give();
  if (!self.aborted) return;
  JS::RootedValue reason(call.cx, self.reason);
  JS_SetPendingException(call.cx, reason);
  throw Thrown{};
}

constexpr JSFunctionSpec controller_methods[] = {SHIKAKE_METHOD("abort", abort_by_script, 0), JS_FS_END};
constexpr JSPropertySpec controller_properties[] = {SHIKAKE_GETTER("signal", get_signal), JS_PS_END};
constexpr JSFunctionSpec signal_statics[] = {SHIKAKE_METHOD("abort", make_aborted, 0),
                                             SHIKAKE_METHOD("timeout", make_timeout, 1),
                                             SHIKAKE_METHOD("any", make_any, 1), JS_FS_END};
constexpr JSFunctionSpec signal_methods[] = {SHIKAKE_METHOD("throwIfAborted", throw_if_aborted, 0), JS_FS_END};
constexpr JSPropertySpec signal_properties[] = {SHIKAKE_GETTER("aborted", get_aborted),
                                                SHIKAKE_GETTER("reason", get_reason), JS_PS_END};
constexpr const char* signal_handlers[] = {"onabort"};
constexpr Interface table[] = {{.name = "AbortController",
                                .parent = "",
                                .methods = controller_methods,
                                .properties = controller_properties,
                                .construct = native<construct>,
                                .engines = on_modern},
                               {.name = "AbortSignal",
                                .parent = "EventTarget",
                                .methods = signal_methods,
                                .properties = signal_properties,
                                .statics = signal_statics,
                                .handlers = signal_handlers,
                                .engines = on_modern}};

}  // namespace

std::span<const Interface> abort_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
