// The worker's whole task as a function: no process, no descriptor. Fuzzers call it, and so does
// worker_main.cpp.
#pragma once

#include <functional>

#include "base/bytes.h"
#include "triage/rules.h"
#include "triage/triage.h"
#include "triage/type.h"

namespace shikake::triage {

// What reads files to come into being: made before confinement.
struct Tools {
  TypeFinder types;
  Rules rules;
};

struct Examination {
  std::string name;
  std::vector<std::string> passwords;
  bool open_archive = true;
  MemberSink on_member = {};
  // Called when a step is done, so that what comes after may fail alone.
  std::function<Result<>(const Triage& so_far)> on_progress = {};
};

// `bytes` are the first max_examined_bytes, or all, of a file whose hashes and size stand in `triage`
// already; fills in the rest. An error is a sink's.
Result<> examine(const Tools& tools, const Examination& how, base::ByteSpan bytes, Triage& triage);

}  // namespace shikake::triage
