#include "honeyclient/low/page/remote_window.h"

#include "honeyclient/low/page/exotic.h"
#include "honeyclient/low/page/post_message.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

class RemoteWindow final : public Exotic {
 public:
  static constexpr Kind native_kind = Kind::remote_window;
  RemoteWindow(Window& the_window, Relative the_whose, uint32_t the_child, std::string_view the_name)
      : Exotic(the_window, Kind::remote_window), whose(the_whose), child(the_child), name(the_name) {}

  bool overrides_prototype() override { return true; }

  bool get(JSContext* cx, std::u16string_view key, JS::MutableHandleValue value) override {
    if (key == u"location" || key == u"window" || key == u"self" || key == u"frames" || key == u"parent" ||
        key == u"top" || key == u"document") {
      // document is refused in a browser; here it absorbs what the page does to it.
      value.setObject(*wrapper.get());
      return true;
    }
    if (key == u"closed") return value.setBoolean(false), true;
    if (key == u"length") return value.setInt32(0), true;
    if (key == u"href") return value.setString(to_string(cx, u"")), true;
    if (key == u"name") return value.setString(to_string(cx, wide(name))), true;
    return false;
  }

  bool set(JSContext* cx, std::u16string_view key, JS::HandleValue value) override {
    if (key != u"location" && key != u"href") return false;
    go(cx, to_text(cx, value));
    return true;
  }

  void go(JSContext* cx, std::u16string_view text) {
    auto url = window->resolve(trim(text));
    if (!url) throw_dom_error(cx, *window, "SyntaxError", "The URL is not valid.");
    Navigate navigate;
    navigate.asked = window->asked(intel::Mechanism::location, *url);
    navigate.asked.origin = window->page.positions.origin_here();
    navigate.whose = whose;
    navigate.child = child;
    navigate.target_name = name;
    window->page.tell(FromPage::navigate, navigate);
  }

  const Relative whose;
  const uint32_t child;
  const std::string name;
};

void do_nothing(Call& call) {
  call.give();
}
void post_message(Call& call) {
  RemoteWindow& self = call.self<RemoteWindow>();
  send_message(call, *self.window, self.whose, self.child);
  call.give();
}
void go_to(Call& call) {
  RemoteWindow& self = call.self<RemoteWindow>();
  self.go(call.cx, call.text(0));
  call.give();
}

constexpr JSFunctionSpec methods[] = {SHIKAKE_METHOD("postMessage", post_message, 1),
                                      SHIKAKE_METHOD("close", do_nothing, 0),
                                      SHIKAKE_METHOD("focus", do_nothing, 0),
                                      SHIKAKE_METHOD("blur", do_nothing, 0),
                                      SHIKAKE_METHOD("replace", go_to, 1),
                                      SHIKAKE_METHOD("assign", go_to, 1),
                                      SHIKAKE_METHOD("write", do_nothing, 1),
                                      SHIKAKE_METHOD("open", do_nothing, 0),
                                      JS_FS_END};

}  // namespace

const Interface& remote_window_interface() {
  static const Interface interface = {.name = "(remote window)", .parent = "", .methods = methods};
  return interface;
}

JSObject* remote_window(JSContext* cx, Window& window, Relative whose, uint32_t child) {
  std::string key = "remote " + std::to_string(static_cast<int>(whose)) + " " + std::to_string(child);
  return singleton(cx, window, key, [&] {
    return wrap_exotic(cx, *new RemoteWindow(window, whose, child, ""), "(remote window)");
  });
}

JSObject* opened_window(JSContext* cx, Window& window, std::string_view name) {
  return wrap_exotic(cx, *new RemoteWindow(window, Relative::itself, 0, name.empty() ? "_blank" : name),
                     "(remote window)");
}

}  // namespace shikake::honeyclient::low::page
