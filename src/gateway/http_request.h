// An HTTP/1 request's head (RFC 9112), read as leniently as malware writes it: bare line feeds, any method,
// odd versions, broken field lines. Only what the simulated Internet needs to answer is understood.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shikake::gateway {

struct HttpRequest {
  std::string method, target, version;  // as written
  std::string host;                     // of an absolute target, else of the Host field; without the port
  std::string path;                     // of the target, from its first slash on, with the query
  std::string content_type;
  uint64_t content_length = 0;
  bool chunked = false;
  bool expects_continue = false;
  bool keep_alive = false;
  std::string upgrade;  // protocol asked for
  std::string websocket_key;
  size_t size = 0;  // bytes of the head
};

// No more than method, target and version on one line count as HTTP: "no" for anything else, "more" while it
// may still become one.
enum class HttpStart : uint8_t { yes, no, more };
HttpStart may_be_http(std::string_view bytes);

// Nothing while the head is not whole; its end is an empty line.
std::optional<HttpRequest> read_http_request(std::string_view bytes);

constexpr size_t max_http_head = 64 << 10;  // more than browsers send, with all their cookies

// Passes over a request's body as it comes in.
class HttpBody {
 public:
  explicit HttpBody(const HttpRequest& request);
  // How many of `bytes` belong to the body; the rest, if any, is the next request's.
  size_t take(std::string_view bytes);
  bool done() const { return state_ == State::done; }

  // What it carried, up to max_kept: a DNS query, a form; for those who must read it.
  const std::string& kept() const { return kept_; }
  static constexpr size_t max_kept = 64 << 10;

 private:
  enum class State : uint8_t { counted, chunk_size, chunk, chunk_end, trailer, done };
  void line_ended();
  void keep(std::string_view bytes);

  State state_;
  uint64_t left_ = 0;
  std::string line_, kept_;
};

}  // namespace shikake::gateway
