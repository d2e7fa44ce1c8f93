// Any text as a scenario: a scenario or an error with a line, and what is accepted keeps to the
// documentation ranges.

#include <cstdint>
#include <string>

#include "base/check.h"
#include "range/scenario.h"

using namespace shikake;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto scenario =
      range::Scenario::parse({reinterpret_cast<const char*>(data), size}, "/nonexistent", "scenario.toml");
  if (!scenario) {
    SHIKAKE_CHECK(scenario.error().line && !scenario.error().what.empty());
    return 0;
  }
  for (const range::Host& host : scenario->hosts) {
    SHIKAKE_CHECK(!host.addresses.empty());
    for (const std::string& address : host.addresses) SHIKAKE_CHECK(range::is_documentation_address(address));
  }
  return 0;
}
