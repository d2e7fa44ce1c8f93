#include "audit_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return shikake::audit::fuzz_format("zeek-tsv", data, size);
}
