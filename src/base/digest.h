// SHA-256, the name of every blob and observation.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace shikake::base {

struct Digest {
  std::array<uint8_t, 32> bytes{};

  std::string hex() const { return to_hex(bytes); }
  static std::optional<Digest> from_hex(std::string_view text);
  auto operator<=>(const Digest&) const = default;
};

Digest sha256(ByteSpan bytes);
inline Digest sha256(std::string_view text) { return sha256(as_bytes(text)); }

// For bodies that arrive in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(ByteSpan bytes);
  void update(std::string_view text) { update(as_bytes(text)); }
  Digest finish();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shikake::base

template <>
struct std::hash<shikake::base::Digest> {
  size_t operator()(const shikake::base::Digest& digest) const noexcept {
    size_t value;  // the first bytes of a cryptographic hash are as good as any
    __builtin_memcpy(&value, digest.bytes.data(), sizeof value);
    return value;
  }
};
