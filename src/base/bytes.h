// Bytes as text and back: hexadecimal, base64, views.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace shikake::base {

using ByteSpan = std::span<const uint8_t>;

inline ByteSpan as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string to_hex(ByteSpan bytes);                           // lower case
std::optional<std::string> from_hex(std::string_view text);   // either case; nothing if odd or not hex
std::string to_base64(ByteSpan bytes);                        // RFC 4648 section 4, padded
std::optional<std::string> from_base64(std::string_view text);

// Valid UTF-8 from anything: each maximal ill-formed part becomes U+FFFD, as the Encoding Standard's
// decoder does.
std::string to_valid_utf8(std::string_view text);
bool is_valid_utf8(std::string_view text);

}  // namespace shikake::base
