// The parent's side of a confined audit: takes the reader's messages, believes nothing about their numbers,
// and puts names and evidence in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "audit/audit.h"
#include "base/result.h"

namespace shikake::audit {

class Collector {
 public:
  // All three must outlive it.
  Collector(const std::vector<LogInput>& logs, const Intelligence& intelligence, const AuditOptions& options)
      : logs_(logs), intelligence_(intelligence), options_(options) {}

  // One message (message.h). Errors: unavailable or invalid_input for one that makes no sense; it and all
  // after it are dropped.
  Result<> take(uint8_t type, std::string_view body);

  bool done() const { return done_; }  // the reader has said its last
  AuditReport report() { return std::move(report_); }

 private:
  Result<> take_file(std::string_view body);
  Result<> take_finding(std::string_view body);
  const std::string& evidence_of(match::EntryId entry);

  const std::vector<LogInput>& logs_;
  const Intelligence& intelligence_;
  const AuditOptions& options_;
  std::unordered_map<match::EntryId, std::string> evidence_;
  AuditReport report_;
  bool done_ = false;
};

}  // namespace shikake::audit
