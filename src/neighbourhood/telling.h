// Which shapes say something. A root path, "/login.php" and "www." are everybody's; "/rms/nid/logini" and
// "amazon.co.jp." in front of somebody's domain are a kit's. docs/neighbourhood.md, "Shapes that tell".
#pragma once

#include <cstdint>
#include <string_view>

namespace shikake::neighbourhood {

// On how many tenants a shape must have been bad before it is looked for on others.
enum class Telling : uint8_t {
  no,      // never
  weakly,  // tenants_if_weak: one word, which others may well have thought of
  yes,     // tenants_if_telling
};
inline constexpr uint32_t tenants_if_telling = 2;
inline constexpr uint32_t tenants_if_weak = 4;

// Another number when the answers may be others.
uint64_t telling_rules();
Telling telling_path(std::string_view s2);      // of an S2 as url::path_structure gives it
Telling telling_host(std::string_view folded);  // of a folded host as url::host_structure gives it

}  // namespace shikake::neighbourhood
