// Any bytes: the triage ends, stays within its bounds, and its facts survive the way between two processes.
#include "triage/examine.h"

#include <cstdint>
#include <cstdlib>

#include "base/wire.h"
#include "triage/hashes.h"
#include "triage/protocol.h"

namespace {

using namespace shikake;

void check(bool holds) {
  if (!holds) std::abort();
}

const triage::Tools& tools() {
  static const triage::Tools made = [] {
    auto types = triage::TypeFinder::open();
    auto rules = triage::Rules::compile({}, true);
    check(types && rules);
    check(rules->errors().empty());
    return triage::Tools{std::move(*types), std::move(*rules)};
  }();
  return made;
}

void check_bounds(const triage::Triage& facts) {
  const triage::Strings& strings = facts.strings;
  check(strings.values.size() <= triage::max_strings);
  for (const auto& value : strings.values) check(value.size() <= triage::max_string_bytes);
  for (const auto* list :
       {&strings.urls, &strings.domains, &strings.addresses, &strings.paths, &strings.mail_addresses})
    check(list->size() <= triage::max_found);
  check(facts.rules.size() <= triage::max_rule_matches);
  check(facts.entropy <= 8000);
  if (facts.elf) {
    check(facts.elf->imports.size() <= triage::max_symbols &&
          facts.elf->exports.size() <= triage::max_symbols);
    check(facts.elf->sections.size() <= triage::max_sections);
    check(facts.elf->segments.size() <= triage::max_sections);
  }
  if (facts.archive) check(facts.archive->members.size() <= triage::max_members);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  base::ByteSpan bytes(data, size);
  triage::Triage facts;
  facts.size = size;
  triage::Hasher hasher(size);
  hasher.update(bytes);
  facts.hashes = hasher.finish();
  uint64_t unpacked = 0;
  triage::Examination how;
  how.passwords = {"infected"};
  how.on_member = [&](const triage::Member& member, const std::string& content) -> Result<> {
    unpacked += content.size();
    check(member.extracted && member.size == content.size() && content.size() <= triage::max_member_bytes);
    return {};
  };
  check(triage::examine(tools(), how, bytes, facts).has_value());
  check(unpacked <= triage::max_unpacked_bytes);
  check_bounds(facts);
  const std::string wire = base::to_wire(facts);
  check(wire.size() <= triage::max_worker_frame);
  auto back = base::from_wire<triage::Triage>(wire);
  check(back && base::to_wire(*back) == wire);
  return 0;
}
