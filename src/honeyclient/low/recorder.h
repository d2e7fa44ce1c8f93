// The visit's record as it grows: nodes and edges without doubles, everything bounded (limits.h).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "honeyclient/chain/chain.h"
#include "honeyclient/components/judge.h"
#include "honeyclient/low/protocol.h"
#include "honeyclient/low/visit.h"
#include "honeyclient/shellcode/report.h"
#include "intel/visit.h"

namespace shikake::triage {
struct Triage;
}

namespace shikake::honeyclient::low {

class Recorder {
 public:
  Recorder(const VisitOptions& options, BlobSink& blobs);

  // The node of this request: the same one for the same URL, method and body. Nothing when the record holds
  // as many as it may (room_for in request.h).
  std::optional<uint32_t> node(const std::string& url, std::string_view method = "GET",
                               std::string_view body = {},
                               intel::Mechanism mechanism = intel::Mechanism::unknown);
  intel::VisitNode& at(uint32_t id) { return record_.nodes[id]; }
  // It was navigated to, and gave a file.
  void download(uint32_t id);

  void edge(uint32_t from, uint32_t to, intel::Mechanism mechanism, const std::optional<Origin>& origin);
  void event(std::string_view kind, std::string_view detail, std::optional<uint32_t> node);
  // What a page says of itself; what chain/lures.h weighs is noted too.
  void happened(std::string_view kind, std::string_view detail, uint32_t node);
  // A request that a page made: whether it carries what was typed (chain/bait.h).
  void sent(uint32_t from, uint32_t to, const Asked& asked);
  void limit(std::string_view name);
  // `matters`: what is missing may have hidden a part of the chain.
  void unemulated(std::string_view what, bool matters);
  // Something that may convict has been seen so far.
  bool convicts() const;
  void incomplete() { record_.complete = false; }
  // What a component was used for: judged. Gives the addresses that it leads to, as they are named there.
  std::vector<std::string> component(const ComponentUse& use, uint32_t node);
  void wrote_file(const WroteFile& file, uint32_t node);
  void evaluated(const Evaluated& source, uint32_t node);
  // Code that called functions of Windows; convicts its page. False: it did what other code there did.
  bool shellcode(uint32_t node, const MachineCode& code, const shellcode::Report& report);
  // A file that was taken apart, and what of it was kept; a trait that no innocent one has convicts its node.
  void file(uint32_t node, const std::string& inside, const triage::Triage& facts,
            const std::vector<base::Digest>& kept);
  // What was found in one, an archive or a document: kept, and held against the rules.
  base::Digest part(uint32_t node, std::string_view path, std::string_view bytes, bool of_archive);
  // Something that convicted its node would have been fetched from here.
  void payload(uint32_t id, std::string why);
  // The body of a node, stored under its digest; `declared` is its Content-Type.
  // `saved_as`: of what is not shown but saved, the name that its server or page gives it, maybe "".
  void body(uint32_t id, std::string_view bytes, std::string_view declared,
            std::optional<std::string_view> saved_as = std::nullopt);
  void blob_failed(const Error& error);

  // Into the blobs, once.
  base::Digest keep(std::string_view bytes);
  // The same of a file or a text that the visit met: held against rules and against what is known to be bad.
  base::Digest take_in(std::string_view bytes, std::string_view what, uint32_t node);

  const std::optional<Error>& failure() const { return failure_; }
  // Of a forced run: what that visit has kept and matched is kept and matched.
  void follow(const Recorder& visit) { blobs_put_ = visit.blobs_put_, matched_ = visit.matched_; }
  // What a forced run of the same visit saw and this one did not, marked as forced; which checks the steps
  // that both took hung on; and how the page's own checks went. (recorder_forced.cpp)
  void absorb_forced(const Recorder& other);
  // Once, at the end: roles and verdict.
  intel::VisitRecord finish();

 private:
  intel::VisitRecord record_;
  chain::Facts facts_;
  BlobSink& blobs_;
  triage::Matcher* const rules_;
  const std::function<std::optional<std::string>(const base::Digest&)> known_bad_;
  const bool script_file_;  // opened by a person: running and writing are its right, not an attack's sign
  const base::Clock& clock_;
  std::map<std::string, uint32_t> nodes_;
  std::set<std::string> edges_;
  std::set<std::string> blobs_put_, matched_;                                  // digests
  std::set<std::tuple<uint32_t, std::string, intel::Mechanism, bool>> leaks_;  // from, site, how, encoded
  void weigh_unknown(const ComponentUse& use, const std::string& name, const std::string& member,
                     uint32_t node);
  // One fact more; where there is no room for it, the bound is named.
  template <class Fact>
  void add_fact(std::vector<Fact>& facts, Fact fact, bool room, std::string_view bound);
  void misuse(chain::Misuse misuse);
  void note_command(chain::Command command);
  void note_hit(chain::RuleHit hit);
  void archive(uint32_t id, std::string_view bytes);
  void carrier(uint32_t id);  // an archive with a program in it
  void match_rules(std::string_view bytes, std::string_view what, uint32_t node);
  std::vector<std::string> weigh(const components::Component& row, const components::Use& use, uint32_t node);
  class Merge;
  void absorb_edges(const intel::VisitRecord& forced, Merge& merge);
  void absorb_events(const intel::VisitRecord& forced, Merge& merge);
  void absorb_code(const intel::VisitRecord& forced, Merge& merge);
  void absorb_misuses(const Recorder& other, Merge& merge);

  uint64_t evaluated_bytes_ = 0;
  std::optional<Error> failure_;
};

}  // namespace shikake::honeyclient::low
