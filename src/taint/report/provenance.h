// From the events of a run to what each flow was for. The rules, with their reasons, are in docs/taint.md.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "taint/label.h"

namespace shikake::taint::report {

struct Decision {
  uint32_t number = 0;
  int pid = 0;
  std::string module;       // file that holds the instruction; empty: none (generated code)
  std::string symbol;       // the function that it lies in; empty: the module names none
  uint64_t offset = 0;      // in the file
  bool indirect = false;
  uint64_t address = 0, taken = 0;
  unsigned other_branches = 0, other_calls = 0;  // on the path that was not taken
  bool meets = false;       // its paths meet again before their function's end
  std::vector<Range> label;
};

// Bytes of what was sent or written (offsets in the stream or file), and what they came from.
struct Part {
  uint64_t first = 0, last = 0;
  std::vector<Range> label;
};

struct Action {
  int pid = 0;
  std::string kind;                // exec, create, write, send, connect, kill, unlink …
  std::string object, arguments;   // path, address; command line
  int64_t channel = -1;            // the file or stream it goes to or comes from
  uint16_t source = 0;             // the flow it goes to; 0: none
  uint64_t offset = 0, count = 0;
  std::vector<uint32_t> within;    // decisions that it depends on
  std::vector<Range> label;        // of its arguments or content
  std::vector<Part> parts;         // of `label`, where not all bytes have the same
  std::vector<Range> content;      // exec: of the program file
  std::string data;                // send: what went out, as far as it was kept
  bool failed = false;             // it was tried, and nothing came of it
};

enum class Role : uint8_t { c2, distribution, drop };
std::string_view name(Role role);

struct Evidence {
  std::string why;       // one sentence
  std::vector<Range> bytes;
  int64_t decision = -1; // number, if one
  int64_t action = -1;   // index, if one
};

struct Flow {
  uint16_t source = 0;
  bool file = false;                  // a labelled file, no flow
  std::string protocol, local, remote, path;
  std::string received;               // content, as far as it was kept
  uint16_t parent = 0;                // the flow whose bytes gave the address
  bool gate = false;                  // only a go or no-go
  bool coarsened = false;
  std::map<Role, std::vector<Evidence>> roles;
};

struct Run {
  std::map<uint16_t, Flow> flows;     // by source
  std::map<uint32_t, Decision> decisions;
  std::vector<Action> actions;
  std::map<std::string, uint64_t> without_rule;  // instruction bytes in hex, how often met
  std::map<std::string, uint64_t> lost;          // what the engine says it could not follow, how often
  std::set<std::string> limits;                  // below, those that were reached: the rest is not in here
  uint64_t bad_lines = 0;
};

// The events are the guest's word, and a guest may flood: a run's real ones stay far below all of these.
inline constexpr size_t max_flows = 16384, max_decisions = 200'000, max_actions = 100'000;
inline constexpr size_t max_received = size_t{64} << 10;      // bytes kept of one flow: commands lie at its start
inline constexpr size_t max_received_all = size_t{32} << 20;  // of all
inline constexpr size_t max_within = 4'000'000;               // decisions that actions depend on, of all actions
inline constexpr size_t max_instructions = 4096, max_lost = 64;
// Of an event: longer than the longest that the engine writes.
inline constexpr size_t max_line = size_t{256} << 10;

// Reads events, one JSON document a line. A line that is none, or has a number that cannot be (a flow 65537,
// a range that ends before it begins), is counted in bad_lines and has no effect.
Run read_events(std::string_view lines);
// Steps of judge(); each is a comparison, 400 million take a second or two. A run's real events need thousands.
inline constexpr uint64_t max_steps = 400'000'000;
// Fills in roles, parents and gates. With fewer steps than it takes, what was judged until then stands, and
// `limits` says so.
void judge(Run& run, uint64_t steps = max_steps);
std::string to_json(const Run& run);

}  // namespace shikake::taint::report
