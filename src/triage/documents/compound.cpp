// Office's old formats: what lies in a compound file.
#include <algorithm>

#include <fmt/format.h>

#include "base/ascii.h"
#include "triage/documents/compound_file.h"
#include "triage/documents/macros.h"

namespace shikake::triage {
namespace {

constexpr uint8_t magic[] = {0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1};
constexpr std::string_view equation_class = "0002ce02-0000-0000-c000-000000000046";

struct Kind {
  std::string_view stream, format;
};
constexpr Kind kinds[] = {
    {"WordDocument", "Word 97-2003"},
    {"Workbook", "Excel 97-2003"},
    {"Book", "Excel 5"},
    {"PowerPoint Document", "PowerPoint 97-2003"},
    {"VisioDocument", "Visio"},
    {"__properties_version1.0", "Outlook message"},
    {"Contents", "Publisher"},
    {"EncryptedPackage", "encrypted Office Open XML"},
};

// [MS-OLEDS] 2.3.6, as OLE packages have it: size, then label, file name and command, then the bytes.
void read_package(base::ByteSpan bytes, DocumentNotes& notes) {
  Bytes in(bytes);
  uint64_t at = 6;
  const std::string label = text_at(bytes, at, 1024);
  at += label.size() + 1;
  const std::string file = text_at(bytes, at, 1024);
  at += file.size() + 1 + 4;
  const uint32_t command_size = in.u32(at);
  const std::string command = text_at(bytes, at + 4, 1024);
  at += 4 + uint64_t{command_size};
  const uint32_t size = in.u32(at);
  const base::ByteSpan content = in.at(at + 4, size);
  if (content.empty()) return;
  notes.part(label.empty() ? "package" : label, "OLE package", std::string(base::as_text(content)));
  notes.property("package", command.empty() ? file : command);
}

// [MS-XLS]: records of a number and a size. Sheets of the old macro language, hidden ones among them.
void read_workbook(base::ByteSpan bytes, DocumentNotes& notes) {
  constexpr uint16_t sheet_record = 0x85, name_record = 0x18, protected_record = 0x2F;
  constexpr unsigned max_records = 200'000;
  Bytes in(bytes);
  uint64_t at = 0;
  for (unsigned count = 0; at + 4 <= bytes.size() && count < max_records; ++count) {
    const uint16_t record = in.u16(at), size = in.u16(at + 2);
    const base::ByteSpan body = in.at(at + 4, size);
    const Bytes fields(body);
    if (record == protected_record) notes.trait("encrypted", "workbook");
    if (record == sheet_record && fields.u8(5) == 1)
      notes.trait(fields.u8(4) ? "hidden Excel 4 macros" : "Excel 4 macros", "a sheet of macros");
    // Built-in names: 1 is Auto_Open, 2 Auto_Close.
    if (record == name_record && (fields.u16(0) & 0x20) && body.size() > 15 &&
        (body[15] == 1 || body[15] == 2))
      notes.trait("runs by itself", body[15] == 1 ? "Auto_Open" : "Auto_Close");
    at += 4u + size;
  }
}

// Fields in a text document: between 13h and 14h (or 15h) stands what they do.
void read_fields(std::string_view text, DocumentNotes& notes) {
  constexpr size_t max_field = 2000, max_fields = 2000;
  size_t at = 0;
  for (size_t count = 0; count < max_fields && (at = text.find('\x13', at)) != text.npos; ++count) {
    const size_t end = std::min({text.find('\x14', at), text.find('\x15', at), text.size(), at + max_field});
    std::string field(base::trimmed(text.substr(at + 1, end - at - 1)));
    const std::string word = base::to_lower(field.substr(0, field.find(' ')));
    if (word == "dde" || word == "ddeauto") {
      notes.trait("DDE field", field);
      judge_command(field.substr(word.size()), "DDE field", word == "ddeauto", notes);
    } else if (word == "hyperlink") {
      notes.links_in(field, "hyperlink");
    } else if (word.starts_with("include") || word == "link" || word == "import") {
      notes.links_in(field, "included", true);
    }
    ++at;
  }
}

}  // namespace

bool is_compound(base::ByteSpan bytes) {
  return bytes.size() >= 512 && std::ranges::equal(bytes.first(sizeof magic), magic);
}

void read_compound(base::ByteSpan bytes, DocumentNotes& notes) {
  const CompoundFile file(bytes, notes);
  notes.format("OLE compound file");
  for (const Kind& kind : kinds)
    if (file.find(kind.stream)) {
      notes.format(std::string(kind.format));
      break;
    }
  read_macros(file, notes);
  for (const CompoundFile::Entry& entry : file.entries()) {
    if (!entry.stream) {
      if (!entry.class_id.empty()) notes.property("class", entry.path + " " + entry.class_id);
      continue;
    }
    const std::string name = entry.path.substr(entry.path.rfind('/') + 1);
    const std::string content = file.read(entry);
    const base::ByteSpan data = base::as_bytes(content);
    if (name == "\x01Ole10Native") read_package(data, notes);
    if (name == "Equation Native") judge_equation(data, notes);
    if (name == "Workbook" || name == "Book") read_workbook(data, notes);
    if (name == "WordDocument") read_fields(content, notes);
    if (name == "\x01Ole" || name == "Contents" || name == "\x03OCXDATA" || name == "\x01CompObj")
      judge_object_bytes(data, notes);
  }
  const bool equation = std::ranges::any_of(
      file.entries(), [](const CompoundFile::Entry& entry) { return entry.class_id == equation_class; });
  if (equation) notes.trait("equation object", "of the old equation editor");
}

}  // namespace shikake::triage
