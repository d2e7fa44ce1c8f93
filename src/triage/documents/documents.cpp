#include "triage/documents/document.h"

namespace shikake::triage {
namespace {

struct Format {
  bool (*is)(base::ByteSpan bytes);
  void (*read)(base::ByteSpan bytes, DocumentNotes& notes);
};
// PDF last: its header may stand behind something else.
constexpr Format formats[] = {
    {is_shortcut, read_shortcut},   {is_flash, read_flash},           {is_compound, read_compound},
    {is_rich_text, read_rich_text}, {is_java_class, read_java_class}, {is_pdf, read_pdf},
};

}  // namespace

bool read_document(base::ByteSpan bytes, DocumentNotes& notes) {
  for (const Format& format : formats) {
    if (!format.is(bytes)) continue;
    format.read(bytes, notes);
    return true;
  }
  return false;
}

void ArchiveDocument::member(const std::string& path, std::string_view bytes) {
  constexpr uint32_t max_classes = 2000;
  constexpr size_t max_words = 200'000;
  if (path == "[Content_Types].xml") office_ = true;
  if (path == "META-INF/MANIFEST.MF") {
    java_ = true;
    read_manifest(bytes, notes_);
  }
  if (path.starts_with("META-INF/") && path.ends_with(".SF")) notes_.property("signed by", path.substr(9));
  if (path.ends_with(".class") && is_java_class(base::as_bytes(bytes))) {
    java_ = true;
    if (++classes_ > max_classes || java_words_.size() > max_words) return notes_.limit("document: classes");
    for (std::string& word : java_class_words(base::as_bytes(bytes), notes_))
      java_words_.push_back(std::move(word));
  }
  if (path.ends_with(".rels") || path.ends_with(".xml") || path.ends_with(".bin"))
    read_office_part(path, bytes, notes_);
}

bool ArchiveDocument::finish() {
  if (java_) {
    notes_.format("Java archive");
    notes_.property("classes", std::to_string(classes_));
    judge_java(java_words_, notes_);
  } else if (office_) {
    notes_.format("Office Open XML");
  }
  return java_ || office_;
}

}  // namespace shikake::triage
