// Documents taken apart: one file a format, one row a format in documents.cpp.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "triage/triage.h"

namespace shikake::triage {

// What readers write into: everything that they add is bounded here, whatever a file says of itself.
class DocumentNotes {
 public:
  // `sink` (may be empty) gets what is embedded; its error ends the reading, see error().
  DocumentNotes(Document& document, const MemberSink& sink) : document_(document), sink_(sink) {}

  void format(std::string name) { document_.format = std::move(name); }
  void property(std::string_view name, std::string value);
  // `opens`: nobody needs to click.
  void link(std::string target, std::string_view how, bool opens = false);
  // Every URL that stands in a text; `how` as above.
  void links_in(std::string_view text, std::string_view how, bool opens = false);
  void script(std::string_view language, std::string where, std::string text);
  void field(DocumentField field);
  void trait(DocumentTrait trait);
  void trait(std::string_view name, std::string detail);
  void part(std::string name, std::string_view type, std::string bytes);
  // Bytes that look like machine code in what a script makes (machine_code.h).
  void code(std::string bytes);
  void malformed(std::string what);
  void limit(std::string what);

  const Document& document() const { return document_; }
  std::vector<std::string>& limits_hit() { return limits_hit_; }
  const Result<>& status() const { return status_; }

 private:
  Document& document_;
  const MemberSink& sink_;
  std::vector<std::string> limits_hit_;
  uint64_t parts_bytes_ = 0;
  size_t scripts_bytes_ = 0, fields_bytes_ = 0;
  Result<> status_;
};

// Reads whatever format of document the bytes are; false where they are none that is known. Formats in
// archives (Java, Office Open XML) are read by ArchiveDocument.
bool read_document(base::ByteSpan bytes, DocumentNotes& notes);

// Members of an archive, one after the other; at the end it is known what the whole is.
class ArchiveDocument {
 public:
  explicit ArchiveDocument(DocumentNotes& notes) : notes_(notes) {}
  void member(const std::string& path, std::string_view bytes);
  bool finish();  // false: no document

 private:
  DocumentNotes& notes_;
  bool office_ = false, java_ = false;
  std::vector<std::string> java_words_;  // of all classes, for the rows that need several
  uint32_t classes_ = 0;
};

// --- one of each a file
bool is_shortcut(base::ByteSpan bytes);
void read_shortcut(base::ByteSpan bytes, DocumentNotes& notes);
bool is_flash(base::ByteSpan bytes);
void read_flash(base::ByteSpan bytes, DocumentNotes& notes);
bool is_compound(base::ByteSpan bytes);
void read_compound(base::ByteSpan bytes, DocumentNotes& notes);
bool is_rich_text(base::ByteSpan bytes);
void read_rich_text(base::ByteSpan bytes, DocumentNotes& notes);
bool is_pdf(base::ByteSpan bytes);
void read_pdf(base::ByteSpan bytes, DocumentNotes& notes);
bool is_java_class(base::ByteSpan bytes);
void read_java_class(base::ByteSpan bytes, DocumentNotes& notes);
void read_manifest(std::string_view text, DocumentNotes& notes);
void judge_java(const std::vector<std::string>& words, DocumentNotes& notes);
std::vector<std::string> java_class_words(base::ByteSpan bytes, DocumentNotes& notes);
void read_office_part(const std::string& path, std::string_view bytes, DocumentNotes& notes);

// --- shared
// Macros that run by themselves, what they start, and links in their texts.
void judge_macros(std::string_view source, DocumentNotes& notes);
// JavaScript of documents: known vulnerable calls, URLs, machine code in its texts.
void judge_document_script(std::string_view source, DocumentNotes& notes);
// A command line: script hosts, URLs.
void judge_command(std::string_view command, std::string_view how, bool opens, DocumentNotes& notes);
// An equation of the old editor ([MTEF 3]): overlong font names.
void judge_equation(base::ByteSpan native, DocumentNotes& notes);
// Serialised controls and monikers that exploits are made of, wherever they lie.
void judge_object_bytes(base::ByteSpan bytes, DocumentNotes& notes);

// Bytes with bounds: reading past the end gives zeros and is noted.
class Bytes {
 public:
  explicit Bytes(base::ByteSpan bytes) : bytes_(bytes) {}
  size_t size() const { return bytes_.size(); }
  bool past_end() const { return past_end_; }
  uint8_t u8(uint64_t at) const { return static_cast<uint8_t>(number(at, 1)); }
  uint16_t u16(uint64_t at) const { return static_cast<uint16_t>(number(at, 2)); }
  uint32_t u32(uint64_t at) const { return number(at, 4); }
  uint16_t u16_big(uint64_t at) const { return static_cast<uint16_t>(u8(at) << 8 | u8(at + 1)); }
  uint32_t u32_big(uint64_t at) const { return static_cast<uint32_t>(u16_big(at)) << 16 | u16_big(at + 2); }
  // What is there of a range.
  base::ByteSpan at(uint64_t offset, uint64_t count) const {
    if (offset > bytes_.size()) return {};
    const uint64_t left = bytes_.size() - offset;
    if (count > left) past_end_ = true;
    return bytes_.subspan(offset, count < left ? count : left);
  }

 private:
  uint32_t number(uint64_t at, unsigned count) const {
    if (at > bytes_.size() || bytes_.size() - at < count) {
      past_end_ = true;
      return 0;
    }
    uint32_t value = 0;
    for (unsigned i = count; i-- > 0;) value = value << 8 | bytes_[at + i];
    return value;
  }
  base::ByteSpan bytes_;
  mutable bool past_end_ = false;
};

std::string utf8_of_utf16(base::ByteSpan units);  // little-endian
std::string utf8_of_utf16_big(base::ByteSpan units);
// A text up to its zero.
std::string text_at(base::ByteSpan bytes, uint64_t offset, size_t most);
bool contains_ignoring_case(std::string_view text, std::string_view what);

}  // namespace shikake::triage
