#include "publish/uuid.h"

#include <openssl/sha.h>

#include <array>

#include "base/bytes.h"
#include "base/check.h"

namespace shikake::publish {
namespace {

constexpr size_t text_size = 36;
bool dash_at(size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

}  // namespace

bool is_uuid(std::string_view text) {
  if (text.size() != text_size) return false;
  for (size_t i = 0; i < text_size; ++i) {
    char c = text[i];
    bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash_at(i) ? c != '-' : !hex) return false;
  }
  return true;
}

std::string uuid5(std::string_view space, std::string_view name) {
  SHIKAKE_CHECK(is_uuid(space));
  std::string hex;
  for (char c : space) {
    if (c != '-') hex += c;
  }
  std::string input = *base::from_hex(hex);
  input += name;
  std::array<uint8_t, SHA_DIGEST_LENGTH> hash;
  SHA1(reinterpret_cast<const uint8_t*>(input.data()), input.size(), hash.data());
  hash[6] = static_cast<uint8_t>((hash[6] & 0x0F) | 0x50);  // version 5
  hash[8] = static_cast<uint8_t>((hash[8] & 0x3F) | 0x80);  // the RFC's variant
  hex = base::to_hex(base::ByteSpan(hash.data(), 16));
  std::string out;
  for (char c : hex) {
    if (dash_at(out.size())) out += '-';
    out += c;
  }
  return out;
}

}  // namespace shikake::publish
