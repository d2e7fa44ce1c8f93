// What must hold of any document, however broken: its reader ends, and what it notes stays within its bounds.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "triage/documents/document.h"

namespace shikake::triage {

inline int check_document(const uint8_t* data, size_t size, void (*read)(base::ByteSpan, DocumentNotes&)) {
  auto check = [](bool holds) {
    if (!holds) std::abort();
  };
  Document document;
  uint64_t given = 0;
  const MemberSink sink = [&](const Member& member, std::string bytes) -> Result<> {
    check(member.size == bytes.size() && member.extracted);
    given += bytes.size();
    return {};
  };
  DocumentNotes notes(document, sink);
  read({data, size}, notes);
  check(given <= max_unpacked_bytes);
  check(document.links.size() <= max_found && document.properties.size() <= max_found);
  check(document.traits.size() <= max_found && document.malformed.size() <= max_found);
  check(document.scripts.size() <= max_document_scripts && document.code.size() <= max_document_code);
  check(document.parts.size() <= max_members);
  for (const DocumentScript& script : document.scripts) check(script.text.size() <= max_script_bytes);
  for (const DocumentTrait& trait : document.traits) check(trait.cve.empty() == trait.source.empty());
  return 0;
}

}  // namespace shikake::triage
