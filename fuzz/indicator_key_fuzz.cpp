// Any text: if it is a value of some type, its canonical form is a value of that type and its own canonical
// form; and a guard made of it answers.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "intel/guard.h"
#include "intel/model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shikake;
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (int i = 0; i <= static_cast<int>(intel::IndicatorType::sha256); ++i) {
    const auto type = static_cast<intel::IndicatorType>(i);
    auto value = intel::canonical_value(type, text);
    if (!value) continue;
    auto again = intel::canonical_value(type, *value);
    SHIKAKE_CHECK(again.has_value() && *again == *value);
  }
  auto key = intel::guess_key(text);
  if (key) SHIKAKE_CHECK(intel::canonical_value(key->type, key->value) == key->value);
  for (int i = 0; i <= static_cast<int>(intel::GuardType::regex); ++i) {
    intel::GuardList list;
    list.name = "list";
    list.type = static_cast<intel::GuardType>(i);
    list.values = {text};
    intel::Guard guard = intel::Guard::make({list});
    if (key) (void)guard.protects(*key);
    (void)guard.protects({intel::IndicatorType::pattern, text});
  }
  return 0;
}
