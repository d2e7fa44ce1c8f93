// Percent-encoding (https://url.spec.whatwg.org/#percent-encoded-bytes).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace shikake::url {

// The standard's percent-encode sets; each names the bytes that it encodes.
enum class EncodeSet : uint8_t { c0_control, fragment, query, special_query, path, userinfo, component };

constexpr bool in_set(EncodeSet set, unsigned char byte);

void append_encoded(std::string& out, std::string_view bytes, EncodeSet set);
void append_percent(std::string& out, unsigned char byte);  // "%0A", upper case
std::string percent_encode(std::string_view bytes, EncodeSet set);
std::string percent_decode(std::string_view text);  // '%' that no two hex digits follow stays

namespace detail {
constexpr std::array<uint8_t, 256> make_encode_sets() {
  std::array<uint8_t, 256> sets{};
  auto add = [&sets](EncodeSet set, std::string_view bytes) {
    for (char c : bytes)
      sets[static_cast<unsigned char>(c)] |= static_cast<uint8_t>(1U << static_cast<unsigned>(set));
  };
  auto include = [&sets](EncodeSet set, EncodeSet from) {
    for (uint8_t& mask : sets) {
      if (mask >> static_cast<unsigned>(from) & 1)
        mask |= static_cast<uint8_t>(1U << static_cast<unsigned>(set));
    }
  };
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (byte < 0x20 || byte > 0x7e) sets[byte] = 1U << static_cast<unsigned>(EncodeSet::c0_control);
  }
  using enum EncodeSet;
  include(fragment, c0_control), add(fragment, " \"<>`");
  include(query, c0_control), add(query, " \"#<>");
  include(special_query, query), add(special_query, "'");
  include(path, query), add(path, "?^`{}");
  include(userinfo, path), add(userinfo, "/:;=@[\\]|");
  include(component, userinfo), add(component, "$%&+,");
  return sets;
}
inline constexpr auto encode_sets = make_encode_sets();
}  // namespace detail

constexpr bool in_set(EncodeSet set, unsigned char byte) {
  return detail::encode_sets[byte] >> static_cast<unsigned>(set) & 1;
}

}  // namespace shikake::url
