// What the page worker and its parent say to each other, framed as base/frame.h, bodies as base/wire.h.
//
//   parent                                worker
//     Start (document, persona, seed) ──►   parses, runs script
//     ◄── Fetch, Navigate, OpenFrame …      as they happen: what was sent survives the worker's death
//     Loaded, FrameDocument … ──►
//     ◄── Ask (cookies, storage)            the worker waits for the Answer
//     Answer ──►
//     ◄── Settled                           nothing left to do until the parent sends more: a
//                                           navigation that was asked for begins now
//
// A worker holds the windows that can script each other; it numbers them (the first is 0). Everything it
// says is untrusted: the parent checks window numbers, sizes and counts (limits.h) and believes no URL to
// be one until it has parsed it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/wire.h"
#include "honeyclient/low/persona.h"
#include "intel/visit.h"

namespace shikake::intel {
constexpr Mechanism wire_last(Mechanism) {
  return Mechanism::unknown;
}
}  // namespace shikake::intel

namespace shikake::honeyclient::low {

// --- words used by several messages ---------------------------------------------------------------

struct Position {
  std::string url;
  std::string sha256;  // 32 bytes
  uint32_t line = 0, column = 0;
  static void wire(auto& codec, auto& self) { codec(self.url, self.sha256, self.line, self.column); }
};

// Which script made it: intel::ScriptOrigin on the wire.
struct Origin {
  Position position;
  std::string written_by;
  std::vector<Position> ancestry;
  std::string decided_by;  // the check that the script's step hung on; of a forced run
  static void wire(auto& codec, auto& self) {
    codec(self.position, self.written_by, self.ancestry, self.decided_by);
  }
};

struct Header {
  std::string name, value;
  static void wire(auto& codec, auto& self) { codec(self.name, self.value); }
};

// How much of the answer the page may read: https://fetch.spec.whatwg.org/#concept-request-mode.
// unrestricted: all of it; what a component, a script file or an element asks for.
enum class RequestMode : uint8_t { unrestricted, no_cors, same_origin, cors };
constexpr RequestMode wire_last(RequestMode) {
  return RequestMode::cors;
}
// https://fetch.spec.whatwg.org/#concept-request-credentials-mode
enum class Credentials : uint8_t { include, same_origin, omit };
constexpr Credentials wire_last(Credentials) {
  return Credentials::omit;
}

// A request as a page makes it.
struct Asked {
  uint32_t window = 0;  // that asks
  intel::Mechanism mechanism = intel::Mechanism::unknown;
  std::string url;
  std::string method = "GET";
  std::string referrer;  // "" sends none
  std::vector<Header> headers;
  std::string body;
  std::optional<Origin> origin;
  RequestMode mode = RequestMode::unrestricted;
  Credentials credentials = Credentials::include;
  static void wire(auto& codec, auto& self) {
    codec(self.window, self.mechanism, self.url, self.method, self.referrer, self.headers, self.body,
          self.origin, self.mode, self.credentials);
  }
};

struct Document {
  std::string url;
  std::string referrer;
  std::string content_type;   // the header; sniffing is done by the parent
  std::string last_modified;  // the header
  std::string refresh;        // the header
  std::string compatible;     // the header X-UA-Compatible
  std::string body;
  static void wire(auto& codec, auto& self) {
    codec(self.url, self.referrer, self.content_type, self.last_modified, self.refresh, self.compatible, self.body);
  }
};

// A window of another worker, as seen from one: what a page may reach across origins.
enum class Relative : uint8_t { itself, parent, top, opener, child };
constexpr Relative wire_last(Relative) {
  return Relative::child;
}

// --- worker to parent ------------------------------------------------------------------------------

enum class FromPage : uint8_t {
  fetch,
  navigate,
  open_frame,
  open_window,
  post_message,
  ask,
  happened,
  evaluated,
  component,
  wrote_file,
  unemulated,
  limit,
  settled,
  machine_code,
  shows,
  named,
};

struct Fetch {
  uint32_t request = 0;  // the worker's number for the answer
  Asked asked;
  static void wire(auto& codec, auto& self) { codec(self.request, self.asked); }
};

// A window goes elsewhere: itself (asked.window), or one that lives in another worker.
struct Navigate {
  Asked asked;
  Relative whose = Relative::itself;
  uint32_t child = 0;       // window number, where `whose` is child
  std::string target_name;  // a frame or window by name; "" and "_self": `whose` says which
  std::optional<uint32_t> by;  // the window whose script asks, where it is not the one that moves
  static void wire(auto& codec, auto& self) {
    codec(self.asked, self.whose, self.child, self.target_name, self.by);
  }
};

// A new frame (its first document) of asked.window; `window` is the worker's number for it. One past the
// worker's bound is told and not loaded: where it leads is in the record all the same.
struct OpenFrame {
  uint32_t window = 0;
  std::string name;
  Asked asked;
  bool load = true;
  std::optional<uint32_t> by;  // as above
  static void wire(auto& codec, auto& self) {
    codec(self.window, self.name, self.asked, self.load, self.by);
  }
};

struct OpenWindow {
  std::string name;
  Asked asked;
  static void wire(auto& codec, auto& self) { codec(self.name, self.asked); }
};

struct PostMessage {
  uint32_t window = 0;  // that sends; in the other direction, that receives
  Relative whose = Relative::parent;
  uint32_t child = 0;
  std::string origin;  // of the sender
  std::string target_origin;
  std::string data;  // JSON
  static void wire(auto& codec, auto& self) {
    codec(self.window, self.whose, self.child, self.origin, self.target_origin, self.data);
  }
};

enum class Question : uint8_t {
  get_cookies,
  set_cookie,
  storage_snapshot,
  storage_set,
  storage_remove,
  storage_clear
};
constexpr Question wire_last(Question) {
  return Question::storage_clear;
}

struct Ask {
  Question question = Question::get_cookies;
  std::string url;         // of the document that asks
  std::string key, value;  // set_cookie: value alone
  bool session = false;    // storage: of the session
  static void wire(auto& codec, auto& self) {
    codec(self.question, self.url, self.key, self.value, self.session);
  }
};

struct Happened {
  uint32_t window = 0;
  std::string kind, detail;
  static void wire(auto& codec, auto& self) { codec(self.window, self.kind, self.detail); }
};

// The kind of Happened that tells, of a forced run, how one of the page's own checks of its environment went.
inline constexpr std::string_view check_event = "check";

// A source text that a script made and ran.
struct Evaluated {
  uint32_t window = 0;
  std::string how;  // "eval", "timer", "handler", "document.write", …
  Position by;      // the place that did it; its sha256 is replaced by the text's own
  std::string text;
  static void wire(auto& codec, auto& self) { codec(self.window, self.how, self.by, self.text); }
};

// A component (ActiveX object, plugin) was made or used.
struct ComponentUse {
  uint32_t window = 0;
  std::string name;                    // ProgID, CLSID, plugin
  std::string member;                  // "" when it was made
  std::vector<uint32_t> lengths;       // of string arguments, in UTF-16 code units; 0 for others
  std::vector<std::string> arguments;  // cut to max_argument_text
  bool emulated = false;  // by a stand-in that no row of the table names: an element, a text stream, a folder
  std::optional<Origin> origin;
  static void wire(auto& codec, auto& self) {
    codec(self.window, self.name, self.member, self.lengths, self.arguments, self.emulated, self.origin);
  }
};

// A stand-in wrote a file: nothing is on any disk but these bytes.
struct WroteFile {
  uint32_t window = 0;
  std::string component;  // by which
  std::string path;       // as the visitor's Windows would have it
  std::string bytes;
  std::optional<Origin> origin;
  static void wire(auto& codec, auto& self) {
    codec(self.window, self.component, self.path, self.bytes, self.origin);
  }
};

// Bytes that look like machine code, in what a script made.
struct MachineCode {
  uint32_t window = 0;
  std::string how;    // "unescape", "text", "array", "typed array", "literal", a component's member
  std::string bytes;  // at most triage::max_looked_through and a part of a sled
  std::optional<Origin> origin;
  static void wire(auto& codec, auto& self) { codec(self.window, self.how, self.bytes, self.origin); }
};

// From now on what the frame says is of the document that it was handed under this number (FrameDocument): what
// the worker said before, it said while the earlier one was shown.
struct Shows {
  uint32_t window = 0;
  uint32_t number = 0;
  static void wire(auto& codec, auto& self) { codec(self.window, self.number); }
};

// window.name, which outlives the document; said before the worker settles, where a script has changed it.
struct Named {
  uint32_t window = 0;
  std::string name;
  static void wire(auto& codec, auto& self) { codec(self.window, self.name); }
};

struct Unemulated {
  std::string what;
  bool matters = false;  // what is missing may have hidden a part of the chain
  static void wire(auto& codec, auto& self) { codec(self.what, self.matters); }
};

struct LimitHit {
  std::string name;
  static void wire(auto& codec, auto& self) { codec(self.name); }
};

struct Settled {
  uint64_t heard = 0;       // messages taken in so far: the parent sees whether one is still on its way
  base::Duration clock{0};  // how far the page's own time has moved since its start
  uint32_t cpu_ms = 0;      // processor time that it has taken, in steps of the worker's timer
  static void wire(auto& codec, auto& self) { codec(self.heard, self.clock, self.cpu_ms); }
};

// --- parent to worker ------------------------------------------------------------------------------

enum class ToPage : uint8_t {
  start,
  loaded,
  frame_document,
  frame_elsewhere,
  stays,
  answer,
  message,
};

struct Start {
  Document document;
  Persona persona;
  uint64_t seed = 0;
  base::TimePoint clock;  // what Date shows first
  std::string window_name;
  bool is_frame = false;  // parent and top live in another worker
  bool has_opener = false;
  uint32_t depth = 0;  // of frames around it
  std::chrono::milliseconds max_script_time{0}, max_worker_time{0};
  bool forced = false;  // take the branches and call the functions that the page itself would not
  static void wire(auto& codec, auto& self) {
    codec(self.document, self.persona, self.seed, self.clock, self.window_name, self.is_frame,
          self.has_opener, self.depth, self.max_script_time, self.max_worker_time, self.forced);
  }
};

// https://fetch.spec.whatwg.org/#concept-response-type. Of an opaque answer nothing else is told.
enum class ResponseType : uint8_t { basic, cors, opaque };
constexpr ResponseType wire_last(ResponseType) {
  return ResponseType::opaque;
}

struct Loaded {
  uint32_t request = 0;
  bool ok = false;  // an HTTP answer came that the page may know of, whatever its status
  ResponseType type = ResponseType::basic;
  uint32_t status = 0;
  std::string status_text;
  std::string url;  // after redirects
  std::vector<Header> headers;
  std::string body;
  static void wire(auto& codec, auto& self) {
    codec(self.request, self.ok, self.type, self.status, self.status_text, self.url, self.headers, self.body);
  }
};

struct FrameDocument {
  uint32_t window = 0;
  uint32_t number = 0;  // of the frame's documents in this visit: Shows has it back
  std::string name;     // window.name, where the frame has been elsewhere
  Document document;
  static void wire(auto& codec, auto& self) { codec(self.window, self.number, self.name, self.document); }
};

// The frame's document runs in another worker, or there is none (`failed`).
struct FrameElsewhere {
  uint32_t window = 0;
  bool failed = false;
  static void wire(auto& codec, auto& self) { codec(self.window, self.failed); }
};

// The navigation of `window` gave no new document (a download, 204, a refusal): the page goes on.
struct Stays {
  uint32_t window = 0;
  static void wire(auto& codec, auto& self) { codec(self.window); }
};

struct Answer {
  std::string text;           // get_cookies
  std::vector<Header> pairs;  // storage_snapshot
  static void wire(auto& codec, auto& self) { codec(self.text, self.pairs); }
};

}  // namespace shikake::honeyclient::low
