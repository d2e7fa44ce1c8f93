// A file's names by content, in one pass.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "triage/triage.h"

namespace shikake::triage {

class Hasher {
 public:
  // `total` is the size that is to come: past max_fuzzy_bytes there are no similarity hashes.
  explicit Hasher(uint64_t total);
  ~Hasher();
  Hasher(Hasher&&) noexcept;

  void update(base::ByteSpan bytes);
  Hashes finish();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shikake::triage
