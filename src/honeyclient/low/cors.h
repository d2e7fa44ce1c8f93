// What scripts may ask of other origins and read of their answers: https://fetch.spec.whatwg.org/#http-cors-protocol.
// A browser keeps it so as to protect its user; here servers and scripts must not be able to tell the difference.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "honeyclient/low/protocol.h"
#include "net/http.h"

namespace shikake::honeyclient::low {

// Of one request, what an answer is held against.
struct CorsRequest {
  std::string method;
  std::vector<Header> headers;  // that the script set, and may set
  std::string origin;           // of the page, as the Origin header has it: "null" where it has none
  Credentials credentials = Credentials::same_origin;
};

// Whether the server is asked first: a method or a header that no form could have sent.
bool needs_preflight(const CorsRequest& request);
// https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names: lower case, sorted.
std::vector<std::string> unsafe_header_names(const std::vector<Header>& headers);

// Why the script may not have the answer; nothing: it may.
std::optional<std::string> cors_refusal(const CorsRequest& request, const net::Headers& answer);
std::optional<std::string> preflight_refusal(const CorsRequest& request, int status, const net::Headers& answer);

// Of an answer's headers those that a script sees.
net::Headers readable_headers(const net::Headers& answer, ResponseType type, Credentials credentials);

}  // namespace shikake::honeyclient::low
