// From a honeyclient's visit: which parts of a convicted chain are whose.
#include <algorithm>
#include <array>
#include <set>

#include "intel/deriver.h"
#include "intel/summary.h"
#include "intel/visit.h"
#include "url/tenant.h"
#include "url/url.h"

namespace shikake::intel {
namespace {

// One row a role. `owned`: what is said of the host's name where it is the attacker's own.
struct Rule {
  Role role;
  uint8_t confidence;
  Action at_proxy;               // of the URL
  std::optional<Action> at_dns;  // of the host's domain, if it is the attacker's own
  std::optional<Action> of_ip;   // of the address, at the firewall
  bool block_ip_port;            // the address with its port, at the firewall
  std::string_view is;           // for the sentence
};
constexpr Rule rules[] = {
    // A victim itself: its visitors are to be looked after, it is not to be cut off.
    {Role::landing, 70, Action::alert, {}, {}, false, "the page that victims open"},
    // Blocked only on evidence that it is the attacker's (see relay_is_the_attackers).
    {Role::relay, 60, Action::alert, {}, {}, false, "a relay"},
    {Role::exploit, 90, Action::block, Action::block, Action::audit, false,
     "the page that attacks the browser"},
    {Role::distribution, 90, Action::block, Action::block, Action::audit, false,
     "the place that malware comes from"},
    {Role::c2, 85, Action::block, Action::block, Action::alert, true, "a server that commands malware"},
    {Role::drop, 85, Action::block, Action::block, Action::alert, true, "a server that receives loot"},
    {Role::phishing, 80, Action::block, {}, {}, false, "a page that asks for credentials under a false name"},
};

const Rule* rule_of(Role role) {
  auto found =
      std::find_if(std::begin(rules), std::end(rules), [&](const Rule& rule) { return rule.role == role; });
  return found == std::end(rules) ? nullptr : found;
}

// A verdict of suspicious: worth finding in logs, nothing more.
constexpr uint8_t suspicious_confidence = 35;
// Different compromised sites that lead to one relay: from two on it is no accident of one site.
constexpr uint64_t sites_that_convict_a_relay = 2;

// Directories of content management systems: malware behind them sits in someone's broken-into site.
constexpr std::string_view site_directories[] = {
    "/wp-content/",     "/wp-includes/",  "/wp-admin/",      "/sites/default/files/",
    "/components/com_", "/media/system/", "/skin/frontend/", "/typo3conf/",
};

// How long to wait before each further look at a convicted chain, then never again.
constexpr int revisit_days[] = {1, 2, 4, 8, 16, 32};
constexpr int revisit_priority = -10;  // what nobody has seen yet comes first
constexpr int search_priority = -5;

// A page that serves a new file a request must not fill the queue: the first ones show what it serves.
constexpr size_t max_runs = 8;
constexpr int run_priority = 5;  // what malware talks to changes fast

// What only a forced run led to is somebody else's page, seen by nobody yet: a few of them are looked at, after
// everything that was asked for.
constexpr size_t max_hidden_visits = 4;
constexpr int hidden_priority = -20;

struct Host {
  url::Url url;
  url::Tenant tenant;
};

std::optional<Host> host_of(const std::string& text) {
  auto url = url::Url::parse(text);
  if (!url || !url->is_special() || url->hostname().empty()) return std::nullopt;
  url::Tenant tenant = url::tenant(*url);
  return Host{std::move(*url), std::move(tenant)};
}

class VisitPolicy {
 public:
  VisitPolicy(const Observation& observation, const VisitRecord& visit, Deriver& deriver)
      : observation_(observation), visit_(visit), deriver_(deriver) {}

  Result<> run();

 private:
  Result<> add_node(size_t index);
  void add_infrastructure(const Assertion& base, const VisitNode& node, const Host& host, const Rule& rule);
  bool is_attackers_own(const Host& host) const;
  Result<bool> relay_is_the_attackers(const IndicatorKey& key, const Host& host) const;
  Result<> follow_up();
  Result<> run_files();
  void visit_hidden();

  const Observation& observation_;
  const VisitRecord& visit_;
  Deriver& deriver_;
  std::vector<std::string> victims_;    // tenant keys of landing pages
  std::vector<std::string> attackers_;  // tenant keys of exploit, distribution, c2 and drop nodes
};

// The host's whole name is the attacker's, as far as the chain can tell. Then, and only then, its domain may
// be blocked.
bool VisitPolicy::is_attackers_own(const Host& host) const {
  if (host.tenant.grain != url::TenantGrain::domain)
    return false;  // an address, or a platform with other tenants
  if (std::find(victims_.begin(), victims_.end(), host.tenant.key) != victims_.end()) return false;
  return std::none_of(std::begin(site_directories), std::end(site_directories),
                      [&](std::string_view directory) {
                        return host.url.pathname().find(directory) != std::string_view::npos;
                      });
}

Result<bool> VisitPolicy::relay_is_the_attackers(const IndicatorKey& key, const Host& host) const {
  if (std::find(victims_.begin(), victims_.end(), host.tenant.key) != victims_.end()) return false;
  if (std::find(attackers_.begin(), attackers_.end(), host.tenant.key) != attackers_.end()) return true;
  std::string here;
  if (auto landing = host_of(visit_.url)) here = landing->tenant.key;
  SHIKAKE_ASSIGN(uint64_t others, deriver_.view().sites_of(key, Role::relay, here));
  return others + 1 >= sites_that_convict_a_relay;
}

Result<> VisitPolicy::add_node(size_t index) {
  const VisitNode& node = visit_.nodes[index];
  const Rule* rule = node.role ? rule_of(*node.role) : nullptr;
  if (!rule) return {};  // bystanders: networks of content, numbers and advertisements
  auto key = canonical_value(IndicatorType::url, node.url);
  auto host = host_of(node.url);
  if (!key || !host) return {};  // data:, blob:, about: pages stand in no log
  Assertion assertion;
  assertion.key = {IndicatorType::url, std::move(*key)};
  assertion.role = rule->role;
  assertion.confidence = rule->confidence;
  assertion.source = observation_.sensor;
  assertion.why = std::string(rule->is) + " in the chain from " + visit_.url +
                  (node.evidence.empty() ? "" : ": " + node.evidence.front());
  assertion.place = "/nodes/" + std::to_string(index);
  assertion.first_seen = assertion.last_seen = node.time;
  if (visit_.verdict == VisitVerdict::suspicious) {
    assertion.confidence = suspicious_confidence;
    assertion.uses = UseSet(Action::audit, {Point::proxy});
    deriver_.add(std::move(assertion));
    return {};
  }
  Action at_proxy = rule->at_proxy;
  if (rule->role == Role::relay) {
    SHIKAKE_ASSIGN(bool theirs, relay_is_the_attackers(assertion.key, *host));
    if (theirs) at_proxy = Action::block;
  }
  assertion.uses = UseSet(at_proxy, {Point::proxy});
  assertion.uses.add(Action::alert, Point::ids);
  deriver_.add(assertion);
  add_infrastructure(assertion, node, *host, *rule);
  return {};
}

// Beyond the URL: the host's domain, its address, the file.
void VisitPolicy::add_infrastructure(const Assertion& base, const VisitNode& node, const Host& host,
                                     const Rule& rule) {
  auto also = [&](IndicatorType type, const std::string& value, UseSet uses) {
    auto canonical = canonical_value(type, value);
    if (!canonical) return;
    Assertion assertion = base;
    assertion.key = {type, std::move(*canonical)};
    assertion.uses = uses;
    deriver_.add(std::move(assertion));
  };
  if (rule.at_dns && is_attackers_own(host) &&
      !deriver_.is_guarded({IndicatorType::domain, host.tenant.key})) {
    UseSet uses(*rule.at_dns, {Point::dns, Point::proxy});
    uses.add(Action::alert, Point::ids);
    also(IndicatorType::domain, std::string(host.url.hostname()), uses);
  }
  if (rule.of_ip && !node.ip.empty()) {
    also(IndicatorType::ip, node.ip, UseSet(*rule.of_ip, {Point::firewall}));
    auto port = host.url.effective_port();
    if (rule.block_ip_port && port) {
      const bool v6 = node.ip.find(':') != std::string::npos;
      also(IndicatorType::ip_port, (v6 ? "[" + node.ip + "]:" : node.ip + ":") + std::to_string(*port),
           UseSet(Action::block, {Point::firewall}));
    }
  }
  if (rule.role == Role::distribution && node.sha256 && node.size > 0) {
    UseSet uses(Action::block, {Point::proxy});
    uses.add(Action::alert, Point::ids);
    also(IndicatorType::sha256, node.sha256->hex(), uses);
  }
}

// Is it still alive? Looked at again ever later, as long as it was ever convicted.
Result<> VisitPolicy::follow_up() {
  auto page = host_of(visit_.url);
  if (!page || !page->url.is_http()) return {};  // a saved file stays as it is
  bool convicted = visit_.verdict == VisitVerdict::malicious;
  if (!convicted) {
    auto key = canonical_value(IndicatorType::url, visit_.url);
    if (!key) return {};
    SHIKAKE_ASSIGN(auto known, deriver_.view().find({IndicatorType::url, *key}));
    convicted =
        known && std::find(known->roles.begin(), known->roles.end(), Role::landing) != known->roles.end();
  }
  if (!convicted) return {};
  SHIKAKE_ASSIGN(uint64_t earlier, deriver_.view().count_before(ObservationKind::visit, observation_.subject,
                                                                observation_.time));
  if (earlier >= std::size(revisit_days)) return {};
  Job job;
  job.kind = "visit";
  job.subject = visit_.url;
  if (!visit_.client.empty()) job.parameters["client"] = visit_.client;
  if (!visit_.persona.empty()) job.parameters["persona"] = visit_.persona;
  job.priority = revisit_priority;
  job.earliest = observation_.time + std::chrono::days(revisit_days[earlier]);
  deriver_.add(std::move(job));
  // What else is of its make? Asked once; later looks find the same neighbours.
  if (earlier > 0) return {};
  Job search;
  search.kind = "neighbours";
  search.subject = visit_.url;
  search.priority = search_priority;
  search.earliest = observation_.time;
  deriver_.add(std::move(search));
  return {};
}

// What the chain led to is run in the sandbox, each file once.
Result<> VisitPolicy::run_files() {
  std::set<base::Digest> asked;
  for (const VisitNode& node : visit_.nodes) {
    if (node.role != Role::distribution || !node.sha256 || node.size == 0) continue;
    if (asked.size() >= max_runs || !asked.insert(*node.sha256).second) continue;
    SHIKAKE_ASSIGN(uint64_t earlier,
                   deriver_.view().count_before(ObservationKind::run, node.sha256->hex(), observation_.time));
    if (earlier > 0) continue;
    Job job;
    job.kind = "run";
    job.subject = node.sha256->hex();
    job.parameters["url"] = node.url;
    job.priority = run_priority;
    job.earliest = observation_.time;
    deriver_.add(std::move(job));
  }
  return {};
}

void VisitPolicy::visit_hidden() {
  auto page = host_of(visit_.url);
  if (!page) return;
  std::set<std::string> asked;
  for (const VisitEdge& edge : visit_.edges) {
    bool opens = edge.mechanism == Mechanism::location || edge.mechanism == Mechanism::iframe ||
                 edge.mechanism == Mechanism::frame || edge.mechanism == Mechanism::window_open ||
                 edge.mechanism == Mechanism::script;
    if (!edge.forced || !opens || edge.to >= visit_.nodes.size() || visit_.nodes[edge.to].fetched) continue;
    const VisitNode& node = visit_.nodes[edge.to];
    auto host = host_of(node.url);
    if (!host || !host->url.is_http() || host->tenant.key == page->tenant.key) continue;
    if (asked.size() >= max_hidden_visits || !asked.insert(node.url).second) continue;
    Job job;
    job.kind = "visit";
    job.subject = node.url;
    job.parameters["referrer"] = visit_.url;
    if (!visit_.persona.empty()) job.parameters["persona"] = visit_.persona;
    job.priority = hidden_priority;
    job.earliest = observation_.time;
    deriver_.add(std::move(job));
  }
}

Result<> VisitPolicy::run() {
  visit_hidden();
  if (visit_.verdict != VisitVerdict::benign) {
    for (const VisitNode& node : visit_.nodes) {
      auto host = node.role ? host_of(node.url) : std::nullopt;
      if (!host) continue;
      const Rule* rule = rule_of(*node.role);
      if (node.role == Role::landing)
        victims_.push_back(host->tenant.key);
      else if (rule && rule->at_dns)
        attackers_.push_back(host->tenant.key);
    }
    for (size_t i = 0; i < visit_.nodes.size(); ++i) SHIKAKE_TRY(add_node(i));
    SHIKAKE_TRY(run_files());
  }
  return follow_up();
}

}  // namespace

Result<Derivation> derive_visit(const Observation& observation, Deriver& deriver) {
  SHIKAKE_ASSIGN(const VisitRecord visit, visit_from_json(observation.record));
  SHIKAKE_TRY(VisitPolicy(observation, visit, deriver).run());
  return deriver.take();
}

}  // namespace shikake::intel
