// The visit record: what the honeyclient saw, the graph of one chain and why it was judged so.
// Written by src/honeyclient, read by policy, printed by `shikake inspect --json`.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/result.h"
#include "intel/model.h"

namespace shikake::intel {

enum class VisitVerdict : uint8_t { benign, suspicious, malicious };

// How one resource led to another.
enum class Mechanism : uint8_t {
  http_redirect, http_refresh, meta_refresh, frame, iframe, script, object, embed, applet, link, image,
  media, stylesheet, location, window_open, form_submit, anchor, xhr, fetch, beacon, websocket, worker,
  download, import_module, component, unknown,
};

// A position in a script, and the evals that made the script: innermost first, each the place that
// called eval, Function, a string timer, document.write or innerHTML.
struct ScriptPosition {
  std::string url;      // of the script or the page that holds it
  base::Digest sha256;  // of the source text as run (UTF-8)
  uint32_t line = 0;    // from 1
  uint32_t column = 0;  // from 1
};
struct ScriptOrigin {
  ScriptPosition position;
  std::string written_by;                // "document.write", "innerHTML", "" when set directly
  std::vector<ScriptPosition> ancestry;  // evals around it, innermost first
};

struct VisitNode {
  uint32_t id = 0;
  std::string url;
  std::string ip;        // that answered; "" when nothing was fetched
  int status = 0;        // HTTP status; 0 when there was no answer
  std::string mime;      // as found by the MIME sniffing standard, else as declared
  uint64_t size = 0;     // of the body, bytes
  std::optional<base::Digest> sha256;  // of the body
  base::TimePoint time;  // of the request
  bool fetched = false;
  std::string why_not;   // when not fetched: "egress: loopback", "limit: resources", "timeout", …
  std::optional<Role> role;
  std::vector<std::string> evidence;   // one sentence each, for the role
  std::vector<std::string> cves;
};

struct VisitEdge {
  uint32_t from = 0, to = 0;  // node ids
  Mechanism mechanism = Mechanism::unknown;
  std::optional<ScriptOrigin> script;  // when a script made it
  bool forced = false;                 // by forced execution, not by the page's own run
  std::string decided_by;              // the environment check that led here, when known
};

struct VisitEvent {
  std::string kind;    // dialog, console, component, cookie, write, eval, timer, clipboard, download, error
  std::string detail;
  std::optional<uint32_t> node;  // where it happened
};

// Machine code that a script made, and what it did when it was emulated.
struct VisitCall {
  std::string function;                // "urlmon.URLDownloadToFileA"
  std::vector<std::string> arguments;  // texts as they are, numbers in hexadecimal
  std::optional<uint32_t> offset;      // in the code, of where the call returns to
};
struct VisitDecoder {  // code that wrote the code that ran next
  uint32_t offset = 0, bytes = 0;
};
struct VisitWrittenFile {
  std::string path;
  base::Digest sha256;
  uint64_t size = 0;
};
struct VisitShellcode {
  uint32_t node = 0;                   // the document whose script made it
  std::string how;                     // "unescape", "array", "PDF script", …
  std::optional<ScriptOrigin> script;  // where, when a place is known
  base::Digest sha256;                 // of the code, a blob
  uint64_t size = 0;
  uint32_t begins = 0;  // offset in the code
  std::string outcome;  // "exited", "waits", "unknown call", "endless", "bad memory", "bad code", "memory"
  std::vector<VisitCall> calls;
  std::vector<std::string> urls, commands, connections;
  std::vector<VisitWrittenFile> files;
  std::vector<VisitDecoder> decoders;
  bool forced = false;  // found by forced execution alone
};

// A source that a script gave to eval and its like: who evaluated it, and the text's own digest.
struct VisitSource {
  ScriptPosition position;
  bool forced = false;  // by forced execution alone
};

// A document, archive or program that the visit came upon, taken apart.
struct VisitFile {
  uint32_t node = 0;
  std::string inside;         // names of what it lies in within the node's body, outermost first, by "!"; ""
  boost::json::object facts;  // of static triage (docs/formats.md), without its list of strings
};

struct VisitRecord {
  std::string url;
  std::string client;   // "low", "high"
  std::string persona;
  uint64_t seed = 0;
  VisitVerdict verdict = VisitVerdict::benign;
  bool complete = true;
  std::vector<std::string> reasons;      // for the verdict, strongest first
  std::vector<std::string> limits_hit;   // named limits
  std::vector<std::string> unemulated;   // what the page asked for and emulation lacks
  std::vector<VisitNode> nodes;          // node 0 is the URL that was asked for
  std::vector<VisitEdge> edges;
  std::vector<VisitEvent> events;
  std::vector<std::string> components;   // components that scripts made or probed
  std::vector<VisitShellcode> shellcode;
  std::vector<VisitFile> files;
  std::vector<VisitSource> evaluated;    // their texts are blobs by sha256
};

boost::json::object to_json(const VisitRecord& visit);
Result<VisitRecord> visit_from_json(const boost::json::object& record);

std::string_view name(VisitVerdict verdict);
std::string_view name(Mechanism mechanism);
std::optional<VisitVerdict> visit_verdict(std::string_view name);
std::optional<Mechanism> mechanism(std::string_view name);

}  // namespace shikake::intel
