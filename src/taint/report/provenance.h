// From the events of a run to what each flow was for. The rules, with their reasons, are in docs/taint.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "taint/label.h"

namespace shikake::taint::report {

struct Decision {
  uint32_t number = 0;
  int pid = 0;
  std::string module;       // file that holds the instruction; empty: none (generated code)
  uint64_t offset = 0;      // in the file
  bool indirect = false;
  uint64_t address = 0, taken = 0;
  unsigned other_branches = 0, other_calls = 0;  // on the path that was not taken
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
  std::vector<Range> content;      // exec: of the program file
  std::string data;                // send: what went out, as far as it was kept
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
  uint64_t bad_lines = 0;
};

// Reads events, one JSON document a line; lines that are none are counted. The guest can write what it
// likes here: sizes are bounded, numbers are checked.
Run read_events(std::string_view lines);
// Fills in roles, parents and gates.
void judge(Run& run);
std::string to_json(const Run& run);

}  // namespace shikake::taint::report
