// A PDF whose scripts a page worker runs as Acrobat would: what of it travels there. Taken apart by static
// triage before (triage/documents/pdf.cpp); its texts are the document's, valid UTF-8 or not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire.h"

namespace shikake::honeyclient::low {

// The Document::content_type that says so; its body is a ViewedDocument. No server's type gets here as one:
// the parent shows what servers send as text, HTML or not at all.
inline constexpr std::string_view viewed_document_type = "application/x-shikake-viewed-document";

struct ViewedScript {
  std::string where;  // "document", "open action", …
  std::string text;
  static void wire(auto& codec, auto& self) { codec(self.where, self.text); }
};
struct ViewedField {
  std::string kind, name, value, subject;  // as triage::DocumentField
  uint32_t page = 0;
  static void wire(auto& codec, auto& self) {
    codec(self.kind, self.name, self.value, self.subject, self.page);
  }
};
struct ViewedProperty {
  std::string name, value;
  static void wire(auto& codec, auto& self) { codec(self.name, self.value); }
};

struct ViewedDocument {
  std::string viewer_version;  // "9.1"
  uint32_t pages = 1;
  uint64_t size = 0;  // of the file, bytes
  std::vector<ViewedScript> scripts;
  std::vector<ViewedField> fields;
  std::vector<ViewedProperty> properties;  // names in lower case
  static void wire(auto& codec, auto& self) {
    codec(self.viewer_version, self.pages, self.size, self.scripts, self.fields, self.properties);
  }
};

}  // namespace shikake::honeyclient::low
