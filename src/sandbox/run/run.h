// One file, run once in a cell under a supervisor: the parent's side.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "gateway/policy.h"
#include "gateway/replies.h"
#include "intel/run.h"
#include "sandbox/run/keep.h"

namespace shikake::sandbox::run {

// A larger file cannot be held in memory and planted: padding is what makes programs that large. Triage looks
// at them.
inline constexpr uint64_t max_sample_bytes = uint64_t{256} << 20;

// How a run is made; the same for every file of one command.
struct Conditions {
  std::filesystem::path guests;  // where profiles lie
  std::string profile;           // "": the default one, or this machine's own /usr where none was built
  bool as_root = false;
  std::vector<std::string> arguments, environment;  // NAME=value, besides the guest's
  intel::RunNetwork network = intel::RunNetwork::closed;
  gateway::Replies replies;
  gateway::Policy policy;  // open mode: what the real network may be asked for
  std::chrono::milliseconds time = std::chrono::seconds(60);
  uint32_t processes = 256;
  uint64_t memory = uint64_t{1} << 30, disk = uint64_t{256} << 20;  // bytes
  double processors = 1.0;
  std::string debug_script;
  // Received bytes are followed through the programs: all of them run in emulators.
  bool taint = false;
  // With taint: what a table gives for a received index counts as received (taint::RuleChoices).
  bool taint_tables = true;
  // With taint: beginnings of paths inside, whose content is followed as documents and credential stores are.
  std::vector<std::string> labelled;
  // Asked about every tenth of a second; true ends the run, and its record says so.
  std::function<bool()> stop = [] { return false; };
};

// What is to be started, by what static triage found.
struct Start {
  int sample_fd = -1;               // stays the caller's; read by position
  std::string name;                 // of the sample's file inside: the last part of a path
  std::vector<std::string> before;  // an interpreter and its arguments; empty: the sample itself
  std::string emulator;             // "arm", as in qemu-arm; "": the machine's own instruction set
};

struct Ran {
  intel::RunRecord record;
  std::set<base::Digest> blobs;                  // bodies that were put
  std::map<base::Digest, std::string> contents;  // of files and dumps that were kept
};

// `record` holds what is known before the run. Errors: this machine can't (unsupported, with what to do), or
// a part of ours is missing. Whatever the file does, and a supervisor that dies, is told by the record.
Result<Ran> run_once(const Start& start, const Conditions& conditions, intel::RunRecord record, Keep& keep);

}  // namespace shikake::sandbox::run
