// Values that are typed into a page's fields and that nobody has: where they turn up, the page has sent them.
#pragma once

#include <cstdint>
#include <string_view>

namespace shikake::honeyclient::chain {

// A number that passes the check digit (ISO/IEC 7812-1), of no account.
inline constexpr std::string_view bait_card = "4929421234600821";
inline constexpr std::string_view bait_password = "Rk7-tallow-Quince";

enum class Bait : uint8_t {
  none,
  plain,    // as typed, or percent-encoded
  encoded,  // in base64, hexadecimal or backwards: somebody hides it
};

// Whether a request's URL or body carries what was typed.
Bait bait_in(std::string_view text);

}  // namespace shikake::honeyclient::chain
