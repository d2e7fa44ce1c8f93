#include <algorithm>

#include "base/ascii.h"
#include "base/digest.h"
#include "base/utf8.h"
#include "triage/documents/document.h"
#include "triage/findings.h"

namespace shikake::triage {
namespace {

constexpr size_t max_value_bytes = 4096;

std::string cut(std::string text, size_t most) {
  if (text.size() > most) text.resize(most);
  return text;
}

}  // namespace

void DocumentNotes::limit(std::string what) {
  if (std::ranges::find(limits_hit_, what) == limits_hit_.end()) limits_hit_.push_back(std::move(what));
}

void DocumentNotes::malformed(std::string what) {
  if (document_.malformed.size() < max_found &&
      std::ranges::find(document_.malformed, what) == document_.malformed.end())
    document_.malformed.push_back(std::move(what));
}

void DocumentNotes::property(std::string_view name, std::string value) {
  if (value.empty()) return;
  if (document_.properties.size() >= max_found) return limit("document: properties");
  document_.properties.push_back({std::string(name), cut(std::move(value), max_value_bytes)});
}

void DocumentNotes::link(std::string target, std::string_view how, bool opens) {
  if (target.empty()) return;
  target = cut(std::move(target), max_value_bytes);
  for (DocumentLink& known : document_.links)
    if (known.target == target) {
      if (opens && !known.opens) {
        known.opens = true;
        known.how = how;
      }
      return;
    }
  if (document_.links.size() >= max_found) return limit("document: links");
  document_.links.push_back({std::move(target), std::string(how), opens});
}

void DocumentNotes::links_in(std::string_view text, std::string_view how, bool opens) {
  constexpr size_t searched = size_t{1} << 20;
  Strings found;
  Findings(found).look_at(text.substr(0, searched));
  for (std::string& url : found.urls) link(std::move(url), how, opens);
}

void DocumentNotes::script(std::string_view language, std::string where, std::string text) {
  if (text.empty()) return;
  if (document_.scripts.size() >= max_document_scripts) return limit("document: scripts");
  DocumentScript made{std::string(language),
                      cut(std::move(where), max_value_bytes),
                      {},
                      text.size(),
                      base::sha256(text).hex()};
  for (const DocumentScript& known : document_.scripts)
    if (known.sha256 == made.sha256 && known.where == made.where) return;
  const size_t room = max_scripts_bytes - std::min(max_scripts_bytes, scripts_bytes_);
  if (text.size() > std::min(max_script_bytes, room)) limit("document: scripts");
  made.text = cut(std::move(text), std::min(max_script_bytes, room));
  scripts_bytes_ += made.text.size();
  document_.scripts.push_back(std::move(made));
}

void DocumentNotes::field(DocumentField field) {
  const size_t bytes = field.name.size() + field.value.size() + field.subject.size();
  if (bytes == 0) return;
  if (document_.fields.size() >= max_fields || field.value.size() > max_field_bytes ||
      field.subject.size() > max_field_bytes || bytes > max_fields_bytes - fields_bytes_)
    return limit("document: fields");
  field.name = cut(std::move(field.name), max_value_bytes);
  fields_bytes_ += field.name.size() + field.value.size() + field.subject.size();
  document_.fields.push_back(std::move(field));
}

void DocumentNotes::trait(DocumentTrait found) {
  for (const DocumentTrait& known : document_.traits)
    if (known.name == found.name && known.cve == found.cve) return;
  if (document_.traits.size() >= max_found) return limit("document: traits");
  found.detail = cut(std::move(found.detail), max_value_bytes);
  document_.traits.push_back(std::move(found));
}

void DocumentNotes::trait(std::string_view name, std::string detail) {
  trait({std::string(name), std::move(detail), {}, {}, false});
}

void DocumentNotes::code(std::string bytes) {
  if (document_.code.size() < max_document_code &&
      std::ranges::find(document_.code, bytes) == document_.code.end())
    document_.code.push_back(std::move(bytes));
}

void DocumentNotes::part(std::string name, std::string_view type, std::string bytes) {
  if (document_.parts.size() >= max_members) return limit("document: embedded files");
  DocumentPart made{cut(std::move(name), max_value_bytes), std::string(type), bytes.size(),
                    base::sha256(bytes).hex()};
  parts_bytes_ += bytes.size();
  if (!sink_ || !status_ || bytes.empty() || bytes.size() > max_member_bytes ||
      parts_bytes_ > max_unpacked_bytes) {
    if (parts_bytes_ > max_unpacked_bytes) limit("document: embedded files");
    document_.parts.push_back(std::move(made));
    return;
  }
  Member member;
  member.path = made.name;
  member.size = made.size;
  member.extracted = true;
  member.sha256 = made.sha256;
  document_.parts.push_back(std::move(made));
  status_ = sink_(member, std::move(bytes));
}

std::string utf8_of_utf16(base::ByteSpan units) {
  std::string out;
  for (size_t i = 0; i + 1 < units.size(); i += 2)
    base::append_utf8(out, static_cast<uint16_t>(units[i] | units[i + 1] << 8));
  return out;
}

std::string utf8_of_utf16_big(base::ByteSpan units) {
  std::string out;
  for (size_t i = 0; i + 1 < units.size(); i += 2)
    base::append_utf8(out, static_cast<uint16_t>(units[i] << 8 | units[i + 1]));
  return out;
}

std::string text_at(base::ByteSpan bytes, uint64_t offset, size_t most) {
  std::string out;
  while (offset < bytes.size() && out.size() < most && bytes[offset] != 0)
    out += static_cast<char>(bytes[offset++]);
  return out;
}

bool contains_ignoring_case(std::string_view text, std::string_view what) {
  auto same = [](char a, char b) { return base::to_lower(a) == base::to_lower(b); };
  return std::search(text.begin(), text.end(), what.begin(), what.end(), same) != text.end();
}

}  // namespace shikake::triage
