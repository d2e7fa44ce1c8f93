// A part of an Office Open XML document: its path, a line's end, its bytes.
#include <algorithm>

#include "document_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shikake;
  return triage::check_document(data, size, [](base::ByteSpan bytes, triage::DocumentNotes& notes) {
    const std::string_view text = base::as_text(bytes);
    const size_t end = std::min(text.find('\n'), text.size());
    triage::ArchiveDocument document(notes);
    document.member(std::string(text.substr(0, end)), text.substr(std::min(text.size(), end + 1)));
    document.finish();
  });
}
