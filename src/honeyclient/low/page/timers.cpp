#include "honeyclient/low/page/timers.h"

#include <memory>

#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/vbscript.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

void start_timer(Call& call, bool repeats) {
  Window& window = call.self_window();
  Page& page = call.page;
  // A long: what is past its range comes round, and is often at once.
  const double delay = call.given(1) ? call.integer(1) : 0;
  if (JSObject* function = call.callable(0)) {
    auto kept = std::make_shared<JS::PersistentRootedObject>(call.cx, function);
    auto arguments = std::make_shared<JS::PersistentRooted<JS::GCVector<JS::Value>>>(
        call.cx, JS::GCVector<JS::Value>(call.cx));
    for (unsigned i = 2; i < call.count(); ++i) must(arguments->append(call.args[i]));
    call.give(page.add_timer(window, delay, repeats, [&window, &page, kept, arguments] {
      page.run_script(window, [&] {
        JS::RootedValue value(page.cx, JS::ObjectValue(**kept)), ignored(page.cx);
        JS::RootedValue self(page.cx, JS::ObjectValue(*window.global()));
        must(JS::Call(
            page.cx, self, value,
            JS::HandleValueArray::fromMarkedLocation(arguments->get().length(), arguments->get().begin()),
            &ignored));
      });
      window.loader->flush();
    }));
    return;
  }
  std::u16string text = call.text(0);
  std::optional<Place> by = page.positions.here();
  // Internet Explorer's third argument is the text's language.
  bool vbscript = runs_vbscript(page.persona()) && call.at(2).isString() &&
                  lower(trim(call.text(2))).starts_with(u"vbs");
  call.give(page.add_timer(window, delay, repeats, [&window, text, by, vbscript] {
    Window::Text given{text, by ? by->source->url : window.url.href(), 1, 1, by, "timer"};
    if (vbscript)
      run_vbscript(window, given);
    else
      window.run(given);
    window.loader->flush();
  }));
}

void call_later(Call& call, double delay, double argument) {
  JSObject* function = call.callable(0);
  if (!function) call.type_error("parameter 1 is not of type 'Function'.");
  Window& window = call.self_window();
  Page& page = call.page;
  auto kept = std::make_shared<JS::PersistentRootedObject>(call.cx, function);
  call.give(page.add_timer(window, delay, false, [&window, &page, kept, argument] {
    page.run_script(window, [&] {
      JS::RootedValue value(page.cx, JS::ObjectValue(**kept)), ignored(page.cx);
      JS::RootedValue time(page.cx, JS::NumberValue(argument < 0 ? page.since_start() : argument));
      must(JS::Call(page.cx, JS::UndefinedHandleValue, value, JS::HandleValueArray(time), &ignored));
    });
    window.loader->flush();
  }));
}

}  // namespace

void set_timeout(Call& call) {
  start_timer(call, false);
}
void set_interval(Call& call) {
  start_timer(call, true);
}
void set_immediate(Call& call) {
  start_timer(call, false);
}
void clear_timer(Call& call) {
  if (call.given(0)) call.page.clear_timer(static_cast<uint32_t>(call.integer(0)));
  call.give();
}

void request_animation_frame(Call& call) {
  call_later(call, 16, -1);
}
void queue_microtask(Call& call) {
  JS::RootedObject function(call.cx, call.callable(0));
  if (!function) call.type_error("parameter 1 is not of type 'Function'.");
  call.page.enqueue_job(function);
  call.give();
}

}  // namespace shikake::honeyclient::low::page
