// What a gateway says while a run lasts, in frames (base/frame.h, base/wire.h) on its channel.
//
//   gateway ──► ready · flow_opened · flow_updated · flow_data · flow_closed · dns · decision · limit · ended
//   gateway ◄── finish · clock
//
// Directions are the cell's: "out" leaves the cell, "in" reaches it. Times are the gateway's wall clock.
// Every text may hold any byte that the cell chose: it is evidence, made harmless where it is shown.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace shikake::gateway {

// A frame never holds more; the bound of the channel on both ends.
constexpr uint32_t max_frame_bytes = 256 << 10;

enum class FrameType : uint8_t {
  ready,         // Ready: the network stands; nothing was sent before
  failed,        // Failure: why there is no gateway; the last frame
  flow_opened,   // Flow
  flow_updated,  // Flow: its protocol, host or TLS facts became known
  flow_closed,   // Flow: complete
  flow_data,     // FlowData: plaintext, in order within a direction
  dns,           // DnsLookup
  decision,      // Decision
  limit,         // LimitReached: once a limit
  ended,         // Ended: the last frame
};

enum class OrderType : uint8_t {
  finish,  // no body: close every flow, finish the capture, say `ended`
  clock,   // ClockOffset
};

enum class Transport : uint8_t { tcp, udp, icmp };
constexpr Transport wire_last(Transport) {
  return Transport::icmp;
}

struct Endpoint {
  std::string address;  // canonical text of an IPv4 or IPv6 address
  uint16_t port = 0;    // ICMP echo: the identifier at the cell's end, 0 at the other
  static void wire(auto& codec, auto& self) { codec(self.address, self.port); }
  bool operator==(const Endpoint&) const = default;
};

// How the gateway knows the name of a flow's other end; a later one outdoes an earlier one.
enum class HostSource : uint8_t { none, dns, sni, http };
constexpr HostSource wire_last(HostSource) {
  return HostSource::http;
}

// Who answers a flow.
enum class Handling : uint8_t {
  answered,  // the simulated Internet
  scripted,  // a row of the replies
  relayed,   // the real network, through the broker
  sunk,      // open mode, but answered by the simulated Internet (mail)
  refused,   // nobody: the policy, or QUIC, said no
};
constexpr Handling wire_last(Handling) {
  return Handling::refused;
}

enum class FlowEnd : uint8_t {
  open,       // not ended yet
  by_cell,    // the cell's end closed it
  by_remote,  // we, or the real remote end, closed it
  reset,      // broken off
  idle,       // nothing came for the responder's time
  limit,      // a limit of the gateway or of the policy
  finished,   // still open when the run ended
};
constexpr FlowEnd wire_last(FlowEnd) {
  return FlowEnd::finished;
}

struct TlsFacts {
  bool seen = false;
  std::string sni;
  std::string alpn;          // offered, joined by commas
  std::string version;       // negotiated: "TLSv1.3"; empty without a finished handshake
  std::string ja3;           // MD5 in hexadecimal (client_hello.h)
  std::string ja3_text;      // what it is the MD5 of
  bool intercepted = false;  // the client took our certificate: the stream kept is plaintext
  std::string rejected;  // why the client did not (its alert, or "closed"): likely pinned; empty otherwise
  static void wire(auto& codec, auto& self) {
    codec(self.seen, self.sni, self.alpn, self.version, self.ja3, self.ja3_text, self.intercepted,
          self.rejected);
  }
};

// One direction of a flow's content: the plaintext where TLS was looked into, else the transport's payload.
struct StreamFacts {
  uint64_t bytes = 0;       // all that passed
  uint64_t kept_bytes = 0;  // of them sent as FlowData
  std::string sha256;       // of all, hexadecimal; set when the flow closes, empty for no bytes
  static void wire(auto& codec, auto& self) { codec(self.bytes, self.kept_bytes, self.sha256); }
};

struct Flow {
  uint32_t id = 0;  // from 1 in the order of appearance; never reused in a run
  Transport transport = Transport::tcp;
  Endpoint local;   // in the cell
  Endpoint remote;  // as the cell addressed it
  std::string host;
  HostSource host_source = HostSource::none;
  // "http", "ftp", "smtp", "irc", "pop3", "telnet", "dns", "ntp", "quic", "icmp-echo", "ftp-data", "raw", …;
  // "tls" for TLS that nobody could look into. Over TLS the inner one, with tls.seen. Empty: not known yet.
  std::string protocol;
  std::string detail;  // one line on what was asked: "GET /gate.php", "USER anonymous", "NICK bot-1"
  Handling handling = Handling::answered;
  std::string rule;  // of the policy or the replies that decided; may be empty
  TlsFacts tls;
  StreamFacts out, in;
  base::TimePoint start{}, end{};  // end: of the last byte so far
  FlowEnd ending = FlowEnd::open;
  static void wire(auto& codec, auto& self) {
    codec(self.id, self.transport, self.local, self.remote, self.host, self.host_source, self.protocol,
          self.detail, self.handling, self.rule, self.tls, self.out, self.in, self.start, self.end,
          self.ending);
  }
};

struct FlowData {
  uint32_t flow = 0;
  bool out = false;
  uint64_t offset = 0;  // in that direction's stream
  base::TimePoint time{};
  std::string bytes;  // at most max_data_bytes
  static void wire(auto& codec, auto& self) {
    codec(self.flow, self.out, self.offset, self.time, self.bytes);
  }
};
constexpr size_t max_data_bytes = 64 << 10;

struct DnsLookup {
  uint32_t flow = 0;
  base::TimePoint time{};
  std::string name;  // as in master files (net/dns.h)
  uint16_t type = 0;
  uint8_t code = 0;
  std::vector<std::string> answers;  // "198.18.4.7", "mail.a.example (10)"
  std::string over;                  // "udp", "tcp", "tls", "https"
  std::string rule;                  // a row of the replies, or "resolver" in open mode; may be empty
  static void wire(auto& codec, auto& self) {
    codec(self.flow, self.time, self.name, self.type, self.code, self.answers, self.over, self.rule);
  }
};

// Open mode: what the policy said about one attempt to reach the outside.
struct Decision {
  uint32_t flow = 0;
  base::TimePoint time{};
  Handling verdict = Handling::refused;  // relayed, sunk or refused
  std::string rule;                      // docs/gateway.md lists them
  Transport transport = Transport::tcp;
  Endpoint remote;
  static void wire(auto& codec, auto& self) {
    codec(self.flow, self.time, self.verdict, self.rule, self.transport, self.remote);
  }
};

struct LimitReached {
  std::string limit;  // "flows", "kept_bytes", "capture_bytes", "connections", "dns_lookups"
  base::TimePoint time{};
  static void wire(auto& codec, auto& self) { codec(self.limit, self.time); }
};

struct Ready {
  std::string ca_certificate_pem;      // to plant in the cell
  std::vector<std::string> resolvers;  // for resolv.conf, IPv4 first
  std::vector<std::string> cell_addresses;
  static void wire(auto& codec, auto& self) {
    codec(self.ca_certificate_pem, self.resolvers, self.cell_addresses);
  }
};

struct Ended {
  uint32_t flows = 0;
  uint64_t dns_lookups = 0;  // all, also those past the limit on frames
  uint64_t captured_packets = 0;
  uint64_t captured_bytes = 0;
  uint64_t lost_packets = 0;  // seen by the kernel, not written: too fast, or past the capture's bound
  // That left for the real network: sent on, or given to a connection; always 0 in closed mode.
  uint64_t relayed_pieces = 0, relayed_bytes = 0;
  static void wire(auto& codec, auto& self) {
    codec(self.flows, self.dns_lookups, self.captured_packets, self.captured_bytes, self.lost_packets,
          self.relayed_pieces, self.relayed_bytes);
  }
};

struct Failure {
  bool unsupported = false;  // by this machine; else something went wrong
  int32_t system_errno = 0;
  std::string what;
  static void wire(auto& codec, auto& self) { codec(self.unsupported, self.system_errno, self.what); }
};

// How far the cell's clock runs ahead of ours: what NTP answers.
struct ClockOffset {
  std::chrono::microseconds ahead{0};
  static void wire(auto& codec, auto& self) { codec(self.ahead); }
};

}  // namespace shikake::gateway
