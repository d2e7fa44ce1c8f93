// Runs bytes as 32-bit x86 code in a process of Windows that is made of stand-ins. No process and no
// descriptor of ours is needed: fuzzers call it, and worker_main.cpp.
#pragma once

#include "base/bytes.h"
#include "honeyclient/shellcode/report.h"

namespace shikake::honeyclient::shellcode {

// Begins at the places where code may begin (triage/machine_code.h), one after the other, each in a fresh
// process, until one shows what it is after; the report is of the one that showed most. A sled before the
// code leads into it.
struct RunBounds {
  // Of all starts together. Looking up twenty functions by hash in all libraries takes some 300,000; decoders
  // a few thousand.
  uint64_t blocks = 3'000'000;
  size_t starts = 40;  // each costs a few milliseconds
};
Report run(base::ByteSpan bytes, const RunBounds& bounds = {});

}  // namespace shikake::honeyclient::shellcode
