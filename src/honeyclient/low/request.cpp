#include "honeyclient/low/request.h"

#include <algorithm>
#include <cctype>

namespace shikake::honeyclient::low {

using intel::Mechanism;

bool is_frame(Mechanism mechanism) {
  return mechanism == Mechanism::iframe || mechanism == Mechanism::frame;
}

bool is_embedded(Mechanism mechanism) {
  return mechanism == Mechanism::object || mechanism == Mechanism::embed;
}

bool is_navigation(Mechanism mechanism) {
  switch (mechanism) {
    case Mechanism::http_refresh:
    case Mechanism::meta_refresh:
    case Mechanism::location:
    case Mechanism::window_open:
    case Mechanism::form_submit:
    case Mechanism::anchor:
    case Mechanism::download:
    case Mechanism::unknown:
      return true;  // unknown: what the visit itself asks for
    default:
      return is_frame(mechanism) || is_embedded(mechanism);
  }
}

uint64_t room_for(Mechanism mechanism, uint64_t whole) {
  switch (mechanism) {
    case Mechanism::image:
    case Mechanism::media:
    case Mechanism::beacon:
    case Mechanism::link:
      return whole * 6 / 10;
    case Mechanism::xhr:
    case Mechanism::fetch:
    case Mechanism::stylesheet:
    case Mechanism::websocket:
      return whole * 8 / 10;
    case Mechanism::script:
    case Mechanism::import_module:
    case Mechanism::worker:
    case Mechanism::object:
    case Mechanism::embed:
      return whole * 9 / 10;
    default:
      return whole;
  }
}

namespace {

// https://fetch.spec.whatwg.org/#concept-request-destination
std::string_view destination(Mechanism mechanism) {
  switch (mechanism) {
    case Mechanism::script:
      return "script";
    case Mechanism::image:
      return "image";
    case Mechanism::stylesheet:
      return "style";
    case Mechanism::media:
      return "video";
    case Mechanism::object:
      return "object";
    case Mechanism::embed:
      return "embed";
    case Mechanism::iframe:
      return "iframe";
    case Mechanism::frame:
      return "frame";
    default:
      return is_navigation(mechanism) ? "document" : "empty";
  }
}

std::string_view mode(Mechanism mechanism, RequestMode given) {
  if (is_navigation(mechanism)) return "navigate";
  if (given == RequestMode::cors) return "cors";
  if (given == RequestMode::no_cors) return "no-cors";
  if (given == RequestMode::same_origin) return "same-origin";
  return mechanism == Mechanism::xhr || mechanism == Mechanism::fetch ? "cors" : "no-cors";
}

std::string_view site(const std::optional<url::Url>& from, const url::Url& to) {
  if (!from) return "none";
  if (from->origin() == to.origin()) return "same-origin";
  return net::same_site(*from, to) ? "same-site" : "cross-site";
}

const std::string& accept(const Persona& persona, Mechanism mechanism) {
  if (is_navigation(mechanism)) return persona.accept_document;
  if (mechanism == Mechanism::image) return persona.accept_image;
  if (mechanism == Mechanism::script) return persona.accept_script;
  if (mechanism == Mechanism::stylesheet) return persona.accept_style;
  return persona.accept_other;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// What stands for {…} in a persona's header.
std::string fill(std::string_view what, const RequestContext& context, const url::Url& to,
                 const std::string& method, const std::string& body, const std::vector<Header>& given) {
  bool posts = method != "GET" && method != "HEAD";
  if (what == "user-agent") return context.persona.user_agent;
  if (what == "accept") return accept(context.persona, context.mechanism);
  if (what == "cookie") return context.cookies;
  if (what == "referer")
    return context.from ? net::referrer(context.policy, *context.from, to) : std::string();
  if (what == "content-length") return posts ? std::to_string(body.size()) : std::string();
  if (what == "upgrade") return is_navigation(context.mechanism) ? "1" : "";
  if (what == "origin") {
    if (!context.cors_origin.empty()) return context.cors_origin;
    // Internet Explorer names it to other origins' scripts alone.
    const bool tells = posts && context.persona.engine != Engine::trident;
    return context.from && tells ? context.from->origin() : std::string();
  }
  if (what == "fetch-site") return std::string(site(context.from, to));
  if (what == "fetch-mode") return std::string(mode(context.mechanism, context.mode));
  if (what == "fetch-dest") return std::string(destination(context.mechanism));
  if (what == "fetch-user") return context.mechanism == Mechanism::unknown ? "?1" : "";
  for (const Header& header : given)
    if (same_name(header.name, what)) return header.value;
  return {};
}

bool forbidden(std::string_view name) {
  for (std::string_view one : {"accept-charset", "accept-encoding", "access-control-request-headers",
                               "access-control-request-method", "connection", "content-length", "cookie",
                               "date", "dnt", "expect", "host", "keep-alive", "origin", "referer", "te",
                               "trailer", "transfer-encoding", "upgrade", "via"})
    if (same_name(name, one)) return true;
  return name.size() > 4 && (same_name(name.substr(0, 4), "sec-") || same_name(name.substr(0, 6), "proxy-"));
}

bool valid_header(const Header& header) {
  auto token = [](unsigned char c) {
    return std::isalnum(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  };
  bool text = std::ranges::none_of(header.value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
  return !header.name.empty() && std::ranges::all_of(header.name, token) && text;
}

}  // namespace

bool page_may_set(const Header& header) {
  return valid_header(header) && !forbidden(header.name);
}

net::FetchRequest make_request(const RequestContext& context, const url::Url& to, const std::string& method,
                               const std::string& body, const std::vector<Header>& given) {
  net::FetchRequest request;
  request.url = to.href();
  request.method = method;
  request.body = body;
  request.http2 = context.persona.engine != Engine::trident;
  for (const PersonaField& field : context.persona.headers) {
    std::string_view value = field.value;
    std::string filled = value.starts_with('{') && value.ends_with('}')
                             ? fill(value.substr(1, value.size() - 2), context, to, method, body, given)
                             : field.value;
    if (!filled.empty() && field.name != "Content-Length") request.headers.push_back({field.name, filled});
  }
  for (const Header& header : given)
    if (page_may_set(header))
      net::set_header(request.headers, header.name, header.value);
  return request;
}

}  // namespace shikake::honeyclient::low
