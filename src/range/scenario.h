// A scenario: the simulated Internet of one demo or test, as a TOML file beside folders of pages.
// docs/range.md describes the file. Everything wrong with it is found here, with file and line, before
// anything runs.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace shikake::range {

// The documentation ranges (RFC 5737, RFC 3849): no machine of the real Internet has these addresses.
inline constexpr std::array<std::string_view, 4> documentation_ranges = {"192.0.2.0/24", "198.51.100.0/24",
                                                                         "203.0.113.0/24", "2001:db8::/32"};

using Header = std::pair<std::string, std::string>;

// Parts of a request that a reply looks at. Each is a substring that must be there; an empty one asks
// that the header (or the query) is there at all.
struct Traits {
  std::optional<std::string> user_agent, referrer, cookie, accept_language, query;
  std::optional<std::string> method;  // the whole method, in capitals

  bool none() const { return !user_agent && !referrer && !cookie && !accept_language && !query && !method; }
};

// One way to answer at a path. The first in the file whose path and conditions fit is taken.
struct Reply {
  std::string path;     // "/go", or "/ads/*" for all that begins so
  Traits when, unless;  // all of `when` holds, and none of `unless` does
  bool once = false;    // a client (its address) gets it a single time, then the next one that fits
  unsigned status = 200;
  std::vector<Header> headers;  // Location, Set-Cookie, Refresh, ...
  std::string type;             // Content-Type; empty: by the file's name, or text/html
  std::string body;
  std::optional<std::filesystem::path> file;  // instead of `body`, read when asked for
  std::chrono::milliseconds delay{0};         // before the first byte

  // A server that behaves badly.
  std::optional<uint64_t> declared_length;  // says this Content-Length, whatever the body's size is
  std::optional<uint64_t> cut_after;        // closes after that many bytes of the body
  std::chrono::milliseconds trickle{0};     // between single bytes of the body
};

struct Host {
  std::vector<std::string> names;      // lower case; "*.shop.example" stands for every name below
  std::vector<std::string> addresses;  // canonical text
  std::vector<uint16_t> http, https;   // ports
  std::vector<Header> headers;         // on every answer
  std::vector<Reply> replies;
  // "/about.html" -> file; from the folder, when no reply fits. A folder's index.html is there under
  // "/" as well.
  std::map<std::string, std::filesystem::path, std::less<>> files;
  uint32_t line = 0;
};

enum class RecordType : uint16_t { a = 1, cname = 5, ptr = 12, txt = 16, aaaa = 28 };

struct Record {
  std::string name;  // lower case, no trailing dot
  RecordType type;
  std::string value;  // address or name as text; for TXT the text
  uint32_t ttl;
};

struct Scenario {
  std::string name;
  std::string description;
  std::vector<std::string> client = {"192.0.2.2", "2001:db8::2"};    // of the command that runs in the range
  std::vector<std::string> resolver = {"192.0.2.1", "2001:db8::1"};  // DNS server and router
  std::vector<Host> hosts;
  std::vector<Record> records;              // beside those that follow from the hosts
  std::map<std::string, uint8_t> failures;  // names whose every question gets this RCODE

  static Result<Scenario> load(const std::filesystem::path& file);
  // Its text; folders and files are looked for below `folder`, and errors name `name`.
  static Result<Scenario> parse(std::string_view toml, const std::filesystem::path& folder,
                                const std::string& name);
};

// Whether an address (canonical text) lies in the documentation ranges.
bool is_documentation_address(std::string_view address);

// Content-Type by a file's name; application/octet-stream when unknown.
std::string_view content_type(const std::filesystem::path& file);

}  // namespace shikake::range
