// From a run in the sandbox: what convicts a file, and what the hosts that it talked to are fit for.
#include <algorithm>
#include <array>
#include <set>

#include "intel/known_bad.h"
#include "intel/deriver.h"
#include "intel/run.h"
#include "url/ip.h"
#include "url/tenant.h"
#include "url/url.h"

namespace shikake::intel {
namespace {

// How sure we are of the file, and so of what it left and whom it called.
enum class Standing : uint8_t {
  unremarkable,  // nothing that it did is suspicious
  suspicious,    // its behaviour asks for a closer look; nothing convicts it
  convicted,     // a rule, a list or other evidence names it as bad
};

struct Confidence {
  uint8_t file, host;
};
// Whom a program calls says little about the host: malware asks for the weather too.
constexpr Confidence confidence_of[] = {{0, 15}, {35, 30}, {90, 50}};
constexpr uint8_t left_behind_confidence = 60;  // a program that convicted malware wrote
constexpr uint8_t convicted_host_confidence = 85;

// A generator of names or a scanner would make thousands, each with nothing behind it.
constexpr size_t max_hosts = 256, max_urls = 256, max_files = 256;

std::string quoted(const Recognition& found) {
  return found.source + " recognises " + found.name;
}

class RunPolicy {
 public:
  RunPolicy(const Observation& observation, const RunRecord& run, Deriver& deriver)
      : observation_(observation), run_(run), deriver_(deriver) {}

  Result<> run() {
    SHIKAKE_TRY(judge());
    add_files();
    add_flows();
    add_names();
    return {};
  }

 private:
  Result<> judge();
  // Why this file is bad; "" where nothing says so.
  Result<std::string> conviction_of(const base::Digest& sha256) const;
  void add_files();
  void add_file(const base::Digest& sha256, UseSet uses, uint8_t confidence, const std::string& why,
                const std::string& place, base::TimePoint time);
  void add_flows();
  void add_flow(const RunFlow& flow, const std::string& place);
  void add_names();
  void add_host(IndicatorType type, const std::string& value, const Assertion& base, UseSet uses);
  bool is_addressed_by_name(const RunFlow& flow) const {
    return !flow.host.empty() && !url::IpAddress::parse(flow.host);
  }
  Confidence confidence() const { return confidence_of[static_cast<size_t>(standing_)]; }

  const Observation& observation_;
  const RunRecord& run_;
  Deriver& deriver_;
  Standing standing_ = Standing::unremarkable;
  std::string why_;
  std::set<base::Digest> bad_files_;  // besides the sample
  std::set<IndicatorKey> said_;
};

Result<std::string> RunPolicy::conviction_of(const base::Digest& sha256) const {
  for (const Recognition& found : run_.recognised) {
    if (found.convicts && found.sha256 == sha256) return quoted(found);
  }
  return known_bad(deriver_.view(), sha256, observation_.sensor);
}

Result<> RunPolicy::judge() {
  SHIKAKE_ASSIGN(why_, conviction_of(run_.sample.sha256));
  for (const Recognition& found : run_.recognised) {
    if (why_.empty() && found.convicts && !found.sha256) why_ = quoted(found) + " in its memory";
  }
  for (const RunFile& file : run_.files) {
    if (!file.sha256 || file.action == FileAction::read || bad_files_.contains(*file.sha256)) continue;
    SHIKAKE_ASSIGN(std::string bad, conviction_of(*file.sha256));
    if (bad.empty()) continue;
    bad_files_.insert(*file.sha256);
    if (why_.empty()) why_ = "it left " + file.path + ", and " + bad;
  }
  for (const RunDump& dump : run_.dumps) {
    SHIKAKE_ASSIGN(std::string bad, conviction_of(dump.sha256));
    if (why_.empty() && !bad.empty()) why_ = "it unpacked code in memory, and " + bad;
  }
  if (!why_.empty()) {
    standing_ = Standing::convicted;
    return {};
  }
  const RunBehaviour* worst = nullptr;
  for (const RunBehaviour& behaviour : run_.behaviours) {
    const Weight weight = row_of(behaviour.kind).weight;
    if (weight >= Weight::suspicious && (!worst || weight > row_of(worst->kind).weight)) worst = &behaviour;
  }
  if (worst) {
    standing_ = Standing::suspicious;
    why_ = std::string(row_of(worst->kind).sentence) + (worst->object.empty() ? "" : ": " + worst->object);
  }
  return {};
}

void RunPolicy::add_file(const base::Digest& sha256, UseSet uses, uint8_t confidence, const std::string& why,
                         const std::string& place, base::TimePoint time) {
  Assertion assertion;
  assertion.key = {IndicatorType::sha256, sha256.hex()};
  assertion.role = Role::distribution;
  assertion.confidence = confidence;
  assertion.source = observation_.sensor;
  assertion.why = why;
  assertion.place = place;
  assertion.first_seen = assertion.last_seen = time;
  assertion.uses = uses;
  if (sha256 == run_.sample.sha256) {
    for (const std::string& alias : {run_.sample.md5, run_.sample.sha1}) {
      if (!alias.empty()) assertion.aliases.push_back(alias);
    }
  }
  if (said_.insert(assertion.key).second) deriver_.add(std::move(assertion));
}

void RunPolicy::add_files() {
  if (standing_ == Standing::unremarkable) return;
  UseSet block(Action::block, {Point::proxy}), alert(Action::alert, {Point::proxy});
  block.add(Action::alert, Point::ids);
  const UseSet audit(Action::audit, {Point::proxy});
  const bool convicted = standing_ == Standing::convicted;
  const std::string& name = run_.sample.name;
  add_file(run_.sample.sha256, convicted ? block : audit, confidence().file,
           convicted ? "malware: " + why_ : "in the sandbox it " + why_, "/sample", run_.start);
  size_t count = 0;
  for (size_t i = 0; i < run_.files.size() && count < max_files; ++i) {
    const RunFile& file = run_.files[i];
    if (!file.sha256 || file.size == 0 || file.action == FileAction::read ||
        *file.sha256 == run_.sample.sha256)
      continue;
    const std::string place = "/files/" + std::to_string(i);
    if (bad_files_.contains(*file.sha256)) {
      add_file(*file.sha256, block, confidence().file, "malware that " + name + " leaves at " + file.path,
               place, file.time);
    } else if (file.program) {
      add_file(*file.sha256, convicted ? alert : audit,
               convicted ? left_behind_confidence : confidence().file,
               std::string(convicted ? "a program that malware" : "a program that suspicious ") +
                   (convicted ? " (" + name + ")" : name) + " leaves at " + file.path,
               place, file.time);
    } else {
      continue;
    }
    ++count;
  }
}

void RunPolicy::add_host(IndicatorType type, const std::string& value, const Assertion& base, UseSet uses) {
  auto canonical = canonical_value(type, value);
  if (!canonical) return;
  Assertion assertion = base;
  assertion.key = {type, std::move(*canonical)};
  assertion.uses = uses;
  if (said_.insert(assertion.key).second) deriver_.add(std::move(assertion));
}

void RunPolicy::add_flow(const RunFlow& flow, const std::string& place) {
  const bool convicted = flow.role.has_value();
  Assertion base;
  base.role = flow.role.value_or(Role::unknown);
  base.confidence = convicted ? convicted_host_confidence : confidence().host;
  base.source = observation_.sensor;
  base.why = run_.sample.name + (standing_ == Standing::convicted ? ", malware," : "") +
             " talks to it in the sandbox" +
             (convicted && !flow.evidence.empty() ? ": " + flow.evidence.front() : "");
  base.place = place;
  base.first_seen = base.last_seen = flow.start;
  auto uses = [&](IndicatorType type, std::initializer_list<Point> points) {
    return convicted ? uses_of(type, base.role) : UseSet(Action::audit, points);
  };
  for (const std::string& address : flow.urls)
    add_host(IndicatorType::url, address, base, uses(IndicatorType::url, {Point::proxy}));
  if (is_addressed_by_name(flow)) {
    // One tenant of many on a platform: the platform's name is not the attacker's.
    auto root = url::Url::parse("http://" + flow.host + "/");
    const bool own = root && url::tenant(*root).grain == url::TenantGrain::domain;
    add_host(IndicatorType::domain, flow.host, base,
             own ? uses(IndicatorType::domain, {Point::dns, Point::proxy})
                 : UseSet(Action::audit, {Point::dns, Point::proxy}));
  }
  // In a closed run the address behind a name is one that the gateway made up.
  if (is_addressed_by_name(flow) && run_.network.mode != RunNetwork::open) return;
  const size_t colon = flow.remote.rfind(':');
  if (colon == std::string::npos) return;
  std::string host = flow.remote.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  auto address = url::IpAddress::parse(host);
  if (!address) return;
  const url::SpecialPurpose purpose = url::special_purpose(*address);
  if (purpose != url::SpecialPurpose::global && purpose != url::SpecialPurpose::documentation) return;
  add_host(IndicatorType::ip, host, base, uses(IndicatorType::ip, {Point::firewall}));
  add_host(IndicatorType::ip_port, flow.remote, base, uses(IndicatorType::ip_port, {Point::firewall}));
}

void RunPolicy::add_flows() {
  size_t hosts = 0;
  for (size_t i = 0; i < run_.flows.size() && hosts < max_hosts; ++i) {
    const RunFlow& flow = run_.flows[i];
    if (flow.direction != FlowDirection::outgoing || flow.protocol == "dns" || flow.transport == "icmp")
      continue;
    if (flow.decision.starts_with("refused")) continue;
    const size_t before = said_.size();
    add_flow(flow, "/flows/" + std::to_string(i));
    if (said_.size() > before) ++hosts;
    if (said_.size() > max_hosts + max_urls + max_files) break;
  }
}

// Names that were asked for; a tunnel's questions are data, not names, so that one speaks for its domain.
void RunPolicy::add_names() {
  std::vector<std::string> tunnels;
  for (const RunBehaviour& behaviour : run_.behaviours) {
    if (behaviour.kind == BehaviourKind::dns_tunnel) tunnels.push_back(behaviour.object);
  }
  auto below = [](const std::string& name, const std::string& domain) {
    return name == domain || name.ends_with("." + domain);
  };
  std::set<std::string> hosts;
  for (size_t i = 0; i < run_.dns.size() && hosts.size() < max_hosts; ++i) {
    const RunQuestion& question = run_.dns[i];
    if (question.type == "PTR") continue;
    std::string host = question.name;
    for (const std::string& tunnel : tunnels) {
      if (below(question.name, tunnel)) host = tunnel;
    }
    if (!hosts.insert(host).second) continue;
    Assertion base;
    base.confidence = confidence().host;
    base.source = observation_.sensor;
    base.why = run_.sample.name + (standing_ == Standing::convicted ? ", malware," : "") +
               (host == question.name ? " asks for this name in the sandbox"
                                      : " carries data in questions for names below it");
    base.place = "/dns/" + std::to_string(i);
    base.first_seen = base.last_seen = question.time;
    add_host(IndicatorType::domain, host, base, UseSet(Action::audit, {Point::dns, Point::proxy}));
  }
}

}  // namespace

Result<Derivation> derive_run(const Observation& observation, Deriver& deriver) {
  SHIKAKE_ASSIGN(const RunRecord run, run_from_json(observation.record));
  SHIKAKE_TRY(RunPolicy(observation, run, deriver).run());
  return deriver.take();
}

}  // namespace shikake::intel
