// WebSocket. https://websockets.spec.whatwg.org/ Where one leads is told; nobody answers there, so that what it
// would have brought is missing, and said to be.
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

class Socket final : public Native {
 public:
  static constexpr Kind native_kind = Kind::socket;
  Socket(Window& the_window, std::string the_url)
      : Native(the_window, native_kind), url(std::move(the_url)) {}
  const std::string url;
  int32_t state = 0;
  std::u16string binary_type = u"blob";
};

constexpr int32_t closing = 2, closed = 3;

void fail(Socket& socket) {
  socket.state = closed;
  fire(*socket.window, socket, u"error");
  fire(*socket.window, socket, u"close", false, false, "CloseEvent");
  socket.window->loader->flush();
}

void construct(Call& call) {
  auto url = call.window.resolve(trim(call.text(0)));
  if (url && url->scheme() == "http") url->set_protocol("ws");
  if (url && url->scheme() == "https") url->set_protocol("wss");
  if (!url || (url->scheme() != "ws" && url->scheme() != "wss") || url->fragment())
    call.dom_error("SyntaxError", "Failed to construct 'WebSocket': The URL is invalid.");
  auto* socket = new Socket(call.window, url->href());
  call.page.unemulated("WebSocket", true);
  Asked asked = call.window.asked(intel::Mechanism::websocket, *url);
  asked.origin = call.page.positions.origin_here();
  call.page.fetch(std::move(asked), [socket](const Loaded&) { fail(*socket); });
  call.give(wrap_native(call.cx, *socket, "WebSocket"));
}
void send(Call& call) {
  if (call.self<Socket>().state == 0)
    call.dom_error("InvalidStateError", "Failed to execute 'send' on 'WebSocket': Still in CONNECTING state.");
  call.give();
}
void close(Call& call) {
  Socket& self = call.self<Socket>();
  if (self.state < closing) self.state = closing;
  call.give();
}
void get_url(Call& call) {
  call.give(std::string_view(call.self<Socket>().url));
}
void get_state(Call& call) {
  call.give(call.self<Socket>().state);
}
void get_nothing(Call& call) {
  call.give(std::u16string_view());
}
void get_amount(Call& call) {
  call.give(int32_t{0});
}
void get_type(Call& call) {
  call.give(std::u16string_view(call.self<Socket>().binary_type));
}
void set_type(Call& call) {
  const std::u16string type = call.text(0);
  if (type == u"blob" || type == u"arraybuffer") call.self<Socket>().binary_type = type;
  call.give();
}

constexpr JSFunctionSpec methods[] = {SHIKAKE_METHOD("send", send, 1), SHIKAKE_METHOD("close", close, 0),
                                      JS_FS_END};
constexpr JSPropertySpec properties[] = {SHIKAKE_GETTER("url", get_url),
                                         SHIKAKE_GETTER("readyState", get_state),
                                         SHIKAKE_GETTER("bufferedAmount", get_amount),
                                         SHIKAKE_GETTER("extensions", get_nothing),
                                         SHIKAKE_GETTER("protocol", get_nothing),
                                         SHIKAKE_PROPERTY("binaryType", get_type, set_type),
                                         JS_PS_END};
constexpr Constant constants[] = {{"CONNECTING", 0}, {"OPEN", 1}, {"CLOSING", closing}, {"CLOSED", closed}};
constexpr const char* handlers[] = {"onopen", "onerror", "onclose", "onmessage"};
constexpr Interface table[] = {{.name = "WebSocket",
                                .parent = "EventTarget",
                                .methods = methods,
                                .properties = properties,
                                .constants = constants,
                                .construct = native<construct>,
                                .construct_arguments = 1,
                                .handlers = handlers}};

}  // namespace

std::span<const Interface> socket_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
