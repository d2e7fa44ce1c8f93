// `shikake audit`: logs in, one finding a client out, most urgent first.
//
//   audit::Intelligence::Builder builder(guard); … builder.add(indicator); …
//   auto intelligence = builder.build();
//   auto report = audit::run({{fd, "proxy.log"}}, *intelligence, options);
//
// Logs are hostile: they are unpacked, parsed, matched and correlated in one forked child behind seccomp,
// which reads the descriptors it was given and answers in bounded frames (cell/forked.h).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "audit/correlate.h"
#include "audit/finding.h"
#include "audit/intelligence.h"
#include "audit/reader.h"
#include "base/result.h"

namespace shikake::audit {

struct LogInput {
  int fd = -1;       // borrowed; read from where it stands, once
  std::string name;  // as findings name it
};

struct AuditOptions {
  std::string format = "auto";  // or a name of formats()
  ReadLimits read;
  CorrelationLimits correlation;
  // Why this is an indicator, in one sentence, from the store; asked once for each indicator of a finding
  // that counts. Without it, or where it gives "", the intelligence's own short form is used.
  std::function<std::string(const intel::IndicatorKey&)> evidence;
  // Called now and then with the bytes of log files (packed, where they are) read since the last call.
  std::function<void(uint64_t)> progress;
  // false: in this process, for fuzzers and for measuring what confinement costs.
  bool confined = true;
};

struct AuditReport {
  std::vector<Finding> findings;        // most urgent first; the same logs give the same order
  std::vector<FileStats> files;         // in the order given
  std::vector<std::string> limits_hit;  // named limits, each with what it left out
  std::array<uint64_t, 5> by_level{};   // findings, by Level
};

// Errors: invalid_usage (no such format), unavailable (the confined child died; what it says is lost),
// unsupported (no confinement here). What is wrong with one file stands in its FileStats and fails nothing.
Result<AuditReport> run(const std::vector<LogInput>& logs, const Intelligence& intelligence,
                        const AuditOptions& options);

// For a person: who, how bad, and why, from log line over indicator to evidence. Everything from outside is
// made harmless. `color`: ANSI colours. At most `max_findings`, then a count.
std::string to_text(const AuditReport& report, bool color, size_t max_findings = 50);

}  // namespace shikake::audit
