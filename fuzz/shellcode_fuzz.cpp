// Machine code of any bytes: it ends, and what it did is within its bounds and survives the way to the
// parent.
#include <cstdint>
#include <cstdlib>

#include "honeyclient/shellcode/run.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shikake;
  namespace shellcode = honeyclient::shellcode;
  auto check = [](bool holds) {
    if (!holds) std::abort();
  };
  constexpr size_t enough = 4096;
  const shellcode::Report report = shellcode::run({data, size < enough ? size : enough});
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
