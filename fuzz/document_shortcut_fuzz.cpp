// Windows shortcuts of any bytes.
#include "document_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shikake::triage;
  if (!is_shortcut({data, size})) return 0;
  return check_document(data, size, read_shortcut);
}
