#include "sandbox/run/analysis.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/file.h"
#include "sandbox/emulation/target.h"
#include "taint/emulator.h"

namespace shikake::sandbox::run {
namespace {

constexpr std::string_view sensor = "sandbox";
constexpr std::string_view sensor_version = "1";
// A member or dropped file of one kind and another; more of one archive are named in its facts.
constexpr size_t most_members = 16;

// What YARA rules that name malware are tagged with, and how their names begin
// (https://github.com/Neo23x0/YARA-Style-Guide).
constexpr std::string_view bad_tags[] = {"malware",  "malicious", "ransomware", "trojan",
                                         "backdoor", "botnet",    "rootkit",    "apt",
                                         "worm",     "stealer",   "miner"};
constexpr std::string_view bad_prefixes[] = {"MAL_",   "MALW_",     "APT_",  "RANSOM_",
                                             "CRIME_", "WEBSHELL_", "HKTL_", "EXPL_"};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

Result<base::UniqueFd> file_of(std::string_view bytes) {
  base::UniqueFd file(::memfd_create("sample", MFD_CLOEXEC));
  if (!file) return fail_errno(Module::sandbox, "cannot make a file in memory");
  SHIKAKE_TRY(base::write_all(file.get(), bytes, "a file in memory"));
  return file;
}

// A name for the sample's file in the cell: one component, printable, not hidden, not too long.
std::string plain_name(const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);
  constexpr size_t most = 100;
  if (name.size() > most) name = name.substr(name.size() - most);
  for (char& c : name) {
    if (static_cast<unsigned char>(c) < 0x21 || static_cast<unsigned char>(c) == 0x7f) c = '_';
  }
  return name.empty() || name.starts_with('.') ? "sample" + name : name;
}

std::vector<intel::Recognition> recognitions(const triage::Triage& facts) {
  std::vector<intel::Recognition> all;
  for (const triage::RuleMatch& match : facts.rules) {
    intel::Recognition found;
    found.source = base::to_valid_utf8("yara:" + match.source);
    found.name = match.rule;
    found.sha256 = base::Digest::from_hex(facts.hashes.sha256);
    found.detail = base::to_valid_utf8(match.description);
    found.convicts = convicts(match);
    all.push_back(std::move(found));
  }
  return all;
}

// How to start a file; nothing where it is no kind that runs.
struct Kind {
  std::optional<std::vector<std::string>> before;  // what starts it; empty: itself
  intel::RunOutcome outcome = intel::RunOutcome::not_run;
  std::string why_not;
  std::string emulator;  // that it needs
  std::string target = "x86_64";  // whose instructions it has; of a script, its interpreter's are this machine's
};

// A program of another instruction set runs where its emulator is installed.
Kind foreign(const triage::Elf& elf, base::ByteSpan head) {
  Kind kind;
  kind.outcome = intel::RunOutcome::refused;
  const auto target = emulation::target_of(head);
  constexpr uint16_t executable = 2;  // ET_EXEC
  if (!target || emulation::is_own(*target) || (elf.type != executable && !elf.is_pie)) {
    kind.why_not = fmt::format("an ELF file for {} that neither this machine nor an emulator here can start",
                               elf.machine_name);
    return kind;
  }
  if (!emulation::find_emulator(*target)) {
    kind.why_not = fmt::format("an ELF file for {}: qemu-{} runs such here, and is missing (Debian's package "
                               "qemu-user has it)",
                               elf.machine_name, *target);
    return kind;
  }
  kind.emulator = kind.target = *target;
  kind.before.emplace();
  return kind;
}

// A kernel looks at less of a header than triage does.
std::optional<Kind> despite_its_header(base::ByteSpan head) {
  const auto architecture = taint::started_as(head);
  std::vector<uint8_t> right(head.begin(), head.end());
  if (!architecture || !taint::put_header_right(*architecture, right) || !taint::is_executable(*architecture, head))
    return std::nullopt;
  Kind kind;
  kind.target = taint::name(*architecture);
  if (!emulation::is_own(kind.target)) {
    if (!emulation::find_emulator(kind.target)) return std::nullopt;
    kind.emulator = kind.target;
  }
  kind.before.emplace();
  return kind;
}

Kind kind_of(const triage::Triage& facts, base::ByteSpan head) {
  using triage::FileKind;
  Kind kind;
  switch (facts.kind) {
    case FileKind::elf: {
      if (facts.elf && facts.elf->runs_here) {
        kind.before.emplace();
        if (const auto target = emulation::target_of(head)) kind.target = *target;
        return kind;
      }
      if (auto all_the_same = despite_its_header(head)) return *std::move(all_the_same);
      kind.outcome = intel::RunOutcome::refused;
      if (!facts.elf || facts.elf->bits == 0 || facts.elf->type == 0)
        kind.why_not = "its ELF header is damaged: no system could start it";
      else if (!facts.elf->malformed.empty())
        kind.why_not = "damaged: " + facts.elf->malformed.front();
      else
        return foreign(*facts.elf, head);
      return kind;
    }
    case FileKind::script:
      kind.before.emplace(1, facts.script->interpreter);
      kind.before->insert(kind.before->end(), facts.script->arguments.begin(), facts.script->arguments.end());
      return kind;
    case FileKind::empty:
      kind.why_not = "an empty file";
      return kind;
    case FileKind::archive:
      kind.why_not = "an archive: its members are analysed";
      return kind;
    case FileKind::executable:
      kind.why_not = "a program of another system; this sandbox runs those of Linux";
      return kind;
    default:
      kind.why_not = fmt::format("not a kind of file that runs ({})", triage::name(facts.kind));
      return kind;
  }
}

Kind startable(const triage::Triage& facts, base::ByteSpan head) {
  Kind kind = kind_of(facts, head);
  if (!kind.before || facts.size <= max_sample_bytes) return kind;
  kind.before.reset();
  kind.outcome = intel::RunOutcome::refused;
  kind.why_not = fmt::format("its {} bytes are more than can be run ({})", facts.size, max_sample_bytes);
  return kind;
}

// "process 2 (/home/user/a) was killed by SIGILL"; "" where none faulted.
std::string fault_in(const intel::RunRecord& record) {
  constexpr std::string_view faults[] = {"SIGSEGV", "SIGILL", "SIGBUS", "SIGFPE", "SIGABRT", "SIGTRAP"};
  for (const intel::RunProcess& process : record.processes)
    for (const std::string_view fault : faults)
      if (process.how_ended == "killed by " + std::string(fault))
        return fmt::format("process {} ({}) was {}", process.id, base::to_valid_utf8(process.exe), process.how_ended);
  return "";
}

// A fault in an emulator may be the emulator's, and a program may stop for being in one.
void note_faults(intel::RunRecord& record) {
  if (record.emulator.empty()) return;
  if (const std::string fault = fault_in(record); !fault.empty())
    record.remarks.push_back(fmt::format("{} in {}: it may do so in an emulator alone", fault, record.emulator));
}

// Whether a flow's role is proven: no run without taint can tell that.
bool has_proof(const intel::RunRecord& record) {
  return std::ranges::any_of(record.flows, [](const intel::RunFlow& flow) { return flow.role || flow.parent_flow; });
}

bool did_something(const intel::RunRecord& record) { return !record.flows.empty() || !record.behaviours.empty(); }

// As much of a file as tells which emulator runs it.
std::vector<uint8_t> head_of(int fd) {
  std::vector<uint8_t> head(emulation::head_bytes);
  const ssize_t got = ::pread(fd, head.data(), head.size(), 0);
  head.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
  return head;
}

class Analysis {
 public:
  Analysis(const AnalysisOptions& options, Keep& keep, const Take& take)
      : options_(options), keep_(keep), take_(take) {}

  Result<> add(int fd, const std::string& name, size_t depth, std::optional<base::Digest> parent);
  std::vector<Analysed> results() { return std::move(results_); }

 private:
  struct Child {
    std::string name, why, bytes;
  };
  Result<triage::Triage> look(int fd, const std::string& name, size_t depth, std::vector<Child>* members);
  Result<Ran> run(int fd, const std::string& name, const Kind& kind, intel::RunRecord record);
  Result<Ran> followed(Start start, const std::string& target, intel::RunRecord record);
  void look_at_files(Ran& ran, std::vector<Child>& children);
  std::string came_by(const intel::RunRecord& record, const std::string& path) const;
  void add_children(size_t place, std::vector<Child> children, size_t depth);

  const AnalysisOptions& options_;
  Keep& keep_;
  const Take& take_;
  std::vector<Analysed> results_;
  std::set<std::string> seen_;  // digests: each file is analysed once
};

Result<triage::Triage> Analysis::look(int fd, const std::string& name, size_t depth,
                                      std::vector<Child>* members) {
  triage::Options options;
  options.name = name.substr(name.rfind('/') + 1);
  options.rule_folders = options_.rule_folders;
  options.depth = static_cast<unsigned>(depth);
  if (members) {
    options.on_member = [members](const triage::Member& member, std::string bytes) -> Result<> {
      if (members->size() < most_members && !bytes.empty())
        members->push_back({member.path, "member", std::move(bytes)});
      return {};
    };
  }
  return triage::triage_fd(fd, options);
}

Result<Ran> Analysis::run(int fd, const std::string& name, const Kind& kind, intel::RunRecord record) {
  if (!kind.before || !options_.run || options_.conditions.stop()) {
    record.outcome = kind.before ? intel::RunOutcome::not_run : kind.outcome;
    record.outcome_detail = kind.before ? "static facts alone were asked for" : kind.why_not;
    record.start = base::system_clock().now();
    Ran ran;
    ran.record = std::move(record);
    return ran;
  }
  Start start;
  start.sample_fd = fd;
  start.name = plain_name(name);
  start.before = *kind.before;
  start.emulator = kind.emulator;
  if (!kind.emulator.empty()) record.emulator = "qemu-" + kind.emulator;
  if (!options_.conditions.taint) {
    SHIKAKE_ASSIGN(Ran ran, run_once(start, options_.conditions, std::move(record), keep_));
    note_faults(ran.record);
    return ran;
  }
  return followed(start, kind.target, std::move(record));
}

// With taint; without it where an emulator is missing, or where the program faults or does nothing in one alone, and
// nothing is lost with what was followed.
Result<Ran> Analysis::followed(Start start, const std::string& target, intel::RunRecord record) {
  Conditions plain = options_.conditions;
  plain.taint = false;
  if (!taint::architecture(target)) {
    record.remarks.push_back(fmt::format("taint was not followed: it has no rules for the instructions of {}", target));
    if (!start.emulator.empty()) record.emulator = "qemu-" + start.emulator;
    return run_once(start, plain, std::move(record), keep_);
  }
  // A run's shell and tools are this machine's, whatever the sample.
  for (const std::string& needed : {std::string("x86_64"), target}) {
    if (emulation::find_emulator(needed)) continue;
    record.remarks.push_back("taint was not followed: qemu-" + needed + " is missing (Debian's package qemu-user has it)");
    return run_once(start, plain, std::move(record), keep_);
  }
  const bool foreign = !start.emulator.empty();
  const intel::RunRecord before = record;
  record.emulator = "qemu-" + target;
  record.taint_tables = options_.conditions.taint_tables;
  SHIKAKE_ASSIGN(Ran ran, run_once(start, options_.conditions, std::move(record), keep_));
  const std::string fault = fault_in(ran.record);
  const bool doubtful = !fault.empty() || !did_something(ran.record);
  if (foreign || !doubtful || options_.conditions.stop()) {
    note_faults(ran.record);
    return ran;
  }
  // What does it do without an emulator?
  SHIKAKE_ASSIGN(Ran again, run_once(start, plain, before, keep_));
  const bool otherwise = fault.empty() ? did_something(again.record) : fault_in(again.record).empty();
  if (!otherwise) return ran;
  if (has_proof(ran.record)) {
    ran.record.remarks.push_back(fmt::format(
        "under taint {}, without an emulator none is: it may tell that it is in one. This is the run with taint, for "
        "what received bytes did in it; what it does where it sees no emulator may be more",
        fault));
    return ran;
  }
  again.record.remarks.push_back(
      fmt::format("under taint {}, without an emulator {}: it may tell that it is in one. This is the run without, and "
                  "no byte was followed",
                  fault.empty() ? "it did nothing" : fault, fault.empty() ? "it does something" : "none is"));
  return again;
}

Result<> Analysis::add(int fd, const std::string& name, size_t depth, std::optional<base::Digest> parent) {
  std::vector<Child> children;
  SHIKAKE_ASSIGN(const triage::Triage facts, look(fd, name, depth, &children));
  if (!seen_.insert(facts.hashes.sha256).second) return {};
  intel::RunRecord record;
  record.parent = parent;
  record.sample.name = base::to_valid_utf8(name.substr(name.rfind('/') + 1));
  record.sample.sha256 = base::Digest::from_hex(facts.hashes.sha256).value_or(base::Digest{});
  record.sample.md5 = facts.hashes.md5;
  record.sample.sha1 = facts.hashes.sha1;
  record.sample.ssdeep = facts.hashes.ssdeep;
  record.sample.tlsh = facts.hashes.tlsh;
  record.sample.size = facts.size;
  record.sample.type = base::to_valid_utf8(facts.description);
  record.sample.mime = base::to_valid_utf8(facts.mime);
  record.sample.facts = triage::to_json(facts);
  record.recognised = recognitions(facts);
  for (const std::string& limit : facts.limits_hit)
    record.limits_hit.push_back(base::to_valid_utf8("triage: " + limit));
  for (const std::string& error : facts.rule_errors)
    record.remarks.push_back(base::to_valid_utf8("rules left out: " + error));

  SHIKAKE_ASSIGN(Ran ran, run(fd, name, startable(facts, head_of(fd)), std::move(record)));
  look_at_files(ran, children);
  const size_t place = results_.size();
  Analysed& analysed = results_.emplace_back();
  analysed.depth = depth;
  analysed.blobs.assign(ran.blobs.begin(), ran.blobs.end());
  analysed.record = std::move(ran.record);
  add_children(place, std::move(children), depth);
  if (take_) {
    SHIKAKE_ASSIGN(results_[place].observation, take_(results_[place]));
  }
  return {};
}

std::string Analysis::came_by(const intel::RunRecord& record, const std::string& path) const {
  const bool downloaded =
      std::any_of(record.behaviours.begin(), record.behaviours.end(), [&](const auto& behaviour) {
        return behaviour.kind == intel::BehaviourKind::downloaded_file && behaviour.object == path;
      });
  return downloaded ? "downloaded" : "dropped";
}

// What a run left: each content gets its type and is matched with the rules; what runs is analysed in turn.
void Analysis::look_at_files(Ran& ran, std::vector<Child>& children) {
  std::map<base::Digest, triage::Triage> looked_at;
  auto facts_of = [&](const base::Digest& digest, const std::string& name) -> const triage::Triage* {
    if (const auto known = looked_at.find(digest); known != looked_at.end()) return &known->second;
    const auto content = ran.contents.find(digest);
    if (content == ran.contents.end() || looked_at.size() >= options_.looked_at) return nullptr;
    Result<base::UniqueFd> file = file_of(content->second);
    if (!file) return nullptr;
    Result<triage::Triage> facts = look(file->get(), name, triage::max_archive_depth, nullptr);
    if (!facts) return nullptr;
    for (intel::Recognition& found : recognitions(*facts)) ran.record.recognised.push_back(std::move(found));
    return &looked_at.emplace(digest, std::move(*facts)).first->second;
  };
  std::set<base::Digest> taken;
  for (intel::RunFile& file : ran.record.files) {
    if (!file.sha256 || file.action == intel::FileAction::read) continue;
    const std::string& path = file.to.empty() ? file.path : file.to;
    const triage::Triage* facts = facts_of(*file.sha256, path);
    if (!facts) continue;
    file.type = base::to_valid_utf8(facts->description);
    file.program = facts->kind == triage::FileKind::elf || facts->kind == triage::FileKind::script ||
                   facts->kind == triage::FileKind::executable;
    if (kind_of(*facts, base::as_bytes(ran.contents.at(*file.sha256))).before && taken.insert(*file.sha256).second)
      children.push_back({path, came_by(ran.record, path), ran.contents.at(*file.sha256)});
  }
  for (intel::RunDump& dump : ran.record.dumps) {
    const triage::Triage* facts = facts_of(dump.sha256, "dump");
    if (!facts) continue;
    dump.type = base::to_valid_utf8(facts->description);
    if (kind_of(*facts, base::as_bytes(ran.contents.at(dump.sha256))).before && taken.insert(dump.sha256).second)
      children.push_back({"dump", "dump", ran.contents.at(dump.sha256)});
  }
}

void Analysis::add_children(size_t place, std::vector<Child> children, size_t depth) {
  for (const Child& child : children) {
    const base::Digest digest = base::sha256(child.bytes);
    intel::RunChild row;
    row.sha256 = digest;
    row.name = base::to_valid_utf8(child.name);
    row.why = child.why;
    if (const auto known = seen_.find(digest.hex()); known != seen_.end()) {
      // A copy of what was analysed already, often of the sample itself.
      results_[place].record.children.push_back(std::move(row));
      continue;
    }
    if (depth + 1 > options_.depth || seen_.size() >= options_.files) {
      results_[place].record.limits_hit.push_back(depth + 1 > options_.depth ? "depth of files analysed"
                                                                             : "number of files analysed");
      return;
    }
    if (options_.conditions.stop()) return;
    Result<base::UniqueFd> file = file_of(child.bytes);
    const size_t child_place = results_.size();
    Result<> added = file ? add(file->get(), child.name, depth + 1, results_[place].record.sample.sha256)
                          : Result<>(tl::unexpected(file.error()));
    if (!added) {
      results_[place].record.remarks.push_back(child.name + " was not analysed: " + added.error().message());
      continue;
    }
    if (child_place < results_.size()) row.observation = results_[child_place].observation;
    results_[place].record.children.push_back(std::move(row));
  }
}

}  // namespace

bool convicts(const triage::RuleMatch& match) {
  if (match.source.starts_with("built-in/")) return false;
  for (std::string_view prefix : bad_prefixes) {
    if (match.rule.starts_with(prefix)) return true;
  }
  return std::any_of(match.tags.begin(), match.tags.end(), [](const std::string& tag) {
    return std::find(std::begin(bad_tags), std::end(bad_tags), lower(tag)) != std::end(bad_tags);
  });
}

Result<std::vector<Analysed>> analyse(int fd, const std::string& name, const AnalysisOptions& options,
                                      Keep& keep, const Take& take) {
  Analysis analysis(options, keep, take);
  SHIKAKE_TRY(analysis.add(fd, name, 0, {}));
  return analysis.results();
}

intel::Observation to_observation(const Analysed& analysed, std::string vantage) {
  intel::Observation observation;
  observation.kind = intel::ObservationKind::run;
  observation.subject = analysed.record.sample.sha256.hex();
  observation.sensor = sensor;
  observation.sensor_version = sensor_version;
  observation.vantage = std::move(vantage);
  observation.time = analysed.record.start;
  observation.record = intel::to_json(analysed.record);
  observation.blobs = analysed.blobs;
  return observation;
}

}  // namespace shikake::sandbox::run
