#include "base/digest.h"

#include <algorithm>

#include <openssl/evp.h>

#include "base/check.h"

namespace shikake::base {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() { SHIKAKE_CHECK(context != nullptr && EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(ByteSpan bytes) {
  SHIKAKE_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

Digest Sha256::finish() {
  Digest digest;
  unsigned length = 0;
  SHIKAKE_CHECK(EVP_DigestFinal_ex(state_->context, digest.bytes.data(), &length) == 1);
  SHIKAKE_CHECK(length == digest.bytes.size());
  return digest;
}

Digest sha256(ByteSpan bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

std::optional<Digest> Digest::from_hex(std::string_view text) {
  auto raw = base::from_hex(text);
  Digest digest;
  if (!raw || raw->size() != digest.bytes.size()) return std::nullopt;
  std::copy(raw->begin(), raw->end(), reinterpret_cast<char*>(digest.bytes.data()));
  return digest;
}

}  // namespace shikake::base
