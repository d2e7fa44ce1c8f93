#include "honeyclient/shellcode/run.h"

#include "honeyclient/shellcode/emulator.h"
#include "honeyclient/shellcode/process.h"
#include "triage/machine_code.h"

namespace shikake::honeyclient::shellcode {
namespace {

// Looking up twenty functions by hash in all libraries takes some 300,000; decoders a few thousand.
constexpr uint64_t max_blocks = 3'000'000;
// What was seen is told before whoever asked gives up (emulator.h).
constexpr auto max_time = patience / 2;
// Starts cost a few milliseconds each.
constexpr size_t max_starts = 40;

size_t worth(const Report& report) {
  return 1000 * (report.urls.size() + report.commands.size() + report.connections.size()) +
         report.calls.size();
}

}  // namespace

Report run(base::ByteSpan bytes) {
  static const Modules modules;
  bytes = bytes.first(std::min(bytes.size(), max_code_bytes));
  uint64_t blocks = max_blocks;
  const auto until = std::chrono::steady_clock::now() + max_time;
  Report best;
  for (uint32_t offset : triage::code_beginnings(bytes, max_starts)) {
    Report report = Process(bytes, modules, blocks, until).run(offset);
    const bool first = best.blocks == 0 && best.calls.empty();
    if (first || worth(report) > worth(best)) best = std::move(report);
    if (worth(best) >= 1000 || blocks == 0) break;
  }
  return best;
}

}  // namespace shikake::honeyclient::shellcode
