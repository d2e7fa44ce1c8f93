// Reads indicators with all that bears on them.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "intel/model.h"
#include "intel/summary.h"
#include "store/hash.h"
#include "store/texts.h"

namespace shikake::store {

// Methods throw as SOCI does; every statement is drained when they return.
class Reader {
 public:
  Reader(soci::session& sql, Texts& texts, const HashKey& key);

  struct Row {
    long long id = 0;
    base::TimePoint added;
    intel::Indicator indicator;
  };
  using Judgements = std::map<intel::IndicatorKey, intel::Judgement>;

  long long find(const intel::IndicatorKey& key);  // 0 where there is none
  // Indicators with first < id <= last in the order of ids, those without evidence left out.
  std::vector<Row> range(long long first, long long last, base::TimePoint at, bool with_texts,
                         const Judgements& judgements,
                         std::optional<intel::IndicatorType> type = std::nullopt);
  std::optional<intel::Indicator> one(long long id, base::TimePoint at);
  // The last id of the next `count` indicators after `first`; `first` where there are no more.
  long long page_end(long long first, long long count);

  Judgements judgements();
  std::optional<intel::Judgement> judgement(const intel::IndicatorKey& key);
  base::Digest observation_digest(long long row);

 private:
  std::unordered_map<long long, intel::Sightings> sightings(long long first, long long last);
  std::unordered_map<long long, std::vector<std::string>> aliases(long long first, long long last);

  soci::session& sql_;
  Texts& texts_;
  HashKey key_;
  std::unordered_map<long long, base::Digest> digests_;

  // find() is asked for dozens of keys a lookup, most of them unknown: prepared once.
  long long find_hash_ = 0, find_type_ = 0, found_ = 0;
  std::string found_value_;
  soci::statement find_;
};

}  // namespace shikake::store
