// What answers a conversation on the simulated Internet. To add a protocol, write one file in responders/ and
// its row in responders/table.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/bytes.h"
#include "link.h"

namespace shikake::gateway {

enum class Fit : uint8_t {
  no,
  more,  // too few bytes to tell
  yes,
};

struct Responder {
  std::string_view protocol;
  // Where the protocol lives, and where it does inside TLS. A responder on its port is asked first, and gets
  // what nobody recognises.
  std::vector<uint16_t> ports, tls_ports;
  bool speaks_first;  // on its ports, when the client says nothing
  // Whether a client's first bytes (one at least) are of this protocol.
  Fit (*recognise)(std::string_view bytes);
  // Until the conversation is over. The link's input holds what the client said so far; closing it is the
  // caller's.
  asio::awaitable<void> (*serve)(Link& link);
};

std::span<const Responder> responders();

// Who answers: by the client's first bytes, then by port. `more`: wait for more bytes.
struct Choice {
  const Responder* responder = nullptr;  // null: nobody in particular (raw)
  bool more = false;
};
Choice choose_responder(std::string_view bytes, uint16_t port, bool tls);

// Lines that begin with one of these words, as text protocols' do: any case, then a blank or the line's end.
Fit begins_with_word(std::string_view bytes, std::span<const std::string_view> words);

// UDP. One datagram in, at most one out (empty: none).
struct DatagramResponder {
  std::string_view protocol;
  std::vector<uint16_t> ports;
  bool (*recognise)(std::string_view datagram);  // null: by port alone
  std::string (*answer)(Context& context, Flow& flow, std::string_view datagram);
};
std::span<const DatagramResponder> datagram_responders();
const DatagramResponder* choose_datagram_responder(std::string_view datagram, uint16_t port);

// Answers a DNS query from anywhere, and says so: as the simulated Internet, or through the policy's
// resolver. Empty: it deserves no answer. `over`: "udp", "tcp", "tls" or "https".
asio::awaitable<std::string> answer_dns_query(Context& context, Flow& flow, std::string query,
                                              std::string over);

// What the simulated Internet gives for a path: by the replies' HTTP rows, then by the type that its name
// ends in.
struct Content {
  std::string_view type;  // MIME
  std::string_view body;
};
Content default_content(std::string_view path);

}  // namespace shikake::gateway
