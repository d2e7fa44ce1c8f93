#include "sandbox/run/network_behaviour.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "url/ip.h"
#include "url/tenant.h"
#include "url/url.h"

namespace shikake::sandbox::run {
namespace {

using intel::BehaviourKind;
using intel::RunFlow;
using intel::RunRecord;

// A server that is called this often within one run is called on a plan: a download or a page takes one call
// or two.
constexpr size_t beacon_calls = 3;
// More remote ends than a program that means well talks to in a run without being told.
constexpr size_t scan_ends = 15;
// Three wrong passwords are a person's; a list begins after them.
constexpr size_t guessing_logins = 5;
// Data in names: many different ones below one name, each long. 20 bytes a name is more than words have.
constexpr size_t tunnel_names = 8, tunnel_label_bytes = 20;
// Smaller files are found in any stream by accident.
constexpr size_t least_download = 16;
// Bytes of streams that files are looked for in: about a second.
constexpr uint64_t most_searched = uint64_t{1} << 30;

struct ProtocolRow {
  std::string_view protocol;
  BehaviourKind kind;
};
constexpr ProtocolRow protocols[] = {
    {"http", BehaviourKind::http_request},  {"https", BehaviourKind::https_request},
    {"tls", BehaviourKind::https_request},  {"irc", BehaviourKind::irc_session},
    {"smtp", BehaviourKind::mail_sent},     {"ftp", BehaviourKind::ftp_session},
    {"telnet", BehaviourKind::raw_session}, {"pop3", BehaviourKind::raw_session},
    {"raw", BehaviourKind::raw_session},
};
constexpr std::string_view login_ports[] = {"21", "22", "23", "110", "143", "2323", "3389", "5900"};
// Stratum and what grew from it: https://reference.cash/mining/stratum-protocol
constexpr std::string_view mining_words[] = {"\"mining.subscribe\"", "\"mining.authorize\"",
                                             "\"method\":\"login\"", "\"method\":\"submit\""};

std::string_view port_of(std::string_view end) {
  const size_t colon = end.rfind(':');
  return colon == std::string_view::npos ? std::string_view() : end.substr(colon + 1);
}

std::string_view address_of(std::string_view end) {
  std::string_view host = end.substr(0, std::min(end.rfind(':'), end.size()));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host;
}

std::string remote_name(const RunFlow& flow) {
  return flow.host.empty() ? flow.remote : fmt::format("{}:{}", flow.host, port_of(flow.remote));
}

class Network {
 public:
  Network(RunRecord& run, const NetworkFacts& facts, const std::map<base::Digest, std::string>& contents)
      : run_(run), facts_(facts), contents_(contents) {}

  void judge() {
    forget_nameless_beacons();
    for (size_t i = 0; i < run_.flows.size(); ++i) {
      speaks(i);
      mines(i);
    }
    beacons();
    scans();
    guesses();
    tunnels();
    reaches();
    downloads();
  }

 private:
  // Once for each kind, process and object; counted further.
  void note(BehaviourKind kind, std::optional<uint32_t> process, base::TimePoint time,
            const std::string& object, const std::string& proof, std::optional<uint32_t> flow = {}) {
    const uint32_t who = process.value_or(0);
    const auto key = std::make_tuple(kind, who, object);
    if (const auto known = noted_.find(key); known != noted_.end()) {
      ++run_.behaviours[known->second].count;
      return;
    }
    noted_.emplace(key, run_.behaviours.size());
    intel::RunBehaviour row;
    row.kind = kind;
    row.process = who;
    row.time = time;
    row.object = object;
    row.proof = proof;
    row.flow = flow;
    run_.behaviours.push_back(std::move(row));
  }

  bool is_resolver(std::string_view remote) const {
    return std::find(facts_.resolvers.begin(), facts_.resolvers.end(), address_of(remote)) !=
           facts_.resolvers.end();
  }

  void speaks(size_t place) {
    const RunFlow& flow = run_.flows[place];
    if (flow.bytes_out == 0 && flow.bytes_in == 0) return;  // a connection alone, told by the monitor
    for (const ProtocolRow& row : protocols) {
      if (row.protocol != flow.protocol) continue;
      const std::string& detail = facts_.flows[place].detail;
      const std::string proof =
          detail.empty() ? fmt::format("{} with {}", flow.protocol, flow.remote) : detail;
      note(row.kind, flow.process, flow.start, remote_name(flow), proof, flow.id);
    }
  }

  void mines(size_t place) {
    const RunFlow& flow = run_.flows[place];
    const std::string_view head = facts_.flows[place].out.substr(0, 4096);  // its first words are the log-in
    for (std::string_view word : mining_words) {
      if (head.find(word) == std::string_view::npos || head.find("jsonrpc") == std::string_view::npos)
        continue;
      note(BehaviourKind::mining, flow.process, flow.start, remote_name(flow), fmt::format("sends {}", word),
           flow.id);
      return;
    }
  }

  // The monitor counts calls of an address; where the gateway knows a flow to it, its name says more, and
  // asking for names is no beacon.
  void forget_nameless_beacons() {
    std::set<std::string> known;
    for (const RunFlow& flow : run_.flows) known.insert(flow.remote);
    std::erase_if(run_.behaviours, [&](const intel::RunBehaviour& row) {
      return row.kind == BehaviourKind::beacon && (known.contains(row.object) || is_resolver(row.object));
    });
  }

  void beacons() {
    std::map<std::string, std::vector<const RunFlow*>> calls;
    for (const RunFlow& flow : run_.flows) {
      if (flow.protocol == "dns" || flow.protocol == "ntp" || flow.transport != "tcp" || flow.bytes_out == 0)
        continue;
      calls[remote_name(flow)].push_back(&flow);
    }
    for (const auto& [remote, flows] : calls) {
      if (flows.size() < beacon_calls) continue;
      const RunFlow& first = *flows.front();
      note(BehaviourKind::beacon, first.process, first.start, remote,
           fmt::format("{} conversations, the first at {}", flows.size(), base::to_rfc3339(first.start)),
           first.id);
    }
  }

  void scans() {
    struct Targets {
      std::set<std::string> ends;
      base::TimePoint first{};
      std::string example;
    };
    std::map<uint32_t, Targets> by_process;
    auto add = [&](uint32_t process, const std::string& remote, base::TimePoint time) {
      Targets& targets = by_process[process];
      if (targets.ends.empty()) targets.first = time, targets.example = remote;
      targets.ends.insert(remote);
    };
    // Where it said something it was there to talk.
    for (const RunFlow& flow : run_.flows) {
      if (flow.transport != "icmp" && flow.bytes_out == 0)
        add(flow.process.value_or(0), flow.remote, flow.start);
    }
    for (const SocketSeen& socket : facts_.sockets) {
      if (socket.act == "connected" && socket.transport == "tcp" && socket.bytes_out == 0 &&
          !talked_to(socket.remote))
        add(socket.process, socket.remote, socket.time);
    }
    for (const auto& [process, targets] : by_process) {
      if (targets.ends.size() < scan_ends) continue;
      note(BehaviourKind::port_scan, process, targets.first, targets.example,
           fmt::format("{} addresses and ports tried without a word said", targets.ends.size()));
    }
  }

  bool talked_to(const std::string& remote) {
    if (talked_.empty()) {
      talked_.insert("");
      for (const RunFlow& flow : run_.flows) {
        if (flow.bytes_out > 0) talked_.insert(flow.remote);
      }
    }
    return talked_.contains(remote);
  }

  void guesses() {
    std::map<std::pair<uint32_t, std::string>, std::vector<const RunFlow*>> logins;
    for (size_t i = 0; i < run_.flows.size(); ++i) {
      const RunFlow& flow = run_.flows[i];
      const std::string_view port = port_of(flow.remote);
      if (flow.bytes_out == 0 ||
          std::find(std::begin(login_ports), std::end(login_ports), port) == std::end(login_ports))
        continue;
      logins[{flow.process.value_or(0), std::string(port)}].push_back(&flow);
    }
    for (const auto& [who, flows] : logins) {
      if (flows.size() < guessing_logins) continue;
      note(BehaviourKind::login_guessing, who.first, flows.front()->start, flows.front()->remote,
           fmt::format("{} log-ins at port {}", flows.size(), who.second), flows.front()->id);
    }
  }

  void tunnels() {
    struct Names {
      std::set<std::string> names;
      size_t longest_sum = 0;
      base::TimePoint first{};
    };
    std::map<std::string, Names> below;
    for (const intel::RunQuestion& question : run_.dns) {
      std::string parent = parent_of(question.name);
      if (parent.empty()) continue;
      Names& names = below[parent];
      if (names.names.empty()) names.first = question.time;
      if (names.names.insert(question.name).second) names.longest_sum += question.name.size() - parent.size();
    }
    for (const auto& [parent, names] : below) {
      if (names.names.size() < tunnel_names || names.longest_sum < tunnel_label_bytes * names.names.size())
        continue;
      note(BehaviourKind::dns_tunnel, asker(), names.first, parent,
           fmt::format("{} names with {} bytes before it, such as {}", names.names.size(), names.longest_sum,
                       *names.names.begin()));
    }
  }

  static std::string parent_of(const std::string& name) {
    auto root = url::Url::parse("http://" + name + "/");
    if (!root) return "";
    const url::Tenant tenant = url::tenant(*root);
    const std::string& parent = tenant.key;
    const bool below =
        tenant.grain != url::TenantGrain::address && name.size() > parent.size() && name.ends_with(parent);
    return below ? parent : "";
  }

  // Who asks for names: the process with the flow to a resolver.
  std::optional<uint32_t> asker() const {
    for (const RunFlow& flow : run_.flows) {
      if (flow.protocol == "dns" && flow.process) return flow.process;
    }
    for (const SocketSeen& socket : facts_.sockets) {
      if (is_resolver(socket.remote)) return socket.process;
    }
    return {};
  }

  // This machine and its neighbours, as the program takes them to be.
  void reaches() {
    for (const SocketSeen& socket : facts_.sockets) {
      if (socket.remote.empty() || socket.act == "accepted" || is_resolver(socket.remote)) continue;
      auto address = url::IpAddress::parse(address_of(socket.remote));
      if (!address) continue;
      const url::SpecialPurpose purpose = url::special_purpose(*address);
      if (purpose == url::SpecialPurpose::global || purpose == url::SpecialPurpose::documentation ||
          is_made_up(socket.remote))
        continue;
      // A name service asks loopback when it looks for a route (getaddrinfo sorts by it); nothing is sent.
      if (socket.transport != "tcp" && socket.act == "connected") continue;
      note(BehaviourKind::host_contact, socket.process, socket.time, socket.remote,
           fmt::format("{} {} ({})", socket.act, socket.remote, url::name(purpose)));
    }
  }

  // The closed Internet gives names addresses of its own, which are nobody's either.
  bool is_made_up(std::string_view remote) {
    if (made_up_.empty()) {
      made_up_.insert("");
      for (const RunFlow& flow : run_.flows) {
        if (!flow.host.empty() && !url::IpAddress::parse(flow.host))
          made_up_.emplace(address_of(flow.remote));
      }
      for (const intel::RunQuestion& question : run_.dns)
        made_up_.insert(question.answers.begin(), question.answers.end());
    }
    return made_up_.contains(std::string(address_of(remote)));
  }

  void downloads() {
    noted_.clear();  // places in the list change below
    std::set<std::string> told;
    uint64_t searched = 0;
    for (intel::RunFile& file : run_.files) {
      if (!file.sha256 || file.size < least_download || file.action == intel::FileAction::read) continue;
      const auto content = contents_.find(*file.sha256);
      if (content == contents_.end() || !told.insert(file.path).second) continue;
      for (size_t i = 0; i < run_.flows.size(); ++i) {
        const std::string_view in = facts_.flows[i].in;
        if (in.size() < content->second.size()) continue;
        if ((searched += in.size()) > most_searched) return;
        if (in.find(content->second) == std::string_view::npos) continue;
        const RunFlow& flow = run_.flows[i];
        note(BehaviourKind::downloaded_file, file.process, file.time, file.to.empty() ? file.path : file.to,
             fmt::format("its {} bytes came from {}", file.size,
                         flow.urls.empty() ? remote_name(flow) : flow.urls.front()),
             flow.id);
        // It was not inside the program, so it is no embedded payload.
        std::erase_if(run_.behaviours, [&](const intel::RunBehaviour& row) {
          return row.kind == BehaviourKind::dropped_executable && row.object == file.path;
        });
        break;
      }
    }
  }

  RunRecord& run_;
  const NetworkFacts& facts_;
  const std::map<base::Digest, std::string>& contents_;
  std::map<std::tuple<BehaviourKind, uint32_t, std::string>, size_t> noted_;
  std::set<std::string> talked_, made_up_;  // filled when first asked
};

}  // namespace

void add_network_behaviours(RunRecord& run, const NetworkFacts& facts,
                            const std::map<base::Digest, std::string>& contents) {
  Network(run, facts, contents).judge();
}

}  // namespace shikake::sandbox::run
