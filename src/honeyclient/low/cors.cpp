#include "honeyclient/low/cors.h"

#include <algorithm>

#include "base/ascii.h"

namespace shikake::honeyclient::low {

namespace {

template <size_t N>
bool is_one_of(std::string_view name, const std::string_view (&list)[N]) {
  return std::ranges::any_of(list, [&](std::string_view one) { return base::equal_ignoring_case(name, one); });
}

// https://fetch.spec.whatwg.org/#cors-unsafe-request-header-byte
bool unsafe_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7F ||
         std::string_view("\"():<>?@[\\]{}").find(c) != std::string_view::npos;
}

bool language_byte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view(" *,-.;=").find(c) != std::string_view::npos;
}

// https://fetch.spec.whatwg.org/#cors-safelisted-request-header
bool safelisted(const Header& header) {
  constexpr size_t longest = 128;
  constexpr std::string_view languages[] = {"accept-language", "content-language"};
  constexpr std::string_view form_types[] = {"application/x-www-form-urlencoded", "multipart/form-data",
                                             "text/plain"};
  if (header.value.size() > longest) return false;
  if (is_one_of(header.name, languages)) return std::ranges::all_of(header.value, language_byte);
  const bool clean = std::ranges::none_of(header.value, unsafe_byte);
  if (base::equal_ignoring_case(header.name, "accept")) return clean;
  if (!base::equal_ignoring_case(header.name, "content-type")) return false;
  const std::string_view essence =
      base::trimmed(std::string_view(header.value).substr(0, header.value.find(';')));
  return clean && is_one_of(essence, form_types);
}

// The items of a header whose value is a list, of all headers of that name; nothing where there is none.
std::optional<std::vector<std::string>> listed(const net::Headers& headers, std::string_view name) {
  if (!net::find_header(headers, name)) return std::nullopt;
  const std::string joined = net::joined_header(headers, name);
  std::vector<std::string> items;
  for (size_t start = 0; start <= joined.size();) {
    const size_t end = std::min(joined.find(',', start), joined.size());
    const std::string_view item = base::trimmed(std::string_view(joined).substr(start, end - start));
    if (!item.empty()) items.emplace_back(item);
    start = end + 1;
  }
  return items;
}

bool holds(const std::vector<std::string>& list, std::string_view what) {
  return std::ranges::find(list, what) != list.end();
}
bool holds_name(const std::vector<std::string>& list, std::string_view name) {
  return std::ranges::any_of(list,
                             [&](const std::string& one) { return base::equal_ignoring_case(one, name); });
}

// https://fetch.spec.whatwg.org/#cors-safelisted-method
constexpr std::string_view plain_methods[] = {"GET", "HEAD", "POST"};

}  // namespace

std::vector<std::string> unsafe_header_names(const std::vector<Header>& headers) {
  constexpr size_t most_of_safe_ones = 1024;
  std::vector<std::string> unsafe, safe;
  size_t safe_bytes = 0;
  for (const Header& header : headers) {
    const bool is_safe = safelisted(header);
    if (is_safe) safe_bytes += header.value.size();
    (is_safe ? safe : unsafe).push_back(base::to_lower(header.name));
  }
  if (safe_bytes > most_of_safe_ones) unsafe.insert(unsafe.end(), safe.begin(), safe.end());
  std::ranges::sort(unsafe);
  unsafe.erase(std::unique(unsafe.begin(), unsafe.end()), unsafe.end());
  return unsafe;
}

bool needs_preflight(const CorsRequest& request) {
  return std::ranges::find(plain_methods, request.method) == std::end(plain_methods) ||
         !unsafe_header_names(request.headers).empty();
}

// https://fetch.spec.whatwg.org/#concept-cors-check
std::optional<std::string> cors_refusal(const CorsRequest& request, const net::Headers& answer) {
  if (!net::find_header(answer, "Access-Control-Allow-Origin")) return "no Access-Control-Allow-Origin";
  const std::string allowed = net::joined_header(answer, "Access-Control-Allow-Origin");
  const bool with_credentials = request.credentials == Credentials::include;
  if (!with_credentials && allowed == "*") return std::nullopt;
  if (allowed != request.origin) return "Access-Control-Allow-Origin is " + allowed;
  if (with_credentials && net::joined_header(answer, "Access-Control-Allow-Credentials") != "true")
    return "no Access-Control-Allow-Credentials";
  return std::nullopt;
}

// https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, steps 7 on
std::optional<std::string> preflight_refusal(const CorsRequest& request, int status, const net::Headers& answer) {
  if (auto why = cors_refusal(request, answer)) return why;
  if (status < 200 || status > 299) return "status " + std::to_string(status);
  const auto methods = listed(answer, "Access-Control-Allow-Methods").value_or(std::vector<std::string>());
  const auto names = listed(answer, "Access-Control-Allow-Headers").value_or(std::vector<std::string>());
  const bool wildcards = request.credentials != Credentials::include;
  const bool plain = std::ranges::find(plain_methods, request.method) != std::end(plain_methods);
  if (!plain && !holds(methods, request.method) && !(wildcards && holds(methods, "*")))
    return "Access-Control-Allow-Methods lacks " + request.method;
  for (const std::string& name : unsafe_header_names(request.headers)) {
    const bool by_wildcard = wildcards && holds(names, "*") && name != "authorization";
    if (!by_wildcard && !holds_name(names, name)) return "Access-Control-Allow-Headers lacks " + name;
  }
  return std::nullopt;
}

net::Headers readable_headers(const net::Headers& answer, ResponseType type, Credentials credentials) {
  // https://fetch.spec.whatwg.org/#forbidden-response-header-name
  constexpr std::string_view never[] = {"set-cookie", "set-cookie2"};
  // https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name
  constexpr std::string_view always[] = {"cache-control", "content-language", "content-length", "content-type",
                                         "expires",       "last-modified",    "pragma"};
  if (type == ResponseType::opaque) return {};
  const auto exposed =
      listed(answer, "Access-Control-Expose-Headers").value_or(std::vector<std::string>());
  const bool all = type == ResponseType::basic || (credentials != Credentials::include && holds(exposed, "*"));
  net::Headers seen;
  for (const net::Header& header : answer) {
    if (is_one_of(header.name, never)) continue;
    if (all || is_one_of(header.name, always) || holds_name(exposed, header.name)) seen.push_back(header);
  }
  return seen;
}

}  // namespace shikake::honeyclient::low
