// MessageChannel and MessagePort. https://html.spec.whatwg.org/#message-ports
#include "honeyclient/low/page/clone.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/messages.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/worker_scope.h"

namespace shikake::honeyclient::low::page {

namespace {

class Port final : public Native {
 public:
  static constexpr Kind native_kind = Kind::port;
  explicit Port(Window& the_window) : Native(the_window, native_kind) {}
  Port* other = nullptr;
  bool started = false, closed = false;
  std::vector<std::shared_ptr<Clone>> waiting;
};

void deliver_to(Port& port, const std::shared_ptr<Clone>& message) {
  if (port.closed) return;
  if (!port.started) return port.waiting.push_back(message);
  port.window->page.post([&port, message] {
    if (!port.closed && !port.window->gone) deliver_copy(*port.window, port, message, {}, nullptr);
  });
}
void start_port(Port& port) {
  port.started = true;
  for (const std::shared_ptr<Clone>& message : std::exchange(port.waiting, {})) deliver_to(port, message);
}

void post_message(Call& call) {
  Port& self = call.self<Port>();
  call.page.worker_time.acted();
  if (self.other) deliver_to(*self.other, Clone::of(call.cx, call.at(0)));
  call.give();
}
void start(Call& call) {
  start_port(call.self<Port>());
  call.give();
}
void close(Call& call) {
  call.self<Port>().closed = true;
  call.give();
}
void get_handler(Call& call) {
  JS::RootedValue value(call.cx, handler_value(call.cx, call.self<Port>(), u"message"));
  call.give(JS::HandleValue(value));
}
// Setting it starts the port; a listener alone does not.
void set_message_handler(Call& call) {
  Port& self = call.self<Port>();
  set_handler(self, u"message", call.at(0));
  start_port(self);
  call.give();
}

void construct_channel(Call& call) {
  auto [first, second] = make_ports(call.cx, call.window, call.window);
  JS::RootedObject channel(call.cx, must(JS_NewPlainObject(call.cx)));
  JS::RootedObject one(call.cx, first->wrapper), other(call.cx, second->wrapper);
  must(JS_DefineProperty(call.cx, channel, "port1", one, JSPROP_ENUMERATE));
  must(JS_DefineProperty(call.cx, channel, "port2", other, JSPROP_ENUMERATE));
  call.give(channel);
}

constexpr JSFunctionSpec port_methods[] = {SHIKAKE_METHOD("postMessage", post_message, 1),
                                           SHIKAKE_METHOD("start", start, 0),
                                           SHIKAKE_METHOD("close", close, 0), JS_FS_END};
constexpr JSPropertySpec port_properties[] = {SHIKAKE_PROPERTY("onmessage", get_handler, set_message_handler),
                                              JS_PS_END};
constexpr const char* port_handlers[] = {"onmessageerror"};
constexpr Interface table[] = {
    {.name = "MessagePort",
     .parent = "EventTarget",
     .methods = port_methods,
     .properties = port_properties,
     .handlers = port_handlers},
    {.name = "MessageChannel", .parent = "", .construct = native<construct_channel>}};

}  // namespace

std::pair<Native*, Native*> make_ports(JSContext* cx, Window& first, Window& second) {
  auto *one = new Port(first), *other = new Port(second);
  one->other = other;
  other->other = one;
  wrap_native(cx, *one, "MessagePort");
  wrap_native(cx, *other, "MessagePort");
  return {one, other};
}

void post_copy(Call& call, Window& receiver, Native& target) {
  call.page.worker_time.acted();
  std::shared_ptr<Clone> message = Clone::of(call.cx, call.at(0));
  auto send = [&receiver, &target, message] {
    receiver.page.post([&receiver, &target, message] {
      if (!receiver.gone) deliver_copy(receiver, target, message, {}, nullptr);
    });
  };
  if (receiver.scope && !receiver.scope->started)
    receiver.scope->waiting.push_back(send);
  else
    send();
  call.give();
}

std::span<const Interface> port_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
