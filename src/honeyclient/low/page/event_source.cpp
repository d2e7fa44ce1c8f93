// EventSource: https://html.spec.whatwg.org/#server-sent-events. The stream is fetched once, as far as it comes;
// what it brought is handed out, and then the connection is gone for good.
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

class Stream final : public Native {
 public:
  static constexpr Kind native_kind = Kind::event_source;
  Stream(Window& the_window, std::string the_url) : Native(the_window, native_kind), url(std::move(the_url)) {}
  const std::string url;
  bool with_credentials = false;
  int32_t state = 0;
};

constexpr int32_t open_state = 1, closed = 2;

struct Message {
  std::u16string type, data, id;
};

// https://html.spec.whatwg.org/#event-stream-interpretation
std::vector<Message> messages_of(std::u16string_view text) {
  std::vector<Message> all;
  Message next;
  std::u16string id;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(u"\r\n"), text.size());
    const std::u16string_view line = text.substr(0, end);
    const bool both = text.substr(end).starts_with(u"\r\n");
    text.remove_prefix(std::min(text.size(), end + (both ? 2 : 1)));
    if (line.empty()) {
      if (!next.data.empty()) {
        next.data.pop_back();
        next.id = id;
        all.push_back(std::move(next));
      }
      next = {};
      continue;
    }
    const size_t colon = std::min(line.find(u':'), line.size());
    const std::u16string_view field = line.substr(0, colon);
    std::u16string_view value = line.substr(std::min(line.size(), colon + 1));
    if (value.starts_with(u' ')) value.remove_prefix(1);
    if (field == u"event") next.type = value;
    if (field == u"data") next.data.append(value).push_back(u'\n');
    if (field == u"id") id = value;
  }
  return all;
}

bool is_event_stream(const Loaded& answer) {
  if (!answer.ok || answer.status != 200) return false;
  for (const Header& header : answer.headers)
    if (equals_ignoring_case(wide(header.name), u"content-type"))
      return lower(wide(header.value)).starts_with(u"text/event-stream");
  return false;
}

void hand_out(Stream& stream, const Message& message) {
  Window& window = *stream.window;
  window.page.run_script(window, [&] {
    JSContext* cx = window.page.cx;
    Event& event =
        make_event(cx, window, message.type.empty() ? u"message" : message.type, "MessageEvent");
    JS::RootedValue value(cx, JS::StringValue(to_string(cx, message.data)));
    set_event_field(cx, event, "data", value);
    value.setString(to_string(cx, message.id));
    set_event_field(cx, event, "lastEventId", value);
    value.setString(to_string(cx, wide(window.origin())));
    set_event_field(cx, event, "origin", value);
    dispatch(cx, stream, event);
  });
}

void arrived(Stream& stream, const Loaded& answer) {
  Window& window = *stream.window;
  if (stream.state == closed || window.gone) return;
  if (is_event_stream(answer)) {
    stream.state = open_state;
    fire(window, stream, u"open");
    for (const Message& message : messages_of(wide(answer.body)))
      if (stream.state != closed) hand_out(stream, message);
  }
  if (stream.state == closed) return;
  stream.state = closed;
  fire(window, stream, u"error");
  window.loader->flush();
}

void construct(Call& call) {
  auto url = call.window.resolve(trim(call.text(0)));
  if (!url) call.dom_error("SyntaxError", "Failed to construct 'EventSource': The URL is invalid.");
  auto* stream = new Stream(call.window, url->href());
  if (call.object(1)) {
    JS::RootedObject options(call.cx, call.object(1));
    JS::RootedValue value(call.cx);
    must(JS_GetProperty(call.cx, options, "withCredentials", &value));
    stream->with_credentials = JS::ToBoolean(value);
  }
  Asked asked = call.window.asked(intel::Mechanism::fetch, *url);
  asked.origin = call.page.positions.origin_here();
  asked.headers.push_back({"Accept", "text/event-stream"});
  asked.mode = RequestMode::cors;
  asked.credentials = stream->with_credentials ? Credentials::include : Credentials::same_origin;
  call.page.unemulated("EventSource", true);  // beyond its first connection
  call.page.fetch(std::move(asked), [stream](const Loaded& answer) { arrived(*stream, answer); });
  call.give(wrap_native(call.cx, *stream, "EventSource"));
}
void close(Call& call) {
  call.self<Stream>().state = closed;
  call.give();
}
void get_url(Call& call) {
  call.give(std::string_view(call.self<Stream>().url));
}
void get_state(Call& call) {
  call.give(call.self<Stream>().state);
}
void get_credentials(Call& call) {
  call.give(call.self<Stream>().with_credentials);
}

constexpr JSFunctionSpec methods[] = {SHIKAKE_METHOD("close", close, 0), JS_FS_END};
constexpr JSPropertySpec properties[] = {SHIKAKE_GETTER("url", get_url),
                                         SHIKAKE_GETTER("withCredentials", get_credentials),
                                         SHIKAKE_GETTER("readyState", get_state), JS_PS_END};
constexpr Constant constants[] = {{"CONNECTING", 0}, {"OPEN", open_state}, {"CLOSED", closed}};
constexpr const char* handlers[] = {"onopen", "onmessage", "onerror"};
constexpr Interface table[] = {{.name = "EventSource",
                                .parent = "EventTarget",
                                .methods = methods,
                                .properties = properties,
                                .constants = constants,
                                .construct = native<construct>,
                                .construct_arguments = 1,
                                .handlers = handlers,
                                .engines = on_gecko | on_blink | on_webkit}};

}  // namespace

std::span<const Interface> stream_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
