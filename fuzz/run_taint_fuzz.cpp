// What taint's plugin says of a run is its guest's word, and a hostile guest says what it likes: whatever comes,
// what reaches the record stays within bounds, names only flows and processes that the record has, and can be
// written, read, shown, and asked.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include <boost/json.hpp>

#include "base/bytes.h"
#include "base/check.h"
#include "sandbox/report/page.h"
#include "sandbox/report/text.h"
#include "sandbox/run/influence.h"
#include "sandbox/run/record.h"
#include "sandbox/run/taint_flows.h"

using namespace shikake;

namespace {

// The ends that events of the corpus name.
intel::RunRecord record() {
  intel::RunRecord run;
  run.processes.push_back({.id = 0, .pid = 3, .exe = "/bin/x"});
  run.processes.push_back({.id = 1, .pid = 4, .exe = "/bin/y"});
  for (uint32_t i = 0; i < 3; ++i)
    run.flows.push_back({.id = 10 + i,
                         .local = "127.0.0.1:4",
                         .remote = "127.0.0.1:" + std::to_string(5 + i),
                         .transport = i == 2 ? "udp" : "tcp"});
  return run;
}

bool is_flow(const intel::RunRecord& run, uint32_t id) {
  return std::ranges::any_of(run.flows, [&](const intel::RunFlow& flow) { return flow.id == id; });
}

void check(const intel::RunRecord& run) {
  for (const intel::RunFlow& flow : run.flows) {
    SHIKAKE_CHECK(flow.decisions.size() <= 64 && flow.to_files.size() <= 64 && flow.from_files.size() <= 64);
    SHIKAKE_CHECK(flow.evidence.size() <= 6);
    SHIKAKE_CHECK(!flow.parent_flow || is_flow(run, *flow.parent_flow));
    SHIKAKE_CHECK(!(flow.gate && flow.role));
    for (const intel::RunDecision& decision : flow.decisions) {
      SHIKAKE_CHECK(decision.offsets.size() <= 32 && decision.effects.size() <= 16);
      SHIKAKE_CHECK(!decision.process || *decision.process < run.processes.size());
      for (const intel::RunEffect& effect : decision.effects)
        SHIKAKE_CHECK(!effect.process || *effect.process < run.processes.size());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view events(reinterpret_cast<const char*>(data), size);
  taint::report::Run taint = taint::report::read_events(events);
  taint::report::judge(taint);
  intel::RunRecord run = record();
  sandbox::run::add_taint(run, taint);
  check(run);

  const std::string text = boost::json::serialize(intel::to_json(run));
  SHIKAKE_CHECK(base::is_valid_utf8(text));
  const auto read = intel::run_from_json(boost::json::parse(text).as_object());
  SHIKAKE_CHECK(read.has_value());
  SHIKAKE_CHECK(boost::json::serialize(intel::to_json(*read)) == text);
  SHIKAKE_CHECK(sandbox::report::render_text(*read).find('\033') == std::string::npos);
  const std::string page = sandbox::report::render_page(*read);
  SHIKAKE_CHECK(page.find("<script") == std::string::npos && page.find("<img") == std::string::npos);

  for (const auto& found : {sandbox::run::influenced_by(run, events, {10, "", {0, 100}}), sandbox::run::influenced_by(run, events, {std::nullopt, "x"}),
                            sandbox::run::influences_on(run, events, {std::nullopt, "a"}), sandbox::run::influences_on(run, events, {11, ""})}) {
    SHIKAKE_CHECK(found.size() <= sandbox::run::max_influences);
    for (const sandbox::run::Influence& one : found) {
      SHIKAKE_CHECK(one.flow ? is_flow(run, *one.flow) : !one.file.empty());
      SHIKAKE_CHECK(!one.to_flow || is_flow(run, *one.to_flow));
      SHIKAKE_CHECK(one.bytes.size() <= 32 && one.to_bytes.size() <= 32 && base::is_valid_utf8(one.file));
      SHIKAKE_CHECK(base::is_valid_utf8(one.effect.object) && base::is_valid_utf8(one.place));
    }
  }
  return 0;
}
