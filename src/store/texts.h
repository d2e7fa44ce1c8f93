// Texts that repeat (sources, families, reasons), stored once each.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/hash.h"

namespace shikake::store {

// Methods throw as SOCI does. Texts are never deleted, so what is cached stays true, but for those added in a
// transaction that was rolled back: call forget() then.
class Texts {
 public:
  Texts(soci::session& sql, const HashKey& key) : sql_(sql), key_(key) {}

  int64_t id_of(std::string_view text);    // adds it where it is new; 0 for ""
  int64_t find(std::string_view text);     // -1 where nobody stored it
  const std::string& text_of(int64_t id);  // "" for 0 and for what is not there; good until the next call
  void forget();

 private:
  // Enough for every source and family and for the reasons in one batch; bounds memory, not correctness.
  static constexpr size_t most_cached = 50'000;

  soci::session& sql_;
  HashKey key_;
  std::unordered_map<std::string, int64_t> ids_;
  std::unordered_map<int64_t, std::string> texts_;
};

}  // namespace shikake::store
