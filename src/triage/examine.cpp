#include "triage/examine.h"

#include <iterator>

#include "triage/archive.h"
#include "triage/documents/document.h"
#include "triage/elf.h"
#include "triage/entropy.h"
#include "triage/script.h"
#include "triage/strings.h"

namespace shikake::triage {
namespace {

void append(std::vector<std::string>& to, std::vector<std::string> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

void find_type(const Tools& tools, const Examination& how, base::ByteSpan bytes, Triage& triage) {
  Type type = tools.types.find(bytes);
  triage.kind = type.kind;
  triage.mime = std::move(type.mime);
  triage.description = std::move(type.description);
  if (triage.kind == FileKind::elf) {
    triage.elf = read_elf(bytes, triage.size);
    triage.description = describe(*triage.elf);
  } else if (triage.kind == FileKind::text || triage.kind == FileKind::data) {
    triage.script = find_script(bytes, triage.mime, how.name);
    if (triage.script) triage.kind = FileKind::script;
  }
}

bool is_zip(base::ByteSpan bytes) {
  return base::as_text(bytes.first(std::min<size_t>(bytes.size(), 4))) == std::string_view("PK\x03\x04", 4);
}

// Of an Office document what is a file of its own, and not the text around it.
bool is_worth_keeping(const Member& member) {
  return member.path.find("embeddings/") != std::string::npos || member.path.ends_with(".bin");
}

Result<> unpack(const Examination& how, base::ByteSpan bytes, Triage& triage) {
  if (!how.open_archive) {
    triage.limits_hit.push_back("archive: not opened, it lies in too many others");
    return {};
  }
  Document document;
  DocumentNotes notes(document, how.on_member);
  ArchiveDocument reading(notes);
  const bool all = triage.kind == FileKind::archive;
  MemberSink sink = [&](const Member& member, std::string content) -> Result<> {
    reading.member(member.path, content);
    SHIKAKE_TRY(notes.status());
    return how.on_member && (all || is_worth_keeping(member)) ? how.on_member(member, std::move(content))
                                                              : Result<>();
  };
  SHIKAKE_ASSIGN(auto opened, open_archive(bytes, how.passwords, sink));
  if (!opened) return {};
  triage.archive = std::move(opened->archive);
  append(triage.limits_hit, std::move(opened->limits_hit));
  if (reading.finish()) {
    triage.document = std::move(document);
    append(triage.limits_hit, std::move(notes.limits_hit()));
  }
  return {};
}

Result<> take_apart(const Examination& how, base::ByteSpan bytes, Triage& triage) {
  if (triage.kind == FileKind::archive || (triage.kind == FileKind::document && is_zip(bytes)))
    return unpack(how, bytes, triage);
  // What is text or a program by its content is none of these by its first bytes.
  if (triage.kind == FileKind::text || triage.kind == FileKind::script || triage.kind == FileKind::elf)
    return {};
  Document document;
  DocumentNotes notes(document, how.on_member);
  if (!read_document(bytes, notes)) return {};
  triage.document = std::move(document);
  append(triage.limits_hit, std::move(notes.limits_hit()));
  return notes.status();
}

}  // namespace

Result<> examine(const Tools& tools, const Examination& how, base::ByteSpan bytes, Triage& triage) {
  auto done = [&]() -> Result<> { return how.on_progress ? how.on_progress(triage) : Result<>(); };
  triage.name = how.name;
  triage.rule_errors = tools.rules.errors();
  if (bytes.size() < triage.size) {
    triage.limits_hit.push_back("only the first " + std::to_string(max_examined_bytes >> 20) +
                                " MiB were examined");
  }
  triage.entropy = entropy(bytes);
  find_type(tools, how, bytes, triage);
  SHIKAKE_TRY(done());

  FoundStrings found = find_strings(bytes);
  triage.strings = std::move(found.strings);
  append(triage.limits_hit, std::move(found.limits_hit));
  SHIKAKE_TRY(done());

  Rules::Matches matches = tools.rules.match(bytes);
  triage.rules = std::move(matches.found);
  if (!matches.cut_short.empty()) triage.limits_hit.push_back(std::move(matches.cut_short));
  SHIKAKE_TRY(done());
  SHIKAKE_TRY(take_apart(how, bytes, triage));
  triage.complete = triage.limits_hit.empty();
  return {};
}

}  // namespace shikake::triage
