// XDomainRequest: how Internet Explorer 8 to 10 asked other origins, without cookies and headers of the page's own.
// https://learn.microsoft.com/en-us/previous-versions/windows/internet-explorer/ie-developer/platform-apis/cc288060(v=vs.85)
#include "honeyclient/low/page/decode.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

class CrossRequest final : public Native {
 public:
  static constexpr Kind native_kind = Kind::cross_request;
  explicit CrossRequest(Window& the_window) : Native(the_window, native_kind) {}

  std::string method;
  std::optional<url::Url> url;
  uint32_t generation = 0;  // an answer to what was aborted, or opened anew, is dropped
  Loaded answer;
  double timeout = 0;
};

void finish(CrossRequest& request, const Loaded& answer) {
  // Any other status is an error here.
  request.answer = answer.ok && answer.status == 200 ? answer : Loaded{};
  fire(*request.window, request, request.answer.ok ? u"load" : u"error");
  request.window->loader->flush();
}

std::string content_type(const CrossRequest& request) {
  for (const Header& header : request.answer.headers)
    if (equals_ignoring_case(wide(header.name), u"content-type")) return header.value;
  return {};
}

void construct(Call& call) {
  call.give(wrap_native(call.cx, *new CrossRequest(call.window), "XDomainRequest"));
}
void open(Call& call) {
  CrossRequest& self = call.self<CrossRequest>();
  auto url = self.window->resolve(trim(call.text(1)));
  const bool allowed = url && url->scheme() == self.window->url.scheme();
  self.method = utf8(upper(call.text(0)));
  if (!allowed || (self.method != "GET" && self.method != "POST")) call.type_error("Access is denied.");
  self.url = std::move(*url);
  ++self.generation;
  call.give();
}
void send(Call& call) {
  CrossRequest& self = call.self<CrossRequest>();
  if (!self.url) call.type_error("Unspecified error.");
  Asked asked = self.window->asked(intel::Mechanism::xhr, *self.url);
  asked.method = self.method;
  asked.origin = call.page.positions.origin_here();
  asked.mode = RequestMode::cors;
  asked.credentials = Credentials::omit;
  if (self.method == "POST") asked.body = utf8(call.text_or(0, u""));
  call.page.fetch(std::move(asked), [&self, generation = self.generation](const Loaded& answer) {
    if (self.generation == generation) finish(self, answer);
  });
  call.give();
}
void abort(Call& call) {
  ++call.self<CrossRequest>().generation;
  call.give();
}
void get_text(Call& call) {
  const CrossRequest& self = call.self<CrossRequest>();
  call.give(std::u16string_view(decode_text(self.answer.body, content_type(self), "UTF-8")));
}
void get_type(Call& call) {
  call.give(std::string_view(content_type(call.self<CrossRequest>())));
}
void get_timeout(Call& call) {
  call.give(call.self<CrossRequest>().timeout);
}
void set_timeout(Call& call) {
  call.self<CrossRequest>().timeout = call.number(0), call.give();
}

constexpr JSFunctionSpec methods[] = {SHIKAKE_METHOD("open", open, 2), SHIKAKE_METHOD("send", send, 1),
                                      SHIKAKE_METHOD("abort", abort, 0), JS_FS_END};
constexpr JSPropertySpec properties[] = {SHIKAKE_GETTER("responseText", get_text),
                                         SHIKAKE_GETTER("contentType", get_type),
                                         SHIKAKE_PROPERTY("timeout", get_timeout, set_timeout), JS_PS_END};
constexpr const char* handlers[] = {"onload", "onerror", "onprogress", "ontimeout"};
constexpr Interface table[] = {{.name = "XDomainRequest",
                                .parent = "",
                                .methods = methods,
                                .properties = properties,
                                .construct = native<construct>,
                                .handlers = handlers,
                                .engines = on_trident}};

}  // namespace

std::span<const Interface> cross_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
