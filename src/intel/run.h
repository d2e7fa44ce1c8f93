// The run record: what a file did in the sandbox.
// Written by src/sandbox, read by policy, printed by `shikake analyze --json`.
#pragma once

#include <boost/json/fwd.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/result.h"
#include "intel/behaviour.h"
#include "intel/model.h"

namespace shikake::intel {

// How the run ended.
enum class RunOutcome : uint8_t {
  exited,     // the first program ended by itself, and nothing that it had started was left
  killed,     // the first program died of a signal, and nothing was left
  timed_out,  // its time was up; the rest was killed
  limits,     // a bound ended it; limits_hit says which
  stopped,    // a debugger script or a person ended it
  refused,    // it could not be started: not a program for this machine, damaged, no interpreter
  not_run,    // static facts only: not a kind of file that runs, or nobody asked for a run
  partial,    // the supervisor went away in the middle; what it had said until then stands here
};
constexpr RunOutcome wire_last(RunOutcome) {
  return RunOutcome::partial;
}
enum class RunNetwork : uint8_t { closed, open, none };
constexpr RunNetwork wire_last(RunNetwork) {
  return RunNetwork::none;
}
enum class FileAction : uint8_t { created, changed, renamed, deleted, executed, read };
constexpr FileAction wire_last(FileAction) {
  return FileAction::read;
}
enum class FlowDirection : uint8_t { outgoing, incoming };

// One thing that a rule, a list or a person recognised in the sample or in what it made.
struct Recognition {
  std::string source;                  // "yara:FILE", "known-bad"
  std::string name;                    // the rule's or family's
  std::optional<base::Digest> sha256;  // of the file or stream it was found in; none: in memory
  std::string detail;                  // the rule's own words, the matched strings; may be empty
  bool convicts = false;               // what it names is bad; otherwise it only tells something
};

struct RunSample {
  std::string name;  // as it was handed in; a person's path is not kept, only its last part
  base::Digest sha256;
  std::string md5, sha1;     // lower-case hexadecimal
  std::string ssdeep, tlsh;  // "" where the file is too small for one
  uint64_t size = 0;         // bytes
  std::string type;          // "ELF 64-bit x86-64 executable, dynamically linked"
  std::string mime;
  boost::json::object facts;  // of static triage: headers, imports, entropy, strings; docs/formats.md
};

// A bound and what holds it: {"processes", "200", "cgroup v1"}.
struct RunBound {
  std::string name, value, held_by;
};

struct RunInterface {
  std::string where;  // "cell", "gateway"
  std::string name;   // "lo", "eth0"
  std::vector<std::string> addresses;
};

struct RunNet {
  RunNetwork mode = RunNetwork::none;
  uint64_t packets = 0;  // in the capture
  // That left: packets which the kernel sent over devices that should not be there, and pieces of data handed
  // on to the real network. 0 in every closed run without a leak.
  uint64_t packets_out = 0;
  uint64_t bytes_out = 0;  // in those pieces
  std::vector<RunInterface> interfaces;
  std::vector<std::string> sockets;      // "gateway: tcp 0.0.0.0:41169", when the program began
  std::vector<std::string> descriptors;  // "cell: 1 pipe:[3270607]", likewise
  std::vector<std::string> leaks;        // interfaces, sockets or descriptors that should not be there
  std::optional<base::Digest> capture;   // pcapng, in blobs
};

struct RunQuestion {  // of DNS
  base::TimePoint time;
  std::string name, type;            // "c2.example", "A"
  std::vector<std::string> answers;  // addresses, names or texts
};

struct RunProcess {
  uint32_t id = 0;                 // within this record; 0 is the first program
  std::optional<uint32_t> parent;  // none: the first program
  uint32_t pid = 0;                // as the program sees it
  std::string exe, cwd;            // paths as the program sees them
  std::vector<std::string> argv, env;
  base::TimePoint start;
  std::optional<base::TimePoint> end;  // none: it was there when the run ended
  std::string how_ended;               // "exited 0", "killed by SIGKILL"; "" while it is there
  uint32_t threads = 1;                // the most there were, itself counted
  std::optional<base::Digest> image;   // of the program's file where the run made it
};

struct RunFile {
  std::string path;
  FileAction action = FileAction::created;
  std::string to;                      // where it was renamed to
  std::optional<base::Digest> sha256;  // as it was when it was closed, executed, unlinked or the run ended
  uint64_t size = 0;
  std::string type;      // by triage; "" where nobody looked
  bool program = false;  // something that runs: ELF, a script
  bool kept = false;     // its content is in blobs
  std::string why_not;   // when not kept: "limit: kept_bytes"
  uint32_t process = 0;  // id
  base::TimePoint time;
};

// A memory image that was written and then executed, or a dump that a debugger script asked for.
struct RunDump {
  base::Digest sha256;
  uint64_t size = 0;
  uint64_t address = 0;  // in the process
  uint32_t process = 0;
  base::TimePoint time;
  std::string why;  // "written, then executed at 0x401000"
  std::string type;
};

// Bytes of a flow's incoming stream, or of a file: both ends belong to it.
struct RunBytes {
  uint64_t first = 0, last = 0;
};

// What a program did that received bytes had a part in.
struct RunEffect {
  std::string kind;                 // "exec", "create", "connect", "send", "kill", …; "code": ran from memory
  std::string object;               // path, address, command line
  std::optional<uint32_t> process;  // id
};

// Received bytes that the program compared or jumped by, and what it then did.
struct RunDecision {
  std::vector<RunBytes> offsets;  // in the flow's incoming stream
  std::string bytes;              // as they came, what does not print as \xNN; cut
  std::string module;             // the file that holds the instruction; "" for code in memory
  std::string symbol;             // that it lies in; "" where the module names none
  uint64_t offset = 0;            // of the instruction, in the file
  bool indirect = false;          // a jump to a place that they gave, no comparison
  std::optional<uint32_t> process;
  std::vector<RunEffect> effects;
};

// A file that received bytes went into, or whose content was sent.
struct RunTaintedFile {
  std::string path;
  std::vector<RunBytes> offsets;  // to_files: in the flow's stream; from_files: in the file
  bool executed = false;          // to_files: it ran
  std::string encoding;           // from_files: what the bytes that left look like: "plain", "base64", …
};

struct RunFlow {
  uint32_t id = 0;            // stable within the record
  std::string local, remote;  // "10.1.0.2:40112", "[fd00::2]:443"
  std::string host;           // a name for the remote, from DNS, TLS or HTTP
  std::string sni, ja3;
  std::string protocol;   // "http", "https", "dns", "irc", "tcp", "udp", …
  std::string transport;  // "tcp", "udp", "icmp"
  FlowDirection direction = FlowDirection::outgoing;
  uint64_t bytes_in = 0, bytes_out = 0;  // as the program sees it
  base::TimePoint start;
  std::optional<base::TimePoint> end;
  std::optional<uint32_t> process;            // id; none: no process was seen with this socket
  std::optional<base::Digest> stream_sha256;  // of the plaintext both ways, in blobs
  std::vector<std::string> urls;              // asked for in this flow, first ones
  std::string decision;               // open mode: "allowed", "refused: private address", "sunk: mail"
  std::optional<Role> role;           // once something convicts it
  std::vector<std::string> evidence;  // one sentence each, for the role
  // --- with taint
  std::optional<uint32_t> parent_flow;  // whose bytes gave this one's address
  bool gate = false;                    // its bytes decided on go or no-go alone: no command
  bool coarsened = false;               // labels were merged: offsets span more than what had a part
  std::vector<RunDecision> decisions;
  std::vector<RunTaintedFile> to_files, from_files;
};

// An instruction that taint has no rule for: what went through it was lost.
struct RunInstruction {
  std::string bytes;  // hexadecimal
  uint64_t count = 0;
};

struct RunBehaviour {
  BehaviourKind kind = BehaviourKind::connection;
  uint32_t process = 0;  // id
  base::TimePoint time;  // the first time
  std::string object;    // what it was done to: a path, an address, a process
  std::string proof;     // the call as it was made: openat("/etc/cron.d/x", O_CREAT) = 3
  uint64_t count = 1;    // how often
  std::optional<uint32_t> flow;
};

// A line that a debugger script logged.
struct RunNote {
  base::TimePoint time;
  uint32_t process = 0;
  std::string text;
};

// A file of this run that was analysed in turn.
struct RunChild {
  base::Digest sha256;
  std::string name;                         // path or URL that it came by
  std::string why;                          // "dropped", "downloaded", "member", "dump"
  std::optional<base::Digest> observation;  // of its own run, where a store keeps it
};

struct RunRecord {
  RunSample sample;
  RunOutcome outcome = RunOutcome::not_run;
  std::string outcome_detail;                       // one sentence
  bool complete = true;                             // nothing was cut off, lost or skipped
  std::vector<std::string> limits_hit;              // named limits
  std::vector<std::string> remarks;                 // what this run could not see or do, one sentence each
  std::vector<std::string> arguments, environment;  // as the analyst gave them
  std::string user, profile;
  std::string emulator;  // "qemu-arm": what ran the programs; "": this machine's own instruction set
  base::TimePoint start;
  base::Duration elapsed{};      // of real time
  base::Duration skipped{};      // by the virtual clock
  std::vector<RunBound> bounds;  // in force
  RunNet network;
  std::vector<RunQuestion> dns;
  std::vector<RunProcess> processes;
  std::vector<RunFile> files;
  std::vector<RunDump> dumps;
  std::vector<RunFlow> flows;
  std::vector<RunBehaviour> behaviours;
  std::vector<RunNote> notes;
  std::vector<Recognition> recognised;
  std::vector<RunChild> children;
  std::optional<base::Digest> parent;  // of the file that this one came from
  std::optional<base::Digest> output;  // stdout and stderr of the run, in blobs
  uint64_t output_bytes = 0;           // that were written, kept or not
  // Where taint was followed: its events, one JSON document a line, in blobs (docs/taint.md).
  std::optional<base::Digest> taint_events;
  // Whether what tables gave for received indices counted as received; none: taint was not followed.
  std::optional<bool> taint_tables;
  std::vector<RunInstruction> unsupported_instructions;
};

boost::json::object to_json(const RunRecord& run);
Result<RunRecord> run_from_json(const boost::json::object& record);

std::string_view name(RunOutcome outcome);
std::string_view name(RunNetwork network);
std::string_view name(FileAction action);
std::string_view name(FlowDirection direction);
std::optional<RunOutcome> run_outcome(std::string_view name);
std::optional<RunNetwork> run_network(std::string_view name);
std::optional<FileAction> file_action(std::string_view name);
std::optional<FlowDirection> flow_direction(std::string_view name);

}  // namespace shikake::intel
