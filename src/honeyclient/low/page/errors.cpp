#include "honeyclient/low/page/errors.h"

#include <js/ErrorReport.h>
#include <js/Exception.h>
#include <js/Promise.h>

#include "honeyclient/low/page/absence.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/person.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

// https://html.spec.whatwg.org/#report-the-exception; true: the handler has dealt with it.
void call_onerror(JSContext* cx, Window& window, std::u16string_view message, std::string_view file,
                  uint32_t line, uint32_t column, JS::HandleValue error) {
  JS::RootedValue handler(cx, handler_value(cx, window, u"error"));
  if (handler.isObject()) {
    JS::RootedValueArray<5> arguments(cx);
    arguments[0].setString(to_string(cx, message));
    arguments[1].setString(to_string(cx, wide(file)));
    arguments[2].setNumber(line);
    arguments[3].setNumber(column);
    arguments[4].set(error);
    JS::RootedValue self(cx, JS::ObjectValue(*window.global())), ignored(cx);
    must(JS::Call(cx, self, handler, arguments, &ignored));
  }
  Event& event = make_event(cx, window, u"error", "ErrorEvent", false, true);
  JS::RootedValue value(cx, JS::StringValue(to_string(cx, message)));
  set_event_field(cx, event, "message", value);
  set_event_field(cx, event, "error", error);
  value.setNumber(line);
  set_event_field(cx, event, "lineno", value);
  for (const Listener& listener : window.listeners)
    if (!listener.removed && listener.callback && listener.type == u"error") {
      dispatch(cx, window, event);
      break;
    }
}

Uncaught uncaught(std::string_view message, const JSErrorReport* report) {
  if (!report) return {message, {}};
  return {message, report->filename ? report->filename : "", report->lineno, report->column};
}

}  // namespace

void report_rejection(Page& page, Window& window, JS::HandleObject promise) {
  JSContext* cx = page.cx;
  JS::RootedValue reason(cx, JS::GetPromiseResult(promise));
  JS::ExceptionStack stack(cx, reason, nullptr);
  JS::ErrorReportBuilder report(cx);
  if (!report.init(cx, stack, JS::ErrorReportBuilder::NoSideEffects)) return JS_ClearPendingException(cx);
  const std::string message = report.toStringResult() ? report.toStringResult().c_str() : "";
  page.happened(window, "error", wide("in a promise: " + message));
  weigh_absence(page, window, uncaught(message, report.report()));
  constexpr std::string_view interface = "PromiseRejectionEvent";  // of browsers that tell their pages
  if (!find_interface(interface) || !waits_for(&window, u"unhandledrejection")) return;
  page.run_script(window, [&] {
    Event& event = make_event(cx, window, u"unhandledrejection", interface, false, true);
    JS::RootedValue value(cx, JS::ObjectValue(*promise));
    set_event_field(cx, event, "promise", value);
    set_event_field(cx, event, "reason", reason);
    dispatch(cx, window, event);
  });
}

void report_uncaught(Page& page, Window& window) {
  JSContext* cx = page.cx;
  JS::ExceptionStack stack(cx);
  if (!JS::StealPendingExceptionStack(cx, &stack)) return JS_ClearPendingException(cx);
  JS::ErrorReportBuilder report(cx);
  // Without side effects: describing what was thrown must not run the page's getters.
  if (!report.init(cx, stack, JS::ErrorReportBuilder::NoSideEffects)) return JS_ClearPendingException(cx);
  const JSErrorReport* found = report.report();
  std::string message = report.toStringResult() ? report.toStringResult().c_str() : "";
  std::string file = found && found->filename ? found->filename : "";
  uint32_t line = found ? found->lineno : 0;
  weigh_absence(page, window, uncaught(message, found));
  page.happened(window, "error", wide(message + " (" + file + ":" + std::to_string(line) + ")"));
  if (!page.reporting_error && !window.gone && page.scripts_run()) {
    page.reporting_error = true;
    JS::RootedValue error(cx, stack.exception());
    page.run_script(window, [&] {
      call_onerror(cx, window, wide("Uncaught " + message), file, line, found ? found->column : 0, error);
    });
    page.reporting_error = false;
  }
}

}  // namespace shikake::honeyclient::low::page
