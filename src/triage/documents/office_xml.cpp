// Office Open XML: ECMA-376. Parts that lead out, run or hold something.
#include <algorithm>

#include "base/ascii.h"
#include "triage/documents/compound_file.h"
#include "triage/documents/macros.h"

namespace shikake::triage {
namespace {

constexpr size_t max_tags = 50'000;

std::string unescaped(std::string_view text) {
  struct Entity {
    std::string_view name;
    char value;
  };
  constexpr Entity entities[] = {
      {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
  std::string out;
  while (!text.empty()) {
    auto entity =
        std::ranges::find_if(entities, [&](const Entity& one) { return text.starts_with(one.name); });
    out += entity != std::end(entities) ? entity->value : text[0];
    text.remove_prefix(entity != std::end(entities) ? entity->name.size() : 1);
  }
  return out;
}

// The value of an attribute of a tag, with or without a prefix; "" where it has none.
std::string attribute(std::string_view tag, std::string_view name) {
  for (size_t at = 0; (at = tag.find(name, at)) != tag.npos; ++at) {
    const char before = at > 0 ? tag[at - 1] : ' ';
    size_t equals = at + name.size();
    if ((before != ' ' && before != ':' && before != '\t' && before != '\n') || equals + 1 >= tag.size() ||
        tag[equals] != '=')
      continue;
    const char quote = tag[equals + 1];
    const size_t end = tag.find(quote, equals + 2);
    if ((quote == '"' || quote == '\'') && end != tag.npos)
      return unescaped(tag.substr(equals + 2, end - equals - 2));
  }
  return {};
}

// Kinds of relationships that are followed when the document is opened.
constexpr std::string_view opened[] = {"attachedTemplate", "oleObject",      "frame", "subDocument",
                                       "externalLinkPath", "image",          "audio", "video",
                                       "linkedMedia",      "mailMergeSource"};

void relationship(std::string_view tag, DocumentNotes& notes) {
  if (attribute(tag, "TargetMode") != "External") return;
  const std::string type = attribute(tag, "Type"), target = attribute(tag, "Target");
  const std::string kind = type.substr(type.rfind('/') + 1);
  const bool opens = std::ranges::find(opened, kind) != std::end(opened);
  notes.link(target, kind, opens);
  const std::string lower = base::to_lower(target);
  if (kind == "attachedTemplate" && (lower.starts_with("http") || lower.starts_with("\\\\")))
    notes.trait("remote template", target);
  if (kind == "oleObject" && lower.starts_with("mhtml:"))
    notes.trait({"page in an object", target, "CVE-2021-40444",
                 "https://msrc.microsoft.com/update-guide/vulnerability/CVE-2021-40444", true});
  if (kind == "oleObject" && lower.starts_with("http") && target.ends_with("!"))
    notes.trait({"page in an object", target, "CVE-2022-30190",
                 "https://msrc.microsoft.com/update-guide/vulnerability/CVE-2022-30190", true});
  if (lower.starts_with("script:"))
    notes.trait({"script moniker", target, "CVE-2017-8570",
                 "https://msrc.microsoft.com/update-guide/vulnerability/CVE-2017-8570", true});
}

// Fields' texts are cut into runs at will: put together until a field ends.
void read_fields(std::string_view text, DocumentNotes& notes) {
  std::string field;
  auto take = [&] {
    const std::string_view words = base::trimmed(field);
    const std::string word = base::to_lower(words.substr(0, words.find(' ')));
    if (word == "dde" || word == "ddeauto") {
      notes.trait("DDE field", std::string(words));
      judge_command(words.substr(word.size()), "DDE field", word == "ddeauto", notes);
    } else if (word.starts_with("include") || word == "link" || word == "hyperlink") {
      notes.links_in(words, word, word != "hyperlink");
    }
    field.clear();
  };
  size_t at = 0;
  constexpr size_t max_field = 8192;
  for (size_t count = 0; count < max_tags && (at = text.find('<', at)) != text.npos; ++count) {
    const size_t end = text.find('>', at);
    if (end == text.npos) break;
    const std::string_view tag = text.substr(at + 1, end - at - 1);
    const std::string_view name = tag.substr(0, tag.find_first_of(" \t\r\n/"));
    at = end + 1;
    if (name == "w:instrText" && field.size() < max_field) {
      const size_t stop = std::min(text.find('<', at), text.size());
      field += unescaped(text.substr(at, std::min(stop - at, max_field)));
    } else if (name == "w:fldSimple") {
      take();
      field = attribute(tag, "instr");
      take();
    } else if (name == "w:fldChar" && attribute(tag, "fldCharType") == "end") {
      take();
    } else if (name == "ddeLink") {
      notes.trait("DDE link", attribute(tag, "ddeService") + " " + attribute(tag, "ddeTopic"));
      judge_command(attribute(tag, "ddeService") + " " + attribute(tag, "ddeTopic"), "DDE link", false,
                    notes);
    }
  }
  take();
}

}  // namespace

void read_office_part(const std::string& path, std::string_view bytes, DocumentNotes& notes) {
  const std::string lower = base::to_lower(path);
  if (lower.ends_with(".rels")) {
    size_t at = 0;
    for (size_t count = 0; count < max_tags && (at = bytes.find("<Relationship", at)) != bytes.npos;
         ++count) {
      const size_t end = std::min(bytes.find('>', at), bytes.size());
      relationship(bytes.substr(at, end - at), notes);
      at = end;
    }
  } else if (lower.find("/macrosheets/") != lower.npos) {
    notes.trait("Excel 4 macros", path);
    notes.links_in(bytes, "Excel 4 macro");
  } else if (lower.ends_with(".xml")) {
    read_fields(bytes, notes);
  } else if (is_compound(base::as_bytes(bytes))) {  // macros, embedded objects
    read_compound(base::as_bytes(bytes), notes);
  }
  if (lower.find("/activex/") != lower.npos) {
    notes.trait("ActiveX control", path);
    judge_object_bytes(base::as_bytes(bytes), notes);
  }
}

}  // namespace shikake::triage
