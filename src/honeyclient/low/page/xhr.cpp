// XMLHttpRequest. https://xhr.spec.whatwg.org/
#include <js/ArrayBuffer.h>
#include <js/JSON.h>

#include <algorithm>

#include "base/ascii.h"
#include "honeyclient/low/page/body.h"
#include "honeyclient/low/page/decode.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

class Request final : public Native {
 public:
  static constexpr Kind native_kind = Kind::xhr;
  explicit Request(Window& the_window, bool of_a_component = false)
      : Native(the_window, native_kind), component(of_a_component) {}

  const bool component;  // whatever it asks for it may read: attacks make it where no page's rules hold
  std::string method = "GET";
  std::optional<url::Url> url;
  std::vector<Header> headers;
  bool async = true, sent = false, aborted = false;
  uint32_t generation = 0;  // an answer to an earlier open() is dropped
  int32_t state = 0;
  std::u16string response_type;
  Loaded answer;
  double timeout = 0;
  bool with_credentials = false;
};

std::string header_of(const Loaded& answer, std::string_view name) {
  std::string all;
  for (const Header& header : answer.headers)
    if (equals_ignoring_case(wide(header.name), wide(name))) all += (all.empty() ? "" : ", ") + header.value;
  return all;
}

void set_state(Request& request, int32_t state) {
  request.state = state;
  fire(*request.window, request, u"readystatechange");
}

void finish(Request& request, const Loaded& answer) {
  request.answer = answer;
  request.sent = false;
  if (answer.ok) {
    set_state(request, 2);
    set_state(request, 3);
  }
  set_state(request, 4);
  fire(*request.window, request, answer.ok ? u"load" : u"error", false, false, "ProgressEvent");
  fire(*request.window, request, u"loadend", false, false, "ProgressEvent");
  request.window->loader->flush();
}

void construct(Call& call) {
  call.give(wrap_native(call.cx, *new Request(call.window), "XMLHttpRequest"));
}

void open(Call& call) {
  Request& self = call.self<Request>();
  self.method = utf8(upper(call.text(0)));
  auto url = self.window->resolve(trim(call.text(1)));
  if (!url) call.dom_error("SyntaxError", "Failed to execute 'open': Invalid URL");
  // Internet Explorer's knew other origins since version 10.
  const Persona& persona = call.page.persona();
  const bool home_alone = persona.engine == Engine::trident && persona.version < 10 && !self.component;
  if (home_alone && url->origin() != self.window->origin()) call.type_error("Access is denied.");
  self.url = std::move(*url);
  self.async = !call.given(2) || call.flag(2);
  self.headers.clear();
  self.answer = {};
  self.sent = self.aborted = false;
  ++self.generation;
  call.give();
  set_state(self, 1);
}

void set_request_header(Call& call) {
  Request& self = call.self<Request>();
  if (self.state != 1) call.dom_error("InvalidStateError", "The object's state must be OPENED.");
  self.headers.push_back({call.text8(0), call.text8(1)});
  call.give();
}

void send(Call& call) {
  Request& self = call.self<Request>();
  if (self.state != 1 || self.sent) call.dom_error("InvalidStateError", "The object's state must be OPENED.");
  call.give();
  Asked asked = self.window->asked(intel::Mechanism::xhr, *self.url);
  asked.method = self.method;
  asked.headers = self.headers;
  asked.origin = call.page.positions.origin_here();
  if (!self.component) {
    asked.mode = RequestMode::cors;
    asked.credentials = self.with_credentials ? Credentials::include : Credentials::same_origin;
  }
  std::string type;
  if (self.method != "GET" && self.method != "HEAD" && !call.is_null(0))
    asked.body = body_of(call, call.at(0), type);
  const bool typed = std::ranges::any_of(asked.headers, [](const Header& header) {
    return base::equal_ignoring_case(header.name, "content-type");
  });
  if (!type.empty() && !typed) asked.headers.push_back({"Content-Type", type});
  self.sent = true;
  // What the page holds itself can be had too (data: and blob:).
  if (!self.url->is_http() && self.url->scheme() != "data" && self.url->scheme() != "blob") {
    call.page.post([&self] { finish(self, Loaded{}); });
    return;
  }
  if (!self.async) {
    self.answer = call.page.fetch_now(std::move(asked));
    self.sent = false;
    self.state = 4;
    if (!self.answer.ok) call.dom_error("NetworkError", "Failed to load.");
    fire(*self.window, self, u"readystatechange");
    fire(*self.window, self, u"load", false, false, "ProgressEvent");
    return;
  }
  call.page.fetch(std::move(asked), [&self, generation = self.generation](const Loaded& answer) {
    if (self.generation == generation && !self.aborted) finish(self, answer);
  });
}

void abort(Call& call) {
  Request& self = call.self<Request>();
  self.aborted = true;
  self.state = 0;
  call.give();
}

void get_state(Call& call) {
  call.give(call.self<Request>().state);
}
void get_status(Call& call) {
  Request& self = call.self<Request>();
  call.give(self.state >= 2 ? self.answer.status : 0u);
}
void get_status_text(Call& call) {
  call.give(std::string_view(call.self<Request>().answer.status_text));
}
void get_response_url(Call& call) {
  call.give(std::string_view(call.self<Request>().answer.url));
}

std::u16string text_of(const Request& request) {
  if (request.state < 3) return {};
  return decode_text(request.answer.body, header_of(request.answer, "content-type"), "UTF-8");
}

void get_text(Call& call) {
  call.give(std::u16string_view(text_of(call.self<Request>())));
}
void get_response(Call& call) {
  Request& self = call.self<Request>();
  if (self.response_type.empty() || self.response_type == u"text") return get_text(call);
  if (self.state != 4 || !self.answer.ok) return call.give_null();
  if (self.response_type == u"json") {
    std::u16string text = text_of(self);
    JS::RootedValue value(call.cx);
    if (!JS_ParseJSON(call.cx, text.data(), static_cast<uint32_t>(text.size()), &value)) {
      JS_ClearPendingException(call.cx);
      return call.give_null();
    }
    return call.give(JS::HandleValue(value));
  }
  if (self.response_type == u"arraybuffer") return call.give(array_buffer(call.cx, self.answer.body));
  if (self.response_type == u"blob")
    return call.give(
        make_blob(call.cx, call.window, self.answer.body, header_of(self.answer, "content-type")));
  call.page.unemulated("XMLHttpRequest.responseType " + utf8(self.response_type));
  call.give_null();
}
void get_xml(Call& call) {
  call.give_null();
}
void get_header(Call& call) {
  Request& self = call.self<Request>();
  std::string value = header_of(self.answer, call.text8(0));
  if (value.empty()) return call.give_null();
  call.give(std::string_view(value));
}
void get_headers(Call& call) {
  std::string all;
  for (const Header& header : call.self<Request>().answer.headers)
    all += utf8(lower(wide(header.name))) + ": " + header.value + "\r\n";
  call.give(std::string_view(all));
}
void get_type(Call& call) {
  call.give(std::u16string_view(call.self<Request>().response_type));
}
void set_type(Call& call) {
  call.self<Request>().response_type = call.text(0), call.give();
}
void get_timeout(Call& call) {
  call.give(call.self<Request>().timeout);
}
void set_timeout(Call& call) {
  call.self<Request>().timeout = call.number(0), call.give();
}
void get_credentials(Call& call) {
  call.give(call.self<Request>().with_credentials);
}
void set_credentials(Call& call) {
  call.self<Request>().with_credentials = call.flag(0), call.give();
}
void do_nothing(Call& call) {
  call.give();
}
void get_upload(Call& call) {
  call.give(singleton(call.cx, call.window, "upload", [&] { return JS_NewPlainObject(call.cx); }));
}

constexpr JSFunctionSpec methods[] = {SHIKAKE_METHOD("open", open, 2),
                                      SHIKAKE_METHOD("send", send, 0),
                                      SHIKAKE_METHOD("abort", abort, 0),
                                      SHIKAKE_METHOD("setRequestHeader", set_request_header, 2),
                                      SHIKAKE_METHOD("getResponseHeader", get_header, 1),
                                      SHIKAKE_METHOD("getAllResponseHeaders", get_headers, 0),
                                      SHIKAKE_METHOD("overrideMimeType", do_nothing, 1),
                                      JS_FS_END};
constexpr JSPropertySpec properties[] = {
    SHIKAKE_GETTER("readyState", get_state),
    SHIKAKE_GETTER("status", get_status),
    SHIKAKE_GETTER("statusText", get_status_text),
    SHIKAKE_GETTER("responseURL", get_response_url),
    SHIKAKE_GETTER("responseText", get_text),
    SHIKAKE_GETTER("response", get_response),
    SHIKAKE_GETTER("responseXML", get_xml),
    SHIKAKE_PROPERTY("responseType", get_type, set_type),
    SHIKAKE_PROPERTY("timeout", get_timeout, set_timeout),
    SHIKAKE_GETTER("upload", get_upload),
    SHIKAKE_PROPERTY("withCredentials", get_credentials, set_credentials),
    JS_PS_END};
constexpr Constant constants[] = {
    {"UNSENT", 0}, {"OPENED", 1}, {"HEADERS_RECEIVED", 2}, {"LOADING", 3}, {"DONE", 4}};
constexpr const char* handlers[] = {"onreadystatechange", "onload",      "onerror",    "onabort",
                                    "onloadend",          "onloadstart", "onprogress", "ontimeout"};
constexpr Interface table[] = {{.name = "XMLHttpRequest",
                                .parent = "EventTarget",
                                .methods = methods,
                                .properties = properties,
                                .constants = constants,
                                .construct = native<construct>,
                                .handlers = handlers},
                               // A component's: out of the page's reach.
                               {.name = "(request)",
                                .parent = "",
                                .methods = methods,
                                .properties = properties,
                                .constants = constants,
                                .handlers = handlers}};

}  // namespace

JSObject* make_request(JSContext* cx, Window& window) {
  JS::RootedObject members(cx, request_members(cx, window));
  must(JS_FreezeObject(cx, members));
  return wrap_native(cx, *new Request(window, true), "(request)");
}

JSObject* request_members(JSContext* cx, Window& window) {
  return must(interface_prototype(cx, window, "(request)"));
}

std::string_view request_member(std::u16string_view name) {
  auto same = [wanted = utf8(name)](std::string_view one) { return base::equal_ignoring_case(one, wanted); };
  for (const JSFunctionSpec& row : methods)
    if (row.name && same(row.name.string())) return row.name.string();
  for (const JSPropertySpec& row : properties)
    if (row.name && same(row.name.string())) return row.name.string();
  for (const Constant& row : constants)
    if (same(row.name)) return row.name;
  for (const char* row : handlers)
    if (same(row)) return row;
  return {};
}

std::string request_body(JSObject* object) {
  Native* native = native_of(object);
  return native && native->kind == Kind::xhr ? static_cast<Request*>(native)->answer.body : std::string();
}

std::span<const Interface> request_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
