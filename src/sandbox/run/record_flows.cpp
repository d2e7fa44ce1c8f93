// What the gateway says becomes flows and DNS questions of the record.
#include <algorithm>

#include <fmt/format.h>

#include "base/wire.h"
#include "gateway/message.h"
#include "sandbox/run/record.h"
#include "url/url.h"

namespace shikake::sandbox::run {
namespace {

using gateway::FrameType;
using gateway::Handling;

std::string text_of(const gateway::Endpoint& end) {
  return end.address.find(':') == std::string::npos ? fmt::format("{}:{}", end.address, end.port)
                                                    : fmt::format("[{}]:{}", end.address, end.port);
}

std::string_view text_of(gateway::Transport transport) {
  switch (transport) {
    case gateway::Transport::tcp:
      return "tcp";
    case gateway::Transport::udp:
      return "udp";
    case gateway::Transport::icmp:
      return "icmp";
  }
  return "";
}

std::string decision_text(Handling handling, const std::string& rule, intel::RunNetwork mode) {
  const std::string by = rule.empty() ? "" : ": " + rule;
  switch (handling) {
    case Handling::answered:
      return "";
    case Handling::scripted:
      return "scripted" + by;
    case Handling::relayed:
      return "allowed" + by;
    case Handling::sunk:
      return "sunk" + by;
    case Handling::refused:
      return "refused" + by;
  }
  return mode == intel::RunNetwork::open ? by : "";
}

// RFC 1035, section 3.2.2, and RFC 3596, 2782, 9460.
std::string type_text(uint16_t type) {
  switch (type) {
    case 1:
      return "A";
    case 2:
      return "NS";
    case 5:
      return "CNAME";
    case 6:
      return "SOA";
    case 12:
      return "PTR";
    case 15:
      return "MX";
    case 16:
      return "TXT";
    case 28:
      return "AAAA";
    case 33:
      return "SRV";
    case 65:
      return "HTTPS";
    case 255:
      return "ANY";
    default:
      return fmt::format("TYPE{}", type);  // RFC 3597
  }
}

// Requests in the head of a stream: "GET /x HTTP/1.1" with their Host lines, as URLs. Bounded.
std::vector<std::string> urls_in(std::string_view out, const intel::RunFlow& flow) {
  constexpr size_t max_urls = 20, max_line = 4096;
  constexpr std::string_view methods[] = {"GET ", "POST ", "HEAD ", "PUT ", "DELETE ", "OPTIONS ", "PATCH "};
  std::vector<std::string> urls;
  const size_t colon = flow.remote.rfind(':');
  const std::string address = flow.remote.substr(0, colon);
  const std::string port = colon == std::string::npos ? "" : flow.remote.substr(colon);
  for (size_t at = 0; at < out.size() && urls.size() < max_urls;) {
    const size_t end = std::min(out.find('\n', at), out.size());
    const std::string_view line = out.substr(at, end - at);
    at = end + 1;
    const bool request = line.size() < max_line && line.find(" HTTP/1.") != std::string_view::npos &&
                         std::any_of(std::begin(methods), std::end(methods),
                                     [&](std::string_view method) { return line.starts_with(method); });
    if (!request) continue;
    const size_t from = line.find(' ') + 1;
    std::string target(line.substr(from, line.find(' ', from) - from));
    if (target.starts_with("/")) {
      const std::string scheme = flow.protocol == "https" ? "https://" : "http://";
      target = scheme + (flow.host.empty() ? address : flow.host) + port + target;
    }
    auto url = url::Url::parse(target);
    if (url && url->is_http()) urls.push_back(url->href());
  }
  return urls;
}

}  // namespace

Result<> RecordBuilder::from_gateway(std::string_view body) {
  if (body.empty()) return fail(Module::sandbox, ErrorCode::invalid_input, "an empty word of the gateway");
  const auto type = static_cast<uint8_t>(body[0]);
  const std::string_view rest = body.substr(1);
  switch (static_cast<FrameType>(type)) {
    case FrameType::flow_opened:
    case FrameType::flow_updated:
    case FrameType::flow_closed:
      return flow(rest);
    case FrameType::flow_data:
      return flow_data(rest);
    case FrameType::dns:
      return question(rest);
    case FrameType::decision:
      return decision(rest);
    case FrameType::ended:
      return gateway_ended(rest);
    case FrameType::limit: {
      SHIKAKE_ASSIGN(auto reached, base::from_wire<gateway::LimitReached>(rest));
      clip(reached.limit);
      limit("gateway: " + reached.limit);
      return {};
    }
    case FrameType::ready:
    case FrameType::failed:
      break;
  }
  return fail(Module::sandbox, ErrorCode::invalid_input, "a word of the gateway that has no place here");
}

// The gateway counts in our time, the record in the programs'.
base::TimePoint RecordBuilder::guests_time(base::TimePoint ours) const {
  const auto after =
      std::upper_bound(clock_.begin(), clock_.end(), ours,
                       [](base::TimePoint time, const ClockSeen& skip) { return time < skip.time; });
  return after == clock_.begin() ? ours : ours + std::prev(after)->ahead;
}

Result<> RecordBuilder::flow(std::string_view body) {
  SHIKAKE_ASSIGN(auto said, base::from_wire<gateway::Flow>(body));
  auto place = flow_places_.find(said.id);
  if (place == flow_places_.end()) {
    if (!room(record_.flows.size(), limits_.flows, "flows")) return {};
    place = flow_places_.emplace(said.id, record_.flows.size()).first;
    record_.flows.emplace_back().id = said.id;
  }
  intel::RunFlow& row = record_.flows[place->second];
  clip(said.host), clip(said.protocol), clip(said.detail), clip(said.rule), clip(said.tls.sni),
      clip(said.tls.ja3);
  row.local = text_of(said.local);
  row.remote = text_of(said.remote);
  row.transport = text_of(said.transport);
  row.host = std::move(said.host);
  row.sni = std::move(said.tls.sni);
  row.ja3 = std::move(said.tls.ja3);
  row.protocol = std::move(said.protocol);
  if (said.tls.seen && row.protocol == "http") row.protocol = "https";
  row.bytes_in = said.in.bytes;
  row.bytes_out = said.out.bytes;
  row.start = guests_time(said.start);
  if (said.ending != gateway::FlowEnd::open) row.end = guests_time(std::max(said.start, said.end));
  row.decision = decision_text(said.handling, said.rule, record_.network.mode);
  details_[said.id] = std::move(said.detail);
  return {};
}

Result<> RecordBuilder::flow_data(std::string_view body) {
  SHIKAKE_ASSIGN(auto said, base::from_wire<gateway::FlowData>(body));
  const auto place = flow_places_.find(said.flow);
  if (place == flow_places_.end()) return {};  // past the bound on flows
  if (stream_bytes_ + said.bytes.size() > limits_.streams) {
    limit("stream_bytes");
    return {};
  }
  stream_bytes_ += said.bytes.size();
  Stream& stream = streams_[said.flow];
  stream.both += said.bytes;
  (said.out ? stream.out : stream.in) += said.bytes;
  return {};
}

Result<> RecordBuilder::question(std::string_view body) {
  SHIKAKE_ASSIGN(auto said, base::from_wire<gateway::DnsLookup>(body));
  if (!room(record_.dns.size(), limits_.questions, "dns")) return {};
  clip(said.name), clip(said.answers);
  if (said.name.ends_with('.') && said.name.size() > 1) said.name.pop_back();
  record_.dns.push_back(
      {guests_time(said.time), std::move(said.name), type_text(said.type), std::move(said.answers)});
  return {};
}

Result<> RecordBuilder::decision(std::string_view body) {
  SHIKAKE_ASSIGN(auto said, base::from_wire<gateway::Decision>(body));
  const auto place = flow_places_.find(said.flow);
  if (place == flow_places_.end()) return {};
  clip(said.rule);
  record_.flows[place->second].decision = decision_text(said.verdict, said.rule, record_.network.mode);
  return {};
}

Result<> RecordBuilder::gateway_ended(std::string_view body) {
  SHIKAKE_ASSIGN(auto said, base::from_wire<gateway::Ended>(body));
  record_.network.packets = said.captured_packets;
  record_.network.packets_out += said.relayed_pieces;
  record_.network.bytes_out = said.relayed_bytes;
  if (said.lost_packets > 0) limit("capture");
  return {};
}

void RecordBuilder::put_streams() {
  for (intel::RunFlow& flow : record_.flows) {
    const auto found = streams_.find(flow.id);
    if (found == streams_.end()) continue;
    flow.stream_sha256 = put(found->second.both);
    if (flow.protocol == "http" || flow.protocol == "https") flow.urls = urls_in(found->second.out, flow);
  }
}

// By the 5-tuple, as far as the kernel said it: a socket that was not bound yet has its port alone.
void RecordBuilder::join_flows() {
  auto port_of = [](const std::string& end) { return end.substr(std::min(end.rfind(':'), end.size())); };
  std::unordered_map<std::string, std::vector<const SocketSeen*>> by_port;
  for (const SocketSeen& socket : sockets_) {
    if (!socket.local.empty() && socket.act != "listening")
      by_port[socket.transport + port_of(socket.local)].push_back(&socket);
  }
  for (intel::RunFlow& flow : record_.flows) {
    const auto found = by_port.find(flow.transport + port_of(flow.local));
    const SocketSeen* best = nullptr;
    auto rank = [&](const SocketSeen& socket) {
      return (socket.remote == flow.remote ? 2 : 0) + (socket.local == flow.local ? 1 : 0);
    };
    if (found == by_port.end()) continue;
    for (const SocketSeen* socket : found->second) {
      if (!socket->remote.empty() && socket->remote != flow.remote && flow.transport == "tcp") continue;
      if (!best || rank(*socket) > rank(*best)) best = socket;
    }
    if (best && process_places_.contains(best->process)) flow.process = best->process;
  }
}

}  // namespace shikake::sandbox::run
