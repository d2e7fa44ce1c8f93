// fetch(), Headers, Response, Request. https://fetch.spec.whatwg.org/#fetch-api
#include <js/JSON.h>

#include "honeyclient/low/page/abort.h"
#include "honeyclient/low/page/body.h"
#include "honeyclient/low/page/small_interfaces.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/promise.h"
#include "honeyclient/low/page/streams.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

class Headers final : public Native {
 public:
  static constexpr Kind native_kind = Kind::headers;
  explicit Headers(Window& the_window) : Native(the_window, native_kind) {}
  std::vector<Header> list;
};

class Response final : public Native {
 public:
  static constexpr Kind native_kind = Kind::response;
  Response(Window& the_window, Loaded the_answer, std::string_view the_type)
      : Native(the_window, native_kind), answer(std::move(the_answer)), type(the_type) {}
  void trace(JSTracer* tracer) override {
    Native::trace(tracer);
    JS::TraceEdge(tracer, &body, "body");
  }
  const Loaded answer;
  const std::string_view type;  // https://fetch.spec.whatwg.org/#responsetype
  JS::Heap<JSObject*> body;     // the stream, once somebody asked for it
  bool used = false, has_body = true;
};

std::string_view type_of(const Loaded& answer) {
  if (answer.type == ResponseType::opaque) return "opaque";
  return answer.type == ResponseType::cors ? "cors" : "basic";
}

class Request final : public Native {
 public:
  static constexpr Kind native_kind = Kind::request;
  Request(Window& the_window, Asked what, Signal* the_signal)
      : Native(the_window, native_kind), asked(std::move(what)), signal(the_signal) {}
  const Asked asked;
  Signal* const signal;  // nullptr: none was given
  JS::Heap<JSObject*> own_signal;
  void trace(JSTracer* tracer) override {
    Native::trace(tracer);
    JS::TraceEdge(tracer, &own_signal, "signal");
  }
};

// A plain object's own properties, or another Headers.
std::vector<Header> header_list(Call& call, JS::HandleValue value) {
  if (!value.isObject()) return {};
  if (const Headers* headers = native_as<Headers>(value)) return headers->list;
  JS::RootedObject object(call.cx, &value.toObject());
  JS::RootedIdVector keys(call.cx);
  must(js::GetPropertyKeys(call.cx, object, JSITER_OWNONLY, &keys));
  std::vector<Header> list;
  for (size_t i = 0; i < keys.length(); ++i) {
    JS::RootedId key(call.cx, keys[i]);
    JS::RootedValue field(call.cx);
    must(JS_GetPropertyById(call.cx, object, key, &field));
    if (key.isString())
      list.push_back({utf8(to_text(call.cx, key.toString())), utf8(to_text(call.cx, field))});
  }
  return list;
}

Header* find(std::vector<Header>& list, const std::string& name) {
  for (Header& header : list)
    if (equals_ignoring_case(wide(header.name), wide(name))) return &header;
  return nullptr;
}

void construct_headers(Call& call) {
  auto* headers = new Headers(call.window);
  headers->list = header_list(call, call.at(0));
  call.give(wrap_native(call.cx, *headers, "Headers"));
}
void get_header(Call& call) {
  Header* found = find(call.self<Headers>().list, call.text8(0));
  if (!found) return call.give_null();
  call.give(std::string_view(found->value));
}
void has_header(Call& call) {
  call.give(find(call.self<Headers>().list, call.text8(0)) != nullptr);
}
void set_header(Call& call) {
  Headers& self = call.self<Headers>();
  std::string name = call.text8(0), value = call.text8(1);
  if (Header* found = find(self.list, name))
    found->value = value;
  else
    self.list.push_back({name, value});
  call.give();
}

void get_ok(Call& call) {
  uint32_t status = call.self<Response>().answer.status;
  call.give(status >= 200 && status < 300);
}
void get_status(Call& call) {
  call.give(call.self<Response>().answer.status);
}
void get_status_text(Call& call) {
  call.give(std::string_view(call.self<Response>().answer.status_text));
}
void get_url(Call& call) {
  call.give(std::string_view(call.self<Response>().answer.url));
}
void get_type(Call& call) {
  call.give(call.self<Response>().type);
}
void get_headers(Call& call) {
  auto* headers = new Headers(call.window);
  headers->list = call.self<Response>().answer.headers;
  call.give(wrap_native(call.cx, *headers, "Headers"));
}
// --- bodies: https://fetch.spec.whatwg.org/#body-mixin

void make_text(JSContext* cx, JS::MutableHandleValue value, const std::string& bytes) {
  value.setString(to_string(cx, wide(bytes)));
}
void make_json(JSContext* cx, JS::MutableHandleValue value, const std::string& bytes) {
  const std::u16string text = wide(bytes);
  must(JS_ParseJSON(cx, text.data(), static_cast<uint32_t>(text.size()), value));
}
void make_buffer(JSContext* cx, JS::MutableHandleValue value, const std::string& bytes) {
  value.setObject(*array_buffer(cx, bytes));
}

// What a body is read as, once it is there to its end.
template <class Make>
void read_body(Call& call, Make make) {
  Response& self = call.self<Response>();
  Readable* stream = self.body ? static_cast<Readable*>(native_of(self.body)) : nullptr;
  if (self.used || (stream && stream->reader))
    return call.give(rejected_with_type_error(call.cx, "Body has already been consumed."));
  self.used = true;
  JS::RootedObject promise(call.cx, must(JS::NewPromiseObject(call.cx, nullptr)));
  call.give(promise);
  auto kept = std::make_shared<JS::PersistentRootedObject>(call.cx, promise);
  auto failed = [kept](JSContext* cx, JS::HandleValue why) {
    JS::RootedObject waiting(cx, *kept);
    must(JS::RejectPromise(cx, waiting, why));
  };
  auto done = [kept, make, failed](JSContext* cx, const std::string& bytes) {
    JS::RootedObject waiting(cx, *kept);
    JS::RootedValue value(cx);
    if (guarded(cx, [&] { make(cx, &value, bytes); })) {
      must(JS::ResolvePromise(cx, waiting, value));
      return;
    }
    must(JS_GetPendingException(cx, &value));
    JS_ClearPendingException(cx);
    failed(cx, value);
  };
  if (stream) return read_all(call.cx, *stream, done, failed);
  done(call.cx, self.answer.body);
}

void get_text(Call& call) {
  read_body(call, make_text);
}
void get_json(Call& call) {
  read_body(call, make_json);
}
void get_buffer(Call& call) {
  read_body(call, make_buffer);
}
void get_blob(Call& call) {
  Window& window = call.window;
  std::vector<Header> list = call.self<Response>().answer.headers;
  const Header* found = find(list, "content-type");
  read_body(call, [&window, type = found ? found->value : std::string()](JSContext* cx, JS::MutableHandleValue value,
                                                                         const std::string& bytes) {
    value.setObject(*make_blob(cx, window, bytes, type));
  });
}
void get_body(Call& call) {
  Response& self = call.self<Response>();
  if (!self.body && self.has_body) self.body = stream_of_bytes(call.cx, call.window, self.answer.body);
  call.give(self.body.get());
}
void get_body_used(Call& call) {
  call.give(call.self<Response>().used);
}
void clone(Call& call) {
  const Response& self = call.self<Response>();
  if (self.used) call.type_error("Failed to execute 'clone' on 'Response': Response body is already used");
  if (self.body) call.page.unemulated("Response.clone of a stream", true);
  call.give(wrap_native(call.cx, *new Response(call.window, self.answer, self.type), "Response"));
}

// https://fetch.spec.whatwg.org/#responseinit
void read_init(Call& call, Loaded& answer) {
  if (!call.object(1)) return;
  JS::RootedObject options(call.cx, call.object(1));
  JS::RootedValue value(call.cx);
  must(JS_GetProperty(call.cx, options, "status", &value));
  double status = 200;
  if (!value.isUndefined()) must(JS::ToNumber(call.cx, value, &status));
  if (!(status >= 200 && status <= 599)) call.type_error("The status provided is outside the range [200, 599].");
  answer.status = static_cast<uint32_t>(status);
  must(JS_GetProperty(call.cx, options, "statusText", &value));
  if (!value.isUndefined()) answer.status_text = utf8(to_text(call.cx, value));
  must(JS_GetProperty(call.cx, options, "headers", &value));
  answer.headers = header_list(call, value);
}

void construct_response(Call& call) {
  Loaded answer;
  answer.ok = true;
  answer.status = 200;
  read_init(call, answer);
  Readable* stream = native_as<Readable>(call.at(0));
  if (stream && stream->reader) call.type_error("Response body object should not be disturbed or locked");
  std::string type;
  if (!call.is_null(0) && !stream) answer.body = body_of(call, call.at(0), type);
  if (!type.empty() && !find(answer.headers, "content-type")) answer.headers.push_back({"Content-Type", type});
  auto* made = new Response(call.window, std::move(answer), "default");
  if (stream) made->body = stream->wrapper.get();
  made->has_body = !call.is_null(0);
  call.give(wrap_native(call.cx, *made, "Response"));
}

// --- what is asked for ----------------------------------------------------------------------------------

// https://fetch.spec.whatwg.org/#requestcredentials. What is meant when nothing is said: Firefox changed it with
// version 61.
Credentials usual_credentials(const Persona& persona) {
  constexpr uint32_t firefox_includes = 61;
  const bool omits = persona.engine == Engine::gecko && persona.version < firefox_includes;
  return omits ? Credentials::omit : Credentials::same_origin;
}

Credentials credentials_named(Call& call, const std::string& name) {
  if (name == "include") return Credentials::include;
  if (name == "omit") return Credentials::omit;
  if (name != "same-origin") call.type_error("The provided value is not a valid enum value of type RequestCredentials.");
  return Credentials::same_origin;
}

RequestMode mode_named(Call& call, const std::string& name) {
  if (name == "no-cors") return RequestMode::no_cors;
  if (name == "same-origin") return RequestMode::same_origin;
  if (name != "cors") call.type_error("Cannot construct a Request with that RequestInit mode.");
  return RequestMode::cors;
}

void read_options(Call& call, JS::HandleObject options, Asked& asked) {
  JS::RootedValue value(call.cx);
  auto text = [&](const char* name) -> std::optional<std::string> {
    must(JS_GetProperty(call.cx, options, name, &value));
    if (value.isUndefined()) return std::nullopt;
    return utf8(to_text(call.cx, value));
  };
  if (auto method = text("method")) asked.method = utf8(upper(wide(*method)));
  if (auto mode = text("mode")) asked.mode = mode_named(call, *mode);
  if (auto credentials = text("credentials")) asked.credentials = credentials_named(call, *credentials);
  must(JS_GetProperty(call.cx, options, "headers", &value));
  if (value.isObject()) asked.headers = header_list(call, value);
  must(JS_GetProperty(call.cx, options, "body", &value));
  std::string type;
  if (!value.isNullOrUndefined()) asked.body = body_of(call, value, type);
  if (!type.empty() && !find(asked.headers, "content-type")) asked.headers.push_back({"Content-Type", type});
}

// An address or a Request, and options: https://fetch.spec.whatwg.org/#dom-request
Asked asked_by(Call& call) {
  Window& window = call.window;
  Asked asked;
  if (const Request* request = native_as<Request>(call.at(0))) {
    asked = request->asked;
  } else {
    auto url = window.resolve(trim(call.text(0)));
    if (!url) call.type_error("Failed to parse URL");
    asked = window.asked(intel::Mechanism::fetch, *url);
    asked.mode = RequestMode::cors;
    asked.credentials = usual_credentials(call.page.persona());
  }
  asked.origin = call.page.positions.origin_here();
  if (call.object(1)) {
    JS::RootedObject options(call.cx, call.object(1));
    read_options(call, options, asked);
  }
  // https://fetch.spec.whatwg.org/#dom-request, steps 34 and 35
  const bool has_none = asked.method == "GET" || asked.method == "HEAD";
  if (has_none && !asked.body.empty() && !asked.url.starts_with("blob:"))
    call.type_error("Request with GET/HEAD method cannot have body.");
  if (asked.mode == RequestMode::no_cors && !has_none && asked.method != "POST")
    call.type_error("That method is unsupported in no-cors mode.");
  return asked;
}

// What may call it off: of the options, else of the Request.
Signal* signal_by(Call& call) {
  const Request* request = native_as<Request>(call.at(0));
  Signal* given = nullptr;
  if (call.object(1)) {
    JS::RootedObject options(call.cx, call.object(1));
    given = signal_of(call.cx, options);
  }
  return given || !request ? given : request->signal;
}

void construct_request(Call& call) {
  Asked asked = asked_by(call);
  Signal* signal = signal_by(call);
  call.give(wrap_native(call.cx, *new Request(call.window, std::move(asked), signal), "Request"));
}
// One that nobody can abort where none was given.
void get_request_signal(Call& call) {
  Request& self = call.self<Request>();
  if (self.signal) return call.give(self.signal->wrapper.get());
  if (!self.own_signal) self.own_signal = wrap_native(call.cx, *new Signal(call.window), "AbortSignal");
  call.give(self.own_signal.get());
}
void get_request_url(Call& call) {
  call.give(std::string_view(call.self<Request>().asked.url));
}
void get_method(Call& call) {
  call.give(std::string_view(call.self<Request>().asked.method));
}
void get_mode(Call& call) {
  constexpr std::string_view names[] = {"navigate", "no-cors", "same-origin", "cors"};
  call.give(names[static_cast<size_t>(call.self<Request>().asked.mode)]);
}
void get_credentials(Call& call) {
  constexpr std::string_view names[] = {"include", "same-origin", "omit"};
  call.give(names[static_cast<size_t>(call.self<Request>().asked.credentials)]);
}
void get_request_headers(Call& call) {
  auto* headers = new Headers(call.window);
  headers->list = call.self<Request>().asked.headers;
  call.give(wrap_native(call.cx, *headers, "Headers"));
}
void clone_request(Call& call) {
  const Request& self = call.self<Request>();
  call.give(wrap_native(call.cx, *new Request(call.window, self.asked, self.signal), "Request"));
}

constexpr JSFunctionSpec request_methods[] = {SHIKAKE_METHOD("clone", clone_request, 0), JS_FS_END};
constexpr JSPropertySpec request_properties[] = {
    SHIKAKE_GETTER("method", get_method), SHIKAKE_GETTER("url", get_request_url),
    SHIKAKE_GETTER("headers", get_request_headers), SHIKAKE_GETTER("mode", get_mode),
    SHIKAKE_GETTER("credentials", get_credentials), SHIKAKE_GETTER("signal", get_request_signal), JS_PS_END};

constexpr JSFunctionSpec header_methods[] = {
    SHIKAKE_METHOD("get", get_header, 1), SHIKAKE_METHOD("has", has_header, 1),
    SHIKAKE_METHOD("set", set_header, 2), SHIKAKE_METHOD("append", set_header, 2), JS_FS_END};
constexpr JSFunctionSpec response_methods[] = {SHIKAKE_METHOD("text", get_text, 0),
                                               SHIKAKE_METHOD("json", get_json, 0),
                                               SHIKAKE_METHOD("arrayBuffer", get_buffer, 0),
                                               SHIKAKE_METHOD("blob", get_blob, 0),
                                               SHIKAKE_METHOD("clone", clone, 0),
                                               JS_FS_END};
constexpr JSPropertySpec response_properties[] = {
    SHIKAKE_GETTER("ok", get_ok),           SHIKAKE_GETTER("status", get_status),
    SHIKAKE_GETTER("url", get_url),         SHIKAKE_GETTER("statusText", get_status_text),
    SHIKAKE_GETTER("headers", get_headers), SHIKAKE_GETTER("type", get_type),
    SHIKAKE_GETTER("body", get_body),       SHIKAKE_GETTER("bodyUsed", get_body_used),
    JS_PS_END};
constexpr Interface table[] = {{.name = "Headers",
                                .parent = "",
                                .methods = header_methods,
                                .construct = native<construct_headers>,
                                .engines = on_modern},
                               {.name = "Response",
                                .parent = "",
                                .methods = response_methods,
                                .properties = response_properties,
                                .construct = native<construct_response>,
                                .engines = on_modern},
                               {.name = "Request",
                                .parent = "",
                                .methods = request_methods,
                                .properties = request_properties,
                                .construct = native<construct_request>,
                                .construct_arguments = 1,
                                .engines = on_modern}};

}  // namespace

void fetch_function(Call& call) {
  Window& window = call.window;
  Page& page = call.page;
  Asked asked = asked_by(call);
  Signal* signal = signal_by(call);
  JS::RootedObject promise(call.cx, must(JS::NewPromiseObject(call.cx, nullptr)));
  call.give(promise);
  if (signal && signal->aborted) {
    JS::RootedValue reason(call.cx, signal->reason);
    must(JS::RejectPromise(call.cx, promise, reason));
    return;
  }
  auto kept = std::make_shared<JS::PersistentRootedObject>(call.cx, promise);
  // What was asked for comes all the same, and is in the record; the page has let go of it.
  if (signal)
    signal->actions.push_back([kept, signal](JSContext* cx) {
      JS::RootedObject waiting(cx, *kept);
      JS::RootedValue reason(cx, signal->reason);
      if (JS::GetPromiseState(waiting) == JS::PromiseState::Pending) must(JS::RejectPromise(cx, waiting, reason));
    });
  page.fetch(std::move(asked), [&window, &page, kept](const Loaded& answer) {
    page.run_script(window, [&] {
      JSContext* cx = page.cx;
      JS::RootedObject waiting(cx, *kept);
      if (JS::GetPromiseState(waiting) != JS::PromiseState::Pending) return;
      if (!answer.ok) return reject_with_type_error(cx, waiting, "Failed to fetch");
      JS::RootedValue value(cx, JS::ObjectValue(*wrap_native(cx, *new Response(window, answer, type_of(answer)), "Response")));
      must(JS::ResolvePromise(cx, waiting, value));
    });
    window.loader->flush();
  });
}

std::span<const Interface> fetch_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
