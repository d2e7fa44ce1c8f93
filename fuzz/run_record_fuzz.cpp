// What a run's supervisor says is heard by `shikake` itself: whatever bytes come, the record stays within its
// bounds and can be written, read, shown and judged.
#include <algorithm>
#include <cstdint>
#include <string>

#include <boost/json.hpp>

#include "base/bytes.h"
#include "base/check.h"
#include "sandbox/report/page.h"
#include "sandbox/report/text.h"
#include "sandbox/run/record.h"

using namespace shikake;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sandbox::run::KeepNothing keep;
  sandbox::run::RecordLimits limits;
  limits.processes = limits.files = limits.behaviours = limits.flows = limits.questions = limits.notes = 20;
  limits.rows = 1 << 16;
  sandbox::run::RecordBuilder builder({}, keep, limits);
  // The input: frames of one byte type, two bytes length, body.
  for (size_t at = 0; at + 3 <= size;) {
    base::Frame frame;
    frame.type = data[at];
    const size_t length = std::min<size_t>(data[at + 1] | data[at + 2] << 8, size - at - 3);
    frame.body.assign(reinterpret_cast<const char*>(data) + at + 3, length);
    at += 3 + length;
    if (!builder.take(frame)) break;
  }
  const intel::RunRecord run = builder.finish("cut");
  SHIKAKE_CHECK(run.processes.size() <= 20 && run.files.size() <= 20 && run.flows.size() <= 20);
  const std::string text = boost::json::serialize(intel::to_json(run));
  SHIKAKE_CHECK(base::is_valid_utf8(text));
  auto read = intel::run_from_json(boost::json::parse(text).as_object());
  SHIKAKE_CHECK(read.has_value());
  SHIKAKE_CHECK(sandbox::report::render_text(*read).find('\033') == std::string::npos);
  SHIKAKE_CHECK(sandbox::report::render_page(*read).find("<script") == std::string::npos);
  return 0;
}
