// What the triage worker (worker_main.cpp) and its parent (triage.cpp) say to each other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire.h"
#include "triage/triage.h"

namespace shikake::triage {

inline constexpr std::string_view worker_program = "shikake-triage";

// Facts stay within their named bounds: a document's scripts, code and parts are the most, then strings
// (max_strings of max_string_bytes, five lists of max_found), two lists of symbol names, members' paths.
inline constexpr uint32_t max_worker_frame = 32u << 20;
inline constexpr size_t member_part_bytes = size_t{1} << 20;

enum class WorkerMessage : uint8_t {
  question,      // to the worker: Question, before it has seen a byte of the file
  facts,         // a Triage: all that is known so far; each replaces the one before
  member,        // a Member whose bytes follow
  member_bytes,  // at most member_part_bytes of them
  member_end,    // empty: that was all of it
  done,          // empty: the last facts are all of them
  failed,        // a sentence: the worker can't do its work
};

struct Question {
  std::string name;
  std::vector<std::string> rule_folders;
  bool own_rules = true;
  std::vector<std::string> passwords;
  bool open_archive = true;
  bool send_members = false;
  uint32_t cpu_seconds = 0;
  // No file follows but bodies (member_bytes), each answered with the rules that match (done, MatchAnswer);
  // the first answer comes without a body: what of the rules does not compile.
  bool rules_alone = false;

  static void wire(auto& codec, auto& self) {
    codec(self.name, self.rule_folders, self.own_rules, self.passwords, self.open_archive, self.send_members,
          self.cpu_seconds, self.rules_alone);
  }
};

struct MatchAnswer {
  std::vector<RuleMatch> found;
  std::vector<std::string> errors;
  static void wire(auto& codec, auto& self) { codec(self.found, self.errors); }
};

}  // namespace shikake::triage
