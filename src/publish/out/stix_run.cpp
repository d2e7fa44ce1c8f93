#include "publish/out/stix_run.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "intel/json.h"
#include "intel/model.h"
#include "publish/out/stix_common.h"
#include "publish/stix_words.h"
#include "publish/uuid.h"
#include "url/ip.h"

namespace shikake::publish {
namespace {

using boost::json::array;
using boost::json::object;
using intel::RunRecord;
using intel::Weight;

// Bundles are read by people's tools: the record has the rest.
constexpr size_t max_of_each = 500;

struct Remote {
  std::string address;
  int64_t port = 0;
};
std::optional<Remote> remote_of(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const std::string digits = text.substr(colon + 1);
  constexpr size_t most_digits = 5;
  if (!url::IpAddress::parse(host) || digits.empty() || digits.size() > most_digits ||
      digits.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  return Remote{host, std::min(std::stoll(digits), 65535LL)};
}

class RunBundle {
 public:
  RunBundle(const RunRecord& run, std::string_view version) : run_(run), version_(version) {
    key_ = run.sample.sha256.hex() + "|" + base::to_rfc3339(run.start);
    end_ = run.start + run.elapsed;
  }

  std::string render() {
    add(identity(own_name, "system"));
    sample_ = add_observable(file(run_.sample.sha256, run_.sample.name, run_.sample.size));
    malware();
    files();
    flows();
    names();
    processes();
    techniques();
    analysis();
    return write();
  }

 private:
  // Once each; gives its identifier.
  std::string add(object json) {
    std::string id(json.at("id").as_string());
    if (ids_.insert(id).second) objects_.push_back(std::move(json));
    return id;
  }
  std::string add_observable(object json) {
    std::string id = add(std::move(json));
    if (seen_.insert(id).second) observed_.emplace_back(id);
    return id;
  }
  object domain_object(std::string_view type, std::string_view what) {
    object out = common(type, own_id(type, key_ + "|" + std::string(what)), run_.start, end_);
    out["created_by_ref"] = own_id("identity", own_name);
    return out;
  }
  void relate(const std::string& from, std::string_view how, const std::string& to,
              const std::string& description = "") {
    object out = domain_object("relationship", from + std::string(how) + to);
    out["relationship_type"] = how;
    out["source_ref"] = from;
    out["target_ref"] = to;
    if (!description.empty()) out["description"] = description;
    add(std::move(out));
  }

  object file(const base::Digest& sha256, const std::string& path, uint64_t size) {
    object hashes;
    std::string_view strongest = "SHA-256";  // that names it: the first of section 6.7 that there is
    if (sha256 == run_.sample.sha256) {
      if (!run_.sample.md5.empty()) hashes["MD5"] = run_.sample.md5, strongest = "MD5";
      if (!run_.sample.sha1.empty()) hashes["SHA-1"] = run_.sample.sha1;
      if (!run_.sample.ssdeep.empty()) hashes["SSDEEP"] = run_.sample.ssdeep;
    }
    hashes["SHA-256"] = sha256.hex();
    std::string name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
    if (name.empty()) name = sha256.hex();
    object contributing{{"hashes", object{{strongest, hashes.at(strongest)}}}, {"name", name}};
    object rest{{"hashes", std::move(hashes)}, {"name", name}};
    if (size <= INT64_MAX) rest["size"] = size;
    return observable("file", contributing, std::move(rest));
  }

  std::string result() const {
    for (const intel::Recognition& found : run_.recognised) {
      if (found.convicts) return "malicious";
    }
    for (const intel::RunFlow& flow : run_.flows) {
      if (flow.role) return "malicious";  // it obeyed, was fed or gave loot away
    }
    for (const intel::RunBehaviour& behaviour : run_.behaviours) {
      if (intel::row_of(behaviour.kind).weight >= Weight::suspicious) return "suspicious";
    }
    return "unknown";  // a run proves no innocence
  }

  void malware() {
    if (result() == "unknown") return;
    object out = domain_object("malware", "malware");
    out["is_family"] = false;
    out["name"] = run_.sample.name.empty() ? run_.sample.sha256.hex() : run_.sample.name;
    out["malware_types"] = array{"unknown"};
    out["sample_refs"] = array{sample_};
    out["first_seen"] = stix_time(run_.start);
    for (const intel::Recognition& found : run_.recognised) {
      if (found.convicts) out["aliases"] = array{found.name};
    }
    malware_ = add(std::move(out));
  }

  void files() {
    size_t count = 0;
    for (const intel::RunFile& one : run_.files) {
      if (!one.sha256 || one.action == intel::FileAction::read || count == max_of_each) continue;
      ++count;
      const std::string id = add_observable(file(*one.sha256, one.to.empty() ? one.path : one.to, one.size));
      if (!malware_.empty() && one.program && *one.sha256 != run_.sample.sha256)
        relate(malware_, "drops", id, one.path);
    }
  }

  std::string value_object(std::string_view type, const std::string& value) {
    object contributing{{"value", value}};
    return add_observable(observable(type, contributing, contributing));
  }

  void flows() {
    size_t count = 0;
    for (const intel::RunFlow& flow : run_.flows) {
      auto remote = remote_of(flow.remote), local = remote_of(flow.local);
      if (!remote || flow.transport == "icmp" || ++count > max_of_each) continue;
      const std::string there = value_object(address_type(remote->address), remote->address);
      object contributing{{"start", stix_time(flow.start)}, {"dst_ref", there}, {"dst_port", remote->port}};
      if (local) {
        contributing["src_ref"] = value_object(address_type(local->address), local->address);
        contributing["src_port"] = local->port;
      }
      array protocols{address_type(remote->address).substr(0, 4)};
      for (const std::string& protocol : {flow.transport, flow.protocol}) {
        if (!protocol.empty() && (protocols.size() < 2 || protocol != flow.transport))
          protocols.emplace_back(protocol);
      }
      contributing["protocols"] = std::move(protocols);
      object rest = contributing;
      rest["src_byte_count"] = std::min<uint64_t>(flow.bytes_out, INT64_MAX);
      rest["dst_byte_count"] = std::min<uint64_t>(flow.bytes_in, INT64_MAX);
      if (flow.end) rest["end"] = stix_time(*flow.end);
      const std::string traffic =
          add_observable(observable("network-traffic", contributing, std::move(rest)));
      if (flow.process) connections_[*flow.process].emplace_back(traffic);
      talk(flow, there);
    }
  }

  // What malware communicates with: the name where there is one, the address that it named itself else.
  void talk(const intel::RunFlow& flow, const std::string& address) {
    std::string target = address;
    if (!flow.host.empty() && !url::IpAddress::parse(flow.host)) {
      auto domain = intel::canonical_value(intel::IndicatorType::domain, flow.host);
      if (domain) target = value_object("domain-name", *domain);
    }
    if (!malware_.empty() && flow.protocol != "dns") relate(malware_, "communicates-with", target);
    if (!malware_.empty() && flow.role) infrastructure(flow, target);
    for (const std::string& text : flow.urls) {
      auto canonical = intel::canonical_value(intel::IndicatorType::url, text);
      if (!canonical) continue;
      const std::string id = value_object("url", *canonical);
      if (!malware_.empty()) relate(malware_, "communicates-with", id);
    }
  }

  // What taint proved a remote to be for: section 4.8 and the vocabulary of section 10.11.
  void infrastructure(const intel::RunFlow& flow, const std::string& remote) {
    struct Row {
      intel::Role role;
      std::string_view type, how;
      bool malware_is_source;
    };
    constexpr Row rows[] = {{intel::Role::c2, "command-and-control", "beacons-to", true},
                            {intel::Role::drop, "exfiltration", "exfiltrate-to", true},
                            {intel::Role::distribution, "hosting-malware", "delivers", false}};
    for (const Row& row : rows) {
      if (row.role != *flow.role) continue;
      object out = domain_object("infrastructure", std::string(row.type) + remote);
      out["name"] = flow.host.empty() ? flow.remote : flow.host;
      out["infrastructure_types"] = array{row.type};
      if (!flow.evidence.empty()) out["description"] = flow.evidence.front();
      const std::string id = add(std::move(out));
      relate(id, "consists-of", remote);
      if (row.malware_is_source)
        relate(malware_, row.how, id);
      else
        relate(id, row.how, malware_);
    }
  }

  void names() {
    size_t count = 0;
    for (const intel::RunQuestion& question : run_.dns) {
      auto domain = intel::canonical_value(intel::IndicatorType::domain, question.name);
      if (domain && ++count <= max_of_each) value_object("domain-name", *domain);
    }
  }

  void processes() {
    std::map<uint32_t, std::string> ids;
    auto id_of = [&](uint32_t process) { return own_id("process", key_ + "|" + std::to_string(process)); };
    for (size_t i = 0; i < std::min(run_.processes.size(), max_of_each); ++i) {
      const intel::RunProcess& process = run_.processes[i];
      ids[process.id] = id_of(process.id);
    }
    for (size_t i = 0; i < std::min(run_.processes.size(), max_of_each); ++i) {
      const intel::RunProcess& process = run_.processes[i];
      std::string command;
      for (const std::string& argument : process.argv) command += (command.empty() ? "" : " ") + argument;
      object out{{"type", "process"},
                 {"spec_version", "2.1"},
                 {"id", ids.at(process.id)},
                 {"pid", process.pid},
                 {"created_time", stix_time(process.start)}};
      if (!command.empty()) out["command_line"] = command;
      if (!process.cwd.empty()) out["cwd"] = process.cwd;
      if (process.parent && ids.contains(*process.parent)) out["parent_ref"] = ids.at(*process.parent);
      if (process.id == 0) out["image_ref"] = sample_;
      if (const auto found = connections_.find(process.id); found != connections_.end())
        out["opened_connection_refs"] = found->second;
      add_observable(std::move(out));
    }
  }

  void techniques() {
    if (malware_.empty()) return;
    std::map<std::string_view, std::string> proofs;
    for (const intel::RunBehaviour& behaviour : run_.behaviours) {
      const intel::BehaviourRow& row = intel::row_of(behaviour.kind);
      std::string proof = std::string(row.sentence) + (behaviour.proof.empty() ? "" : ": " + behaviour.proof);
      proofs.emplace(row.technique, std::move(proof));
    }
    for (const auto& [technique, proof] : proofs) {
      object pattern =
          common("attack-pattern", own_id("attack-pattern", technique), from_the_start, from_the_start);
      pattern["name"] = intel::technique_name(technique);
      pattern["external_references"] =
          array{object{{"source_name", "mitre-attack"}, {"external_id", technique}}};
      relate(malware_, "uses", add(std::move(pattern)), proof);
    }
  }

  void analysis() {
    object out = domain_object("malware-analysis", "analysis");
    out["product"] = "shikake";
    out["version"] = version_;
    out["modules"] = array{"sandbox"};
    out["analysis_started"] = stix_time(run_.start);
    out["analysis_ended"] = stix_time(end_);
    out["result"] = result();
    for (const intel::Recognition& found : run_.recognised) {
      if (found.convicts) out["result_name"] = found.name;
    }
    out["sample_ref"] = sample_;
    if (!observed_.empty()) out["analysis_sco_refs"] = observed_;
    const std::string id = add(std::move(out));
    if (!malware_.empty()) relate(id, "dynamic-analysis-of", malware_);
  }

  std::string write() const {
    std::string body;
    for (const object& json : objects_) {
      body += body.empty() ? "\n" : ",\n";
      intel::append_canonical_json(body, json);
    }
    return "{\"type\":\"bundle\",\"id\":\"bundle--" + uuid5(own_namespace, body) + "\",\"objects\":[" + body +
           "\n]}\n";
  }

  const RunRecord& run_;
  std::string_view version_;
  std::string key_, sample_, malware_;
  base::TimePoint end_;
  std::vector<object> objects_;
  std::set<std::string> ids_, seen_;
  array observed_;
  std::map<uint32_t, array> connections_;
};

}  // namespace

std::string stix_run(const RunRecord& run, std::string_view version) {
  return RunBundle(run, version).render();
}

}  // namespace shikake::publish
