// A fetch's request and response, as values. They travel between the fetcher and its parent (wire.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "url/url.h"

namespace shikake::net {

struct Header {
  std::string name, value;

  bool operator==(const Header&) const = default;
  static void wire(auto& codec, auto& self) { codec(self.name, self.value); }
};
using Headers = std::vector<Header>;

bool is_named(const Header& header, std::string_view name);  // in any case

// The first of that name, in any case; null if there is none. Lives as long as the headers.
const std::string* find_header(const Headers& headers, std::string_view name);
// All of that name joined by ", " as RFC 9110 section 5.3 has it; not for Set-Cookie.
std::string joined_header(const Headers& headers, std::string_view name);
void remove_header(Headers& headers, std::string_view name);
// In the place of the first of that name, or else last.
void set_header(Headers& headers, std::string_view name, std::string value);

// The name under which an answer wants to be saved (RFC 6266, filename* before filename; its last part, as
// browsers take it); "" where an attachment gives none, nothing where the answer is no attachment.
std::optional<std::string> attachment_name(const Headers& headers);

struct FetchRequest {
  std::string url;  // http or https, absolute; a fragment is not sent, nor are user name and password
  std::string method = "GET";
  // Sent in this order and case, behind Host; a persona gives all that its browser sends. Nothing is added
  // but Host and, with a body, Content-Length.
  Headers headers;
  std::string body;
  bool http2 = true;  // offered to https servers

  static void wire(auto& codec, auto& self) {
    codec(self.url, self.method, self.headers, self.body, self.http2);
  }
};

// Why a fetch gave less than a whole answer. What came until then is in the response.
enum class FetchFailure : uint8_t {
  none,
  refused,          // the egress policy said no: nothing was sent; `why` begins with "egress: "
  invalid_request,  // not http(s), or a header or method that HTTP does not allow
  name_not_found,   // the host has no address
  connection,       // refused by the host, unreachable, or lost before an answer
  proxy,            // the proxy failed or said no
  tls,              // no common version or cipher, or a broken handshake
  protocol,         // not HTTP, or broken framing (chunks, HTTP/2)
  headers_too_large,
  body_too_large,  // cut at the bound
  closed_early,    // the body is shorter than was said, or a chunk is missing
  timeout,         // the total time of one fetch
  too_slow,        // bytes trickled below the lowest speed
  visit_budget,    // the visit's bytes or number of fetches are used up
  fetcher_died,    // our process ended; `why` says how
};
constexpr FetchFailure wire_last(FetchFailure) {
  return FetchFailure::fetcher_died;
}
std::string_view name(FetchFailure failure);
FetchFailure failure_named(std::string_view name);  // none, where it names none

struct Certificate {
  std::string subject, issuer;        // one line, RFC 2253 order: "CN=a.example,O=..."
  std::string serial;                 // hexadecimal
  std::string not_before, not_after;  // RFC 3339, or as written when that can't be read
  std::vector<std::string> names;     // alternative names: DNS names and addresses
  std::string sha256;                 // of the DER, hexadecimal

  static void wire(auto& codec, auto& self) {
    codec(self.subject, self.issuer, self.serial, self.not_before, self.not_after, self.names, self.sha256);
  }
};

struct TlsDetails {
  std::string version;  // "TLSv1.3"
  std::string cipher;   // OpenSSL's name
  std::string alpn;     // "h2", "http/1.1" or none
  // A server that nobody would trust is visited all the same; it is only noted.
  bool verified = false;
  std::string verify_error;        // why not: "certificate has expired", "not for this host name"
  std::vector<Certificate> chain;  // as sent, the server's own first

  static void wire(auto& codec, auto& self) {
    codec(self.version, self.cipher, self.alpn, self.verified, self.verify_error, self.chain);
  }
};

// Since the fetch began; zero for a step that was not taken (a connection that was used again).
struct FetchTiming {
  std::chrono::microseconds name_lookup{}, connect{}, tls{}, first_byte{}, total{};

  static void wire(auto& codec, auto& self) {
    codec(self.name_lookup, self.connect, self.tls, self.first_byte, self.total);
  }
};

struct FetchResponse {
  uint64_t id = 0;  // what submit() gave
  std::string url;  // that was asked for
  FetchFailure failure = FetchFailure::none;
  std::string why;  // one sentence, when there is a failure
  base::TimePoint requested_at;

  std::string remote_ip;  // that answered (a proxy's, through a proxy); empty without a connection
  uint16_t remote_port = 0;
  bool via_proxy = false;
  std::optional<TlsDetails> tls;

  int status = 0;            // 0: no answer
  std::string http_version;  // "0.9", "1.0", "1.1", "2"
  std::string reason;        // phrase of the status line; HTTP/2 has none
  Headers headers;           // as they came: order, case and repetition
  // The body after the content codings were undone; see decode_error.
  std::string body;
  // The body as it was sent, where that differs. Transfer codings (chunks) are undone in both.
  std::optional<std::string> wire_body;
  std::string decode_error;  // a content coding that is broken, unknown or expands too far; body is the
                             // part that could be decoded
  FetchTiming timing;

  bool answered() const { return status != 0; }
  bool complete() const { return answered() && failure == FetchFailure::none; }
  const std::string& received_body() const { return wire_body ? *wire_body : body; }  // byte for byte

  static void wire(auto& codec, auto& self) {
    codec(self.id, self.url, self.failure, self.why, self.requested_at, self.remote_ip, self.remote_port,
          self.via_proxy, self.tls, self.status, self.http_version, self.reason, self.headers, self.body,
          self.wire_body, self.decode_error, self.timing);
  }
};

// Where a response redirects to: statuses 301, 302, 303, 307 and 308 with a Location that parses against
// the response's URL; the request's fragment is kept where the location has none. Nothing otherwise.
// https://fetch.spec.whatwg.org/#concept-response-location-url
std::optional<url::Url> redirect_location(const FetchResponse& response);

}  // namespace shikake::net
