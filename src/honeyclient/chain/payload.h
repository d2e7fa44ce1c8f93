// What a body is that pages have no business showing: programs, and archives and documents that carry them.
// Told from first bytes, as servers lie about types.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shikake::honeyclient::chain {

enum class PayloadKind : uint8_t {
  none,
  program,   // runs when opened: PE, ELF, Mach-O, MSI, APK, shortcuts, script files of Windows
  archive,   // may hold one
  document,  // opened by a plugin or a viewer: PDF, Flash, Java, Office
};

struct Payload {
  PayloadKind kind = PayloadKind::none;
  std::string_view mime;  // as registered or as widely used; "" for none
  std::string_view name;  // for people: "Windows program"
};

// `declared` is the Content-Type's essence and `path` the URL's path; they decide only where bytes can't
// (script files), and never make a page a program.
Payload payload_of(std::string_view body, std::string_view declared, std::string_view path);
// Of a file that is saved under a name: there a script is a program too, whatever type was declared. `name`
// is in lower case.
Payload payload_of_saved(std::string_view body, std::string_view name);
// The same from a type alone: what VisitNode::mime says afterwards.
Payload payload_by_mime(std::string_view mime);

// What Windows runs when it is opened, by its name.
bool is_program_name(std::string_view name);
// Those of them that developers keep beside their other files: one in an archive says nothing of it.
bool is_source_name(std::string_view name);
// The names in a ZIP archive as its entries' own headers have them: the first of each, however many there
// are; none for anything else.
struct ZipNames {
  std::vector<std::string> programs, others;
};
ZipNames zip_names(std::string_view body);

}  // namespace shikake::honeyclient::chain
