#include "triage/examine.h"

#include <iterator>

#include "triage/archive.h"
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

Result<> unpack(const Examination& how, base::ByteSpan bytes, Triage& triage) {
  if (!how.open_archive) {
    triage.limits_hit.push_back("archive: not opened, it lies in too many others");
    return {};
  }
  SHIKAKE_ASSIGN(auto opened, open_archive(bytes, how.passwords, how.on_member));
  if (!opened) return {};
  triage.archive = std::move(opened->archive);
  append(triage.limits_hit, std::move(opened->limits_hit));
  return {};
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
  if (triage.kind == FileKind::archive) {
    SHIKAKE_TRY(done());
    SHIKAKE_TRY(unpack(how, bytes, triage));
  }
  triage.complete = triage.limits_hit.empty();
  return {};
}

}  // namespace shikake::triage
