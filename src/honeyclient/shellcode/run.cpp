#include "honeyclient/shellcode/run.h"

#include "honeyclient/shellcode/emulator.h"
#include "honeyclient/shellcode/process.h"
#include "triage/machine_code.h"

namespace shikake::honeyclient::shellcode {
namespace {

// What was seen is told before whoever asked gives up (emulator.h).
constexpr auto max_time = patience / 2;

size_t worth(const Report& report) {
  return 1000 * (report.urls.size() + report.commands.size() + report.connections.size()) +
         report.calls.size();
}

}  // namespace

Report run(base::ByteSpan bytes, const RunBounds& bounds) {
  static const Modules modules;
  bytes = bytes.first(std::min(bytes.size(), max_code_bytes));
  uint64_t blocks = bounds.blocks;
  const auto until = std::chrono::steady_clock::now() + max_time;
  Report best;
  for (uint32_t offset : triage::code_beginnings(bytes, bounds.starts)) {
    Report report = Process(bytes, modules, blocks, until).run(offset);
    const bool first = best.blocks == 0 && best.calls.empty();
    if (first || worth(report) > worth(best)) best = std::move(report);
    if (worth(best) >= 1000 || blocks == 0) break;
  }
  return best;
}

}  // namespace shikake::honeyclient::shellcode
