#include "gateway/http_request.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/checked.h"

namespace shikake::gateway {
namespace {

constexpr size_t max_method = 20;  // the longest registered one has 17 letters
constexpr size_t max_chunk_line = 1024;

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) {
    size_t end = host.find(']');
    return end == host.npos ? host : host.substr(1, end - 1);
  }
  return host.substr(0, host.find(':'));
}

// "http://a.example:80/x", "/x", "*", "a.example:443" (CONNECT).
void read_target(HttpRequest& request) {
  std::string_view target = request.target;
  if (size_t scheme = target.find("://"); scheme != target.npos && !target.starts_with('/')) {
    target.remove_prefix(scheme + 3);
    size_t slash = std::min(target.find_first_of("/?#"), target.size());
    request.host = without_port(target.substr(0, slash));
    target.remove_prefix(slash);
  } else if (request.method == "CONNECT") {
    request.host = without_port(target);
    target = {};
  }
  request.path = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
}

void read_field(std::string_view line, HttpRequest& request) {
  size_t colon = line.find(':');
  if (colon == line.npos) return;
  const std::string name = base::to_lower(base::trimmed(line.substr(0, colon)));
  const std::string_view value = base::trimmed(line.substr(colon + 1));
  if (name == "host") {
    if (request.host.empty()) request.host = without_port(value);
  } else if (name == "content-type") {
    request.content_type = base::to_lower(value);
  } else if (name == "content-length") {
    request.content_length = base::parse_integer<uint64_t>(value).value_or(0);
  } else if (name == "transfer-encoding") {
    request.chunked = base::to_lower(value).find("chunked") != std::string::npos;
  } else if (name == "expect") {
    request.expects_continue = base::to_lower(value) == "100-continue";
  } else if (name == "connection") {
    const std::string words = base::to_lower(value);
    if (words.find("close") != words.npos) request.keep_alive = false;
    if (words.find("keep-alive") != words.npos) request.keep_alive = true;
  } else if (name == "upgrade") {
    request.upgrade = base::to_lower(value);
  } else if (name == "sec-websocket-key") {
    request.websocket_key = value;
  }
}

}  // namespace

HttpStart may_be_http(std::string_view bytes) {
  size_t i = 0;
  while (i < bytes.size() && i <= max_method &&
         ((bytes[i] >= 'A' && bytes[i] <= 'Z') || bytes[i] == '-' || bytes[i] == '_'))
    ++i;
  if (i == bytes.size()) return i <= max_method ? HttpStart::more : HttpStart::no;
  if (i == 0 || i > max_method || bytes[i] != ' ') return HttpStart::no;
  std::string_view line = bytes.substr(0, bytes.find('\n'));
  if (size_t version = line.rfind(" HTTP/"); version != line.npos && version > i) return HttpStart::yes;
  if (line.size() < bytes.size() || bytes.size() > max_http_head) return HttpStart::no;
  // "USER …" and "NICK …" begin like this too; a request's target tells.
  const char first = i + 1 < bytes.size() ? bytes[i + 1] : '/';
  const bool target = first == '/' || first == '*' || line.find("://") != line.npos ||
                      line.starts_with("CONNECT ") ||
                      std::string_view("http").starts_with(line.substr(i + 1, 4));
  return target ? HttpStart::more : HttpStart::no;
}

std::optional<HttpRequest> read_http_request(std::string_view bytes) {
  HttpRequest request;
  size_t at = 0;
  for (bool first = true;; first = false) {
    size_t end = bytes.find('\n', at);
    if (end == bytes.npos) return std::nullopt;
    std::string_view line = base::trimmed(bytes.substr(at, end - at));
    at = end + 1;
    if (first) {
      size_t space = line.find(' ');
      size_t last = line.rfind(" HTTP/");
      if (space == line.npos) space = line.size();
      if (last == line.npos || last < space) last = line.size();
      request.method = line.substr(0, space);
      request.target = space < last ? std::string(base::trimmed(line.substr(space, last - space))) : "/";
      request.version = last < line.size() ? std::string(line.substr(last + 1)) : "";
      request.keep_alive = request.version == "HTTP/1.1";
      read_target(request);
    } else if (line.empty()) {
      request.size = at;
      return request;
    } else {
      read_field(line, request);
    }
  }
}

HttpBody::HttpBody(const HttpRequest& request) : state_(State::counted), left_(request.content_length) {
  if (request.chunked) {
    state_ = State::chunk_size;
    left_ = 0;
  } else if (left_ == 0) {
    state_ = State::done;
  }
}

void HttpBody::keep(std::string_view bytes) {
  kept_ += bytes.substr(0, max_kept - std::min(max_kept, kept_.size()));
}

void HttpBody::line_ended() {
  std::string_view line = base::trimmed(line_);
  if (state_ == State::chunk_size) {
    size_t digits = std::min(line.find_first_not_of("0123456789abcdefABCDEF"), line.size());
    auto size = base::parse_integer<uint64_t>(line.substr(0, digits), 16);
    left_ = size.value_or(0);  // nonsense ends the body
    state_ = left_ == 0 ? (size ? State::trailer : State::done) : State::chunk;
  } else if (state_ == State::chunk_end) {
    state_ = State::chunk_size;
  } else if (line.empty()) {  // of the trailer
    state_ = State::done;
  }
  line_.clear();
}

size_t HttpBody::take(std::string_view bytes) {
  size_t taken = 0;
  while (taken < bytes.size() && state_ != State::done) {
    if (state_ == State::counted || state_ == State::chunk) {
      auto part = bytes.substr(taken, left_);
      keep(part);
      taken += part.size();
      left_ -= part.size();
      if (left_ == 0) state_ = state_ == State::counted ? State::done : State::chunk_end;
      continue;
    }
    const char c = bytes[taken++];
    if (c == '\n') {
      line_ended();
    } else if (line_.size() < max_chunk_line) {
      line_ += c;
    }
  }
  return taken;
}

}  // namespace shikake::gateway
