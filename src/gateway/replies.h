// Scripted replies: what the simulated Internet answers where the defaults are not enough. A TOML document,
// and files beside it; docs/gateway.md describes the format.
//
//   [[http]]                      [[tcp]]                        [[dns]]
//   host = "c2.example"           host = "c2.example"            name = "*.kill.example"
//   path = "/gate.php"            port = 4444                    code = "nxdomain"
//   status = 200                  steps = [
//   body = "run\n"                  { send = "hello\n" },
//                                   { expect = "LOGIN", send = "ok\n", close = true } ]
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace shikake::gateway {

// Where a row applies; an empty field applies anywhere. Host and path are patterns in which `*` stands for
// any bytes. A host is compared without case, and with the literal address too.
struct Place {
  std::string host;
  std::string path;    // http, ftp
  std::string method;  // http
  std::vector<uint16_t> ports;
  static void wire(auto& codec, auto& self) { codec(self.host, self.path, self.method, self.ports); }
};

struct HttpReply {
  Place place;
  uint16_t status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::optional<std::string> raw;  // sent instead of a response; then the connection closes
  std::chrono::milliseconds delay{0};
  uint32_t times = 0;  // answers so often, then the next fitting row does; 0: always
  std::string rule;    // "replies line 12"
  static void wire(auto& codec, auto& self);
};

struct Step {
  std::optional<std::string> expect;  // literal bytes that must have come since the last step; none: at once
  std::string send;
  std::chrono::milliseconds delay{0};
  bool close = false;
  static void wire(auto& codec, auto& self) { codec(self.expect, self.send, self.delay, self.close); }
};

// A conversation in steps. TCP: inside TLS if the client begins with it. UDP: a datagram is matched against
// every step's `expect` in turn, and the first that fits is sent.
struct Conversation {
  Place place;
  std::vector<Step> steps;
  std::string rule;
  static void wire(auto& codec, auto& self) { codec(self.place, self.steps, self.rule); }
};

struct DnsReply {
  std::string name;   // a pattern
  uint16_t type = 0;  // 0: any
  uint8_t code = 0;
  std::vector<std::string> values;  // addresses, or one text, name or "10 mail.example" by the type
  uint32_t ttl = 60;
  std::string rule;
  static void wire(auto& codec, auto& self) {
    codec(self.name, self.type, self.code, self.values, self.ttl, self.rule);
  }
};

struct Replies {
  std::vector<HttpReply> http;
  std::vector<Conversation> tcp, udp;
  std::vector<DnsReply> dns;

  // `folder`: where the files that it names lie; nothing outside of it is read.
  // invalid_input with the line that is to blame; limit: files of more than max_bytes together.
  static Result<Replies> parse(std::string_view toml, const std::filesystem::path& folder);
  static Result<Replies> load(const std::filesystem::path& file);

  static constexpr uint64_t max_bytes = 64 << 20;  // held in memory for the run
  static constexpr size_t max_rows = 10'000;

  static void wire(auto& codec, auto& self) { codec(self.http, self.tcp, self.udp, self.dns); }
};

// `*` in `pattern` stands for any bytes; compared without case if `fold`. At most pattern × text steps.
bool fits(std::string_view pattern, std::string_view text, bool fold);

void HttpReply::wire(auto& codec, auto& self) {
  std::vector<std::string> flat;
  for (const auto& [name, value] : self.headers) flat.push_back(name), flat.push_back(value);
  codec(self.place, self.status, flat, self.body, self.raw, self.delay, self.times, self.rule);
  if constexpr (requires { codec.refuse(); }) {
    if (flat.size() % 2 != 0) return codec.refuse();
    for (size_t i = 0; i < flat.size(); i += 2) self.headers.emplace_back(flat[i], flat[i + 1]);
  }
}

}  // namespace shikake::gateway
