// A log reader that was taken over says anything: the report that its parent makes stays sound and bounded.
#include <boost/json/serialize.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/collector.h"
#include "audit/message.h"
#include "audit_fuzz.h"
#include "base/bytes.h"
#include "message_fuzz.h"

namespace {

using namespace shikake;
using namespace shikake::audit;

void check_spelling(const base::Frame& frame) {
  switch (static_cast<MessageType>(frame.type)) {
    case MessageType::file:
      return check_one_spelling<FileStats>(frame.body);
    case MessageType::finding:
      return check_one_spelling<FindingMessage>(frame.body);
    case MessageType::done:
      return check_one_spelling<DoneMessage>(frame.body);
    case MessageType::progress:
      return check_one_spelling<ProgressMessage>(frame.body);
  }
}

void check(const AuditReport& report, const std::vector<LogInput>& logs, const AuditOptions& options) {
  SHIKAKE_CHECK(report.files.size() <= logs.size());
  for (size_t i = 0; i < report.files.size(); ++i) SHIKAKE_CHECK(report.files[i].name == logs[i].name);
  SHIKAKE_CHECK(report.findings.size() <= options.correlation.max_clients);
  uint64_t by_level = 0;
  for (uint64_t count : report.by_level) by_level += count;
  SHIKAKE_CHECK(by_level == report.findings.size());
  for (const Finding& finding : report.findings) {
    SHIKAKE_CHECK(finding.events.size() <= max_events && finding.score >= 0 && finding.score <= 100);
    for (const Event& event : finding.events) SHIKAKE_CHECK(!event.evidence.empty());
    SHIKAKE_CHECK(base::is_valid_utf8(boost::json::serialize(to_json(finding))));
  }
  SHIKAKE_CHECK(to_text(report, false).find('\x1b') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::vector<LogInput> logs = {{-1, "a.log"}, {-1, "b.log"}};
  AuditOptions options;
  options.correlation.max_clients = 4;
  Collector collector(logs, fuzz_intelligence(), options);
  while (auto frame = next_frame(input)) {
    check_spelling(*frame);
    if (!collector.take(frame->type, frame->body) || collector.done()) break;
  }
  check(collector.report(), logs, options);
  return 0;
}
