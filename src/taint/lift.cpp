#include "taint/lift.h"

#include <iterator>

namespace shikake::taint {
namespace {
struct Named {
  std::string_view name;
  Architecture architecture;
};
constexpr Named names_of[] = {
    {"x86_64", Architecture::x86_64},   {"i386", Architecture::i386}, {"arm", Architecture::arm},
    {"aarch64", Architecture::aarch64}, {"mips", Architecture::mips}, {"mipsel", Architecture::mipsel},
};
}  // namespace

std::optional<Architecture> architecture(std::string_view wanted) {
  for (const Named& named : names_of)
    if (named.name == wanted) return named.architecture;
  return std::nullopt;
}

std::string_view name(Architecture wanted) {
  for (const Named& named : names_of)
    if (named.architecture == wanted) return named.name;
  return "unknown";
}

std::unique_ptr<Lifter> make_lifter(Architecture wanted, RuleChoices choices) {
  switch (wanted) {
    case Architecture::mips: return make_mips_lifter(true, choices);
    case Architecture::mipsel: return make_mips_lifter(false, choices);
    default: return make_vex_lifter(wanted, choices);
  }
}

}  // namespace shikake::taint
