#include "triage/hashes.h"

#include <array>

#include <fuzzy.h>
#include <openssl/evp.h>
#include <tlsh.h>

#include "base/check.h"
#include "base/checked.h"

namespace shikake::triage {
namespace {

class Digesting {
 public:
  explicit Digesting(const EVP_MD* algorithm) : context_(EVP_MD_CTX_new()) {
    SHIKAKE_CHECK(context_ && EVP_DigestInit_ex(context_.get(), algorithm, nullptr) == 1);
  }
  void update(base::ByteSpan bytes) {
    SHIKAKE_CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  }
  std::string finish() {
    std::array<uint8_t, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    SHIKAKE_CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1);
    return base::to_hex(base::ByteSpan(digest.data(), size));
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

struct FreeFuzzy {
  void operator()(fuzzy_state* state) const { fuzzy_free(state); }
};

}  // namespace

struct Hasher::State {
  Digesting md5{EVP_md5()}, sha1{EVP_sha1()}, sha256{EVP_sha256()};
  std::unique_ptr<fuzzy_state, FreeFuzzy> ssdeep;
  std::unique_ptr<Tlsh> tlsh;
};

Hasher::Hasher(uint64_t total) : state_(std::make_unique<State>()) {
  if (total > max_fuzzy_bytes) return;
  state_->ssdeep.reset(fuzzy_new());
  SHIKAKE_CHECK(state_->ssdeep);
  state_->tlsh = std::make_unique<Tlsh>();
}

Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;

void Hasher::update(base::ByteSpan bytes) {
  state_->md5.update(bytes);
  state_->sha1.update(bytes);
  state_->sha256.update(bytes);
  if (state_->ssdeep) fuzzy_update(state_->ssdeep.get(), bytes.data(), bytes.size());
  if (state_->tlsh && !bytes.empty())
    state_->tlsh->update(bytes.data(), base::checked_cast<unsigned>(bytes.size()).value());
}

Hashes Hasher::finish() {
  Hashes out{state_->md5.finish(), state_->sha1.finish(), state_->sha256.finish(), "", ""};
  if (state_->ssdeep) {
    std::array<char, FUZZY_MAX_RESULT> text{};
    if (fuzzy_digest(state_->ssdeep.get(), text.data(), 0) == 0) out.ssdeep = text.data();
  }
  if (state_->tlsh) {
    state_->tlsh->final();
    const char* text = state_->tlsh->getHash();
    // This version of the library leaves out the version mark that others print since TLSH 4.0.
    if (text && *text) out.tlsh = std::string("T1") + text;
  }
  return out;
}

}  // namespace shikake::triage
