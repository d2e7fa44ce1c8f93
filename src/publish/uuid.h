// Names that are the same wherever they are made: UUID version 5 (RFC 9562, section 5.5).
#pragma once

#include <string>
#include <string_view>

namespace shikake::publish {

// Under which STIX 2.1 (section 2.9) names cyber-observable objects by their own properties.
inline constexpr std::string_view stix_observable_namespace = "00abedb4-aa42-466c-9c01-fed23315a9b7";
// Under which Shikake names what it publishes itself.
inline constexpr std::string_view own_namespace = "6f0d7a1e-3c58-4b7e-9a54-2d8b51c6e0f3";

// `space` is a UUID in its usual form.
std::string uuid5(std::string_view space, std::string_view name);
bool is_uuid(std::string_view text);

}  // namespace shikake::publish
