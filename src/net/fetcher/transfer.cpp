#include "transfer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/check.h"
#include "net/decode.h"
#include "tls_details.h"

namespace shikake::net {
namespace {

// RFC 9110 section 5.6.2.
bool is_token(std::string_view text) {
  auto token_char = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), token_char);
}

std::optional<std::pair<url::IpAddress, uint16_t>> to_address(const curl_sockaddr& given) {
  if (given.family == AF_INET && given.addrlen >= sizeof(sockaddr_in)) {
    sockaddr_in address;
    std::memcpy(&address, &given.addr, sizeof address);
    return std::pair(url::IpAddress::v4(ntohl(address.sin_addr.s_addr)), ntohs(address.sin_port));
  }
  if (given.family == AF_INET6 && given.addrlen >= sizeof(sockaddr_in6)) {
    sockaddr_in6 address;
    std::memcpy(&address, &given.addr, sizeof address);
    return std::pair(url::IpAddress::v6(address.sin6_addr.s6_addr), ntohs(address.sin6_port));
  }
  return std::nullopt;
}

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  CURLcode result = curl_easy_setopt(easy, option, value);
  SHIKAKE_CHECK(result == CURLE_OK);
}

std::chrono::microseconds time_of(CURL* easy, CURLINFO info) {
  curl_off_t value = 0;
  curl_easy_getinfo(easy, info, &value);
  return std::chrono::microseconds(value);
}

long number_of(CURL* easy, CURLINFO info) {
  long value = 0;
  curl_easy_getinfo(easy, info, &value);
  return value;
}

}  // namespace

Transfer::Transfer(VisitContext& visit, uint64_t id, FetchRequest request)
    : visit_(visit), request_(std::move(request)), easy_(curl_easy_init()), url_(curl_url()) {
  SHIKAKE_CHECK(easy_ && url_);
  response_.id = id;
  response_.url = request_.url;
}

Transfer::~Transfer() = default;

bool Transfer::fails(FetchFailure failure, std::string why) {
  response_.failure = failure;
  response_.why = std::move(why);
  return false;
}

bool Transfer::prepare() {
  auto url = url::Url::parse(request_.url);
  if (!url || !url->is_http())
    return fails(FetchFailure::invalid_request, "only http and https URLs are fetched");
  if (!valid_request()) return false;
  host_ = url->hostname();
  set_proxy(*url);
  if (response_.via_proxy) {
    if (auto rule = visit_.options.egress.refuses(*url))
      return fails(FetchFailure::refused, fmt::format("egress: {} ({})", *rule, url->host()));
  }
  if (!set_url(*url)) return false;
  set_request();
  set_headers();
  set_host_addresses(*url);
  set_limits();
  set_tls();
  return true;
}

bool Transfer::valid_request() {
  // https://fetch.spec.whatwg.org/#forbidden-method
  std::string method = request_.method;
  std::transform(method.begin(), method.end(), method.begin(),
                 [](unsigned char c) { return std::toupper(c); });
  if (!is_token(method) || method == "CONNECT" || method == "TRACE" || method == "TRACK")
    return fails(FetchFailure::invalid_request, "this method is not allowed");
  for (const Header& header : request_.headers) {
    if (!is_token(header.name) ||
        header.value.find_first_of(std::string_view("\0\r\n", 3)) != std::string::npos)
      return fails(FetchFailure::invalid_request, "a header is not what HTTP allows");
  }
  return true;
}

// Curl gets the parts, not the text: two parsers that read one URL differently are how requests end up
// where nobody checked.
bool Transfer::set_url(const url::Url& url) {
  std::string scheme(url.scheme()), host(url.hostname()), path(url.pathname());
  std::string port = std::to_string(url.effective_port().value());
  bool ok = curl_url_set(url_.get(), CURLUPART_SCHEME, scheme.c_str(), 0) == CURLUE_OK &&
            curl_url_set(url_.get(), CURLUPART_HOST, host.c_str(), 0) == CURLUE_OK &&
            curl_url_set(url_.get(), CURLUPART_PORT, port.c_str(), 0) == CURLUE_OK &&
            curl_url_set(url_.get(), CURLUPART_PATH, path.c_str(), 0) == CURLUE_OK;
  if (!ok) return fails(FetchFailure::invalid_request, "this host name can't be looked up");
  set(easy_.get(), CURLOPT_CURLU, url_.get());
  url::Url sent = url;
  sent.set_hash("");
  sent.set_username("");
  sent.set_password("");
  // An HTTP proxy is asked for the whole URL (RFC 9112 section 3.2.2).
  bool whole = response_.via_proxy && !visit_.options.proxy.for_url(url).starts_with("socks") &&
               url.scheme_kind() == url::SchemeKind::http;
  std::string target(whole ? sent.href_without_fragment() : sent.path_and_query());
  set(easy_.get(), CURLOPT_REQUEST_TARGET, target.c_str());
  return true;
}

void Transfer::set_request() {
  CURL* easy = easy_.get();
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_QUICK_EXIT, 1L);  // or all transfers would wait for a name server that does not answer
  set(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  set(easy, CURLOPT_ERRORBUFFER, curl_error_);
  set(easy, CURLOPT_HTTP_VERSION,
      static_cast<long>(request_.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  if (request_.method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
  } else if (!request_.body.empty() || request_.method == "POST" || request_.method == "PUT") {
    set(easy, CURLOPT_POST, 1L);
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(easy, CURLOPT_POSTFIELDS, request_.body.c_str());  // not copied: request_ lives as long
  }
  if (request_.method != "GET" && request_.method != "HEAD")
    set(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  set(easy, CURLOPT_HEADERDATA, this);
  set(
      easy, CURLOPT_HEADERFUNCTION, +[](char* data, size_t, size_t size, void* self) -> size_t {
        return static_cast<Transfer*>(self)->on_header({data, size}) ? size : 0;
      });
  set(easy, CURLOPT_WRITEDATA, this);
  set(
      easy, CURLOPT_WRITEFUNCTION, +[](char* data, size_t, size_t size, void* self) -> size_t {
        return static_cast<Transfer*>(self)->on_body({data, size}) ? size : CURL_WRITEFUNC_ERROR;
      });
  set(easy, CURLOPT_OPENSOCKETDATA, this);
  set(
      easy, CURLOPT_OPENSOCKETFUNCTION,
      +[](void* self, curlsocktype, curl_sockaddr* address) -> curl_socket_t {
        return static_cast<Transfer*>(self)->open_socket(*address);
      });
}

void Transfer::set_headers() {
  curl_slist* list = nullptr;
  auto add = [&list](const std::string& line) {
    list = curl_slist_append(list, line.c_str());
    SHIKAKE_CHECK(list != nullptr);
  };
  for (const Header& header : request_.headers) {
    if (is_named(header, "Content-Length")) continue;  // curl's to count
    add(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }
  // What curl would add by itself and a persona has not asked for.
  for (const char* name : {"Accept", "User-Agent", "Content-Type", "Expect", "Connection"}) {
    if (!find_header(request_.headers, name)) add(std::string(name) + ":");
  }
  headers_.reset(list);
  set(easy_.get(), CURLOPT_HTTPHEADER, list);
}

void Transfer::set_proxy(const url::Url& url) {
  std::string proxy = visit_.options.proxy.for_url(url);
  response_.via_proxy = !proxy.empty();
  // The proxy looks the name up: otherwise a local look-up would tell whom we visit.
  for (std::string_view local : {"socks5://", "socks4://", "socks://"}) {
    if (proxy.starts_with(local))
      proxy = (local == "socks4://" ? "socks4a://" : "socks5h://") + proxy.substr(local.size());
  }
  set(easy_.get(), CURLOPT_PROXY, proxy.c_str());  // empty: none, and curl does not ask the environment
  set(easy_.get(), CURLOPT_NOPROXY, "");
  set(easy_.get(), CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(easy_.get(), CURLOPT_PROXY_CAINFO, system_authorities);
}

void Transfer::set_host_addresses(const url::Url& url) {
  std::string addresses;
  for (const HostAddress& entry : visit_.options.hosts) {
    if (entry.host != url.hostname()) continue;
    addresses += (addresses.empty() ? "" : ",") + entry.address;
  }
  if (addresses.empty()) return;
  std::string line = fmt::format("{}:{}:{}", url.hostname(), url.effective_port().value(), addresses);
  addresses_.reset(curl_slist_append(nullptr, line.c_str()));
  set(easy_.get(), CURLOPT_RESOLVE, addresses_.get());
}

void Transfer::set_limits() {
  const FetchLimits& limits = visit_.options.limits;
  set(easy_.get(), CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connect_time.count()));
  set(easy_.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(limits.total_time.count()));
  set(easy_.get(), CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(limits.low_speed_bytes_per_second));
  set(easy_.get(), CURLOPT_LOW_SPEED_TIME, static_cast<long>(limits.low_speed_time.count()));
}

void Transfer::set_tls() {
  CURL* easy = easy_.get();
  // Nobody is turned away; tls_details.h says what was wrong.
  set(easy, CURLOPT_SSL_VERIFYPEER, 0L);
  set(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  set(easy, CURLOPT_CAINFO, static_cast<char*>(nullptr));
  set(easy, CURLOPT_CAPATH, static_cast<char*>(nullptr));
  set(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);  // a resumed session has no certificates to record
  set(easy, CURLOPT_SSL_CTX_DATA, &visit_.trust);
  set(
      easy, CURLOPT_SSL_CTX_FUNCTION, +[](CURL*, void* context, void* trust) -> CURLcode {
        static_cast<TlsTrust*>(trust)->apply(static_cast<SSL_CTX*>(context));
        return CURLE_OK;
      });
}

// The one place where a connection begins: the address is the one that the kernel will be given.
curl_socket_t Transfer::open_socket(const curl_sockaddr& address) {
  auto target = to_address(address);
  if (!target) return CURL_SOCKET_BAD;
  if (!response_.via_proxy) {
    if (auto rule = visit_.options.egress.refuses(target->first, target->second)) {
      egress_refusal_ =
          fmt::format("egress: {} ({} port {})", *rule, target->first.to_string(), target->second);
      return CURL_SOCKET_BAD;
    }
  }
  return ::socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
}

bool Transfer::on_header(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > visit_.options.limits.header_bytes)
    return fails(FetchFailure::headers_too_large,
                 fmt::format("the headers are larger than {} bytes", visit_.options.limits.header_bytes));
  if (in_body_) return true;  // trailers
  if (line.starts_with("HTTP/")) return begin_answer(base::trimmed(line));
  // RFC 9112 section 5.2: a line that begins with a blank goes on with the last.
  if (!response_.headers.empty() && (line.starts_with(' ') || line.starts_with('\t'))) {
    if (std::string_view more = base::trimmed(line); !more.empty())
      response_.headers.back().value.append(" ").append(more);
    return true;
  }
  size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return true;  // browsers pass over it
  response_.headers.push_back({std::string(base::trimmed(line.substr(0, colon))),
                               std::string(base::trimmed(line.substr(colon + 1)))});
  return true;
}

// Also begins anew behind 100 Continue and other interim answers.
bool Transfer::begin_answer(std::string_view status_line) {
  note_connection();
  response_.headers.clear();
  size_t space = std::min(status_line.find(' '), status_line.size());
  response_.http_version = status_line.substr(5, space - 5);
  std::string_view rest = base::trimmed(status_line.substr(space));
  size_t end = std::min(rest.find(' '), rest.size());
  response_.reason = base::trimmed(rest.substr(end));
  response_.status = static_cast<int>(number_of(handle(), CURLINFO_RESPONSE_CODE));
  return true;
}

void Transfer::note_connection() {
  const char* ip = nullptr;
  if (curl_easy_getinfo(handle(), CURLINFO_PRIMARY_IP, &ip) == CURLE_OK && ip) response_.remote_ip = ip;
  response_.remote_port = static_cast<uint16_t>(number_of(handle(), CURLINFO_PRIMARY_PORT));
  curl_tlssessioninfo* session = nullptr;
  if (!response_.tls && request_.url.starts_with("https:") &&
      curl_easy_getinfo(handle(), CURLINFO_TLS_SSL_PTR, &session) == CURLE_OK && session &&
      session->internals)
    response_.tls = describe_tls(static_cast<SSL*>(session->internals), host_);
}

bool Transfer::on_body(std::string_view bytes) {
  in_body_ = true;
  const FetchLimits& limits = visit_.options.limits;
  size_t room = static_cast<size_t>(limits.body_bytes - response_.body.size());
  size_t budget =
      static_cast<size_t>(limits.visit_bytes - std::min(limits.visit_bytes, visit_.received_bytes));
  std::string_view taken = bytes.substr(0, std::min(room, budget));
  response_.body += taken;
  visit_.received_bytes += taken.size();
  if (taken.size() == bytes.size()) return true;
  if (budget < room)
    return fails(FetchFailure::visit_budget,
                 fmt::format("the visit has received its {} bytes", limits.visit_bytes));
  return fails(FetchFailure::body_too_large,
               fmt::format("the body is larger than {} bytes", limits.body_bytes));
}

void Transfer::finish(CURLcode result) {
  CURL* easy = handle();
  FetchTiming& timing = response_.timing;
  timing.total = time_of(easy, CURLINFO_TOTAL_TIME_T);
  timing.name_lookup = time_of(easy, CURLINFO_NAMELOOKUP_TIME_T);
  timing.connect = time_of(easy, CURLINFO_CONNECT_TIME_T);
  timing.tls = time_of(easy, CURLINFO_APPCONNECT_TIME_T);
  timing.first_byte = time_of(easy, CURLINFO_STARTTRANSFER_TIME_T);
  if (result != CURLE_OK && response_.failure == FetchFailure::none)
    std::tie(response_.failure, response_.why) = explain(result);
  std::string codings = joined_header(response_.headers, "Content-Encoding");
  if (response_.body.empty() || codings.empty()) return;
  // Many small bombs are a large one.
  const FetchLimits& limits = visit_.options.limits;
  uint64_t left = limits.visit_bytes - std::min(limits.visit_bytes, visit_.decoded_bytes);
  DecodedBody decoded = decode_content(response_.body, codings, std::min(limits.body_bytes, left));
  visit_.decoded_bytes += decoded.body.size();
  response_.decode_error = std::move(decoded.error);
  if (decoded.body == response_.body) return;
  response_.wire_body = std::move(response_.body);
  response_.body = std::move(decoded.body);
}

std::pair<FetchFailure, std::string> Transfer::explain(CURLcode result) const {
  using enum FetchFailure;
  std::string said = *curl_error_ ? curl_error_ : curl_easy_strerror(result);
  long connect_code = number_of(handle(), CURLINFO_HTTP_CONNECTCODE);
  if (response_.via_proxy && connect_code != 0 && connect_code / 100 != 2)
    return {proxy, fmt::format("the proxy answered {}", connect_code)};
  switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return {name_not_found, fmt::format("no address was found for {}", host_)};
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return {proxy, said};
    case CURLE_COULDNT_CONNECT:
      if (!egress_refusal_.empty()) return {refused, egress_refusal_};
      return {response_.via_proxy ? proxy : connection, said};
    case CURLE_OPERATION_TIMEDOUT: {
      bool cut = response_.timing.first_byte.count() != 0 &&
                 response_.timing.total < visit_.options.limits.total_time;
      return {cut ? too_slow : timeout, said};
    }
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_PEER_FAILED_VERIFICATION:
      return {tls, said};
    case CURLE_PARTIAL_FILE:
      return {closed_early, said};
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
      return {response_.answered() ? closed_early : connection, said};
    case CURLE_RECV_ERROR: {
      // Curl says the same of a lost connection, of TLS that ends without a goodbye and of a broken chunk.
      bool lost = number_of(handle(), CURLINFO_OS_ERRNO) != 0 || response_.tls;
      if (!response_.answered()) return {lost ? connection : protocol, said};
      return {lost ? closed_early : protocol, said};
    }
    case CURLE_OUT_OF_MEMORY:  // what curl says of a line above its own bound
      return {headers_too_large, "a header line is longer than 100 KB"};
    default:
      return {protocol, said};
  }
}

}  // namespace shikake::net
