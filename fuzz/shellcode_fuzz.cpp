// Machine code of any bytes: it ends, and what it did is within its bounds and survives the way to the
// parent.
#include <cstdint>
#include <cstdlib>

#include "honeyclient/shellcode/run.h"

// The emulator's own library forgets a block when code overwrites itself; the worker that it runs in is
// replaced before that amounts to anything.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libunicorn"; }

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shikake;
  namespace shellcode = honeyclient::shellcode;
  auto check = [](bool holds) {
    if (!holds) std::abort();
  };
  constexpr size_t enough = 1024;
  // Short runs: what a long loop does, a short one did.
  constexpr shellcode::RunBounds bounds{.blocks = 1500, .starts = 2};
  const shellcode::Report report = shellcode::run({data, size < enough ? size : enough}, bounds);
  check(report.calls.size() <= shellcode::max_calls);
  for (const auto* list : {&report.urls, &report.commands, &report.connections})
    check(list->size() <= shellcode::max_listed);
  check(report.files.size() <= shellcode::max_listed && report.decoders.size() <= shellcode::max_listed);
  for (const shellcode::WrittenFile& file : report.files)
    check(file.bytes.size() <= shellcode::max_file_bytes);
  check(report.begins == 0 || report.begins < size);
  auto again = base::from_wire<shellcode::Report>(base::to_wire(report));
  check(again && again->calls.size() == report.calls.size() && again->urls == report.urls);
  return 0;
}
