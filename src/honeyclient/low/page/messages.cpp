#include "honeyclient/low/page/messages.h"

#include <js/JSON.h>

#include "honeyclient/low/page/clone.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/post_message.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

bool append_json(const char16_t* text, uint32_t length, void* to) {
  static_cast<std::u16string*>(to)->append(text, length);
  return true;
}

std::u16string to_json(JSContext* cx, JS::HandleValue value) {
  JS::RootedValue copy(cx, value);
  std::u16string text;
  must(JS_Stringify(cx, &copy, nullptr, JS::NullHandleValue, append_json, &text));
  return text;
}

// What another process says: plain data.
JS::Value from_json(JSContext* cx, std::u16string_view text) {
  JS::RootedValue value(cx);
  must(JS_ParseJSON(cx, text.data(), static_cast<uint32_t>(text.size()), &value));
  return value;
}

using Data = std::function<JS::Value(JSContext*)>;

void deliver(Window& receiver, Native& target, const Data& read, std::string_view origin,
             JSObject* source_object) {
  Page& page = receiver.page;
  JS::RootedObject source(page.cx, source_object);
  page.run_script(receiver, [&] {
    JSContext* cx = page.cx;
    JS::RootedValue data(cx, read(cx));
    Event& event = make_event(cx, receiver, u"message", "MessageEvent");
    set_event_field(cx, event, "data", data);
    JS::RootedValue value(cx, JS::StringValue(to_string(cx, wide(origin))));
    set_event_field(cx, event, "origin", value);
    value.setObjectOrNull(source);
    set_event_field(cx, event, "source", value);
    JS::RootedObject ports(cx, must(JS::NewArrayObject(cx, 0)));
    value.setObject(*ports);
    set_event_field(cx, event, "ports", value);
    dispatch(cx, target, event);
  });
}

std::string target_origin(Call& call) {
  if (!call.given(1)) return "*";
  if (!call.at(1).isObject()) return call.text8(1);
  JS::RootedObject options(call.cx, call.object(1));
  JS::RootedValue value(call.cx);
  must(JS_GetProperty(call.cx, options, "targetOrigin", &value));
  return value.isUndefined() ? "*" : utf8(to_text(call.cx, value));
}

bool origin_matches(const std::string& wanted, const Window& receiver) {
  if (wanted == "*" || wanted == "/") return true;
  auto url = url::Url::parse(wanted);
  return url && url->origin() == receiver.origin();
}

}  // namespace

void post_to(Call& call, Window& sender, Window& receiver) {
  std::string wanted = target_origin(call);
  if (!origin_matches(wanted, receiver)) return;
  call.page.post([&receiver, &sender, data = Clone::of(call.cx, call.at(0)), origin = sender.origin()] {
    if (!receiver.gone) deliver_copy(receiver, receiver, data, origin, sender.global());
  });
}

void deliver_copy(Window& realm, Native& target, const std::shared_ptr<Clone>& data, std::string_view origin,
                  JSObject* source) {
  deliver(
      realm, target, [&](JSContext* cx) { return data->read(cx); }, origin, source);
  realm.loader->flush();
}

void send_message(Call& call, Window& sender, Relative whose, uint32_t child) {
  PostMessage message;
  message.window = sender.id;
  message.whose = whose;
  message.child = child;
  message.origin = sender.origin();
  message.target_origin = target_origin(call);
  message.data = utf8(to_json(call.cx, call.at(0)));
  call.page.tell(FromPage::post_message, message);
}

void deliver_message(Page& page, const PostMessage& message) {
  Window* receiver = page.window(message.window);
  if (!receiver || !origin_matches(message.target_origin, *receiver)) return;
  JS::RootedObject source(page.cx);
  page.run_script(*receiver, [&] {
    source = message.whose == Relative::child
                 ? remote_window(page.cx, *receiver, Relative::child, message.child)
                 : remote_window(page.cx, *receiver, message.whose);
  });
  deliver(
      *receiver, *receiver, [&](JSContext* cx) { return from_json(cx, wide(message.data)); }, message.origin,
      source);
}

void frame_went_elsewhere(Page& page, uint32_t window, bool failed) {
  page.navigation_ended();
  for (Window* parent : page.windows())
    for (Window::Child& child : parent->children) {
      if (child.id != window) continue;
      // What came was no document (a download, a refusal): the frame shows what it showed.
      bool keeps = failed && child.window;
      if (child.window && !keeps) child.window->leave();
      if (!keeps) child.window = nullptr;
      child.elsewhere = !keeps;
      if (child.element) parent->loader->frame_done(*child.element);
      return;
    }
}

}  // namespace shikake::honeyclient::low::page
