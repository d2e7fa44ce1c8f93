// Upkeep: rejudge, expire, blobs that nobody needs.
#include "base/check.h"
#include "intel/policy.h"
#include "store/state.h"

namespace shikake::store {
namespace {

using soci::into;
using soci::use;
using Number = long long;

// A body put moments ago belongs to an observation that is still on its way.
constexpr base::Duration blob_grace = std::chrono::hours(1);

uint64_t count_of(soci::session& sql, const char* query) {
  Number number = 0;
  sql << query, into(number);
  return static_cast<uint64_t>(number);
}

}  // namespace

Result<RejudgeResult> Store::rejudge(const intel::PolicySettings& settings) {
  return in_transaction(*state_, "judging all observations anew", [&]() -> Result<RejudgeResult> {
    soci::session& sql = state_->sql();
    RejudgeResult result;
    result.evidence_before = count_of(sql, "SELECT COUNT(*) FROM evidence");
    sql << "DELETE FROM evidence";
    sql << "DELETE FROM aliases";
    // In the order in which they were seen, so that each is judged with what was known then, and the result
    // does not hang on the order of imports.
    std::vector<ObservationRow> rows;
    {
      ObservationRow row;
      Number time = 0;
      soci::statement all = (sql.prepare << "SELECT id, series, time FROM observations ORDER BY time, id",
                             into(row.id), into(row.series), into(time));
      all.execute();
      while (all.fetch()) {
        row.time = base::from_micros(time);
        rows.push_back(row);
      }
    }
    for (const ObservationRow& row : rows) {
      std::string digest;
      sql << "SELECT digest FROM observations WHERE id = :id", use(row.id), into(digest);
      SHIKAKE_ASSIGN(auto stored, observation(base::Digest::from_hex(digest).value_or(base::Digest{})));
      SHIKAKE_CHECK(stored.has_value());
      SHIKAKE_ASSIGN(intel::Derivation derivation, intel::derive(*stored, *this, settings));
      state_->writer->add_evidence(row, derivation.assertions, stored->time);
      ++result.observations;
    }
    sql << "DELETE FROM indicators WHERE NOT EXISTS (SELECT 1 FROM evidence e WHERE e.indicator = "
           "indicators.id)"
           " AND NOT EXISTS (SELECT 1 FROM sightings s WHERE s.indicator = indicators.id)";
    result.evidence_after = count_of(sql, "SELECT COUNT(*) FROM evidence");
    return result;
  });
}

Result<ExpireResult> Store::expire(base::TimePoint before) {
  std::vector<Number> gone;
  ExpireResult result;
  Filter all;
  all.at = before;
  SHIKAKE_TRY(for_each(all, [&](const intel::Indicator& indicator, Position position) {
    const bool judged = indicator.judgement.has_value();  // a person's word is shown with what it is about
    if (!judged && indicator.expires && *indicator.expires < before)
      gone.push_back(static_cast<Number>(position));
    return true;
  }));
  SHIKAKE_TRY(in_transaction(*state_, "taking out what has expired", [&]() -> Result<> {
    soci::session& sql = state_->sql();
    Number id = 0, evidence = 0;
    soci::statement count =
        (sql.prepare << "SELECT COUNT(*) FROM evidence WHERE indicator = :id", use(id), into(evidence));
    std::vector<soci::statement> removals;
    for (const char* query :
         {"DELETE FROM evidence WHERE indicator = :id", "DELETE FROM aliases WHERE indicator = :id",
          "DELETE FROM sightings WHERE indicator = :id", "DELETE FROM indicators WHERE id = :id"})
      removals.emplace_back((sql.prepare << query, use(id)));
    for (Number one : gone) {
      id = one;
      count.execute();
      while (count.fetch()) result.evidence += static_cast<uint64_t>(evidence);
      for (soci::statement& removal : removals) removal.execute(true);
      ++result.indicators;
    }
    return {};
  }));
  return result;
}

Result<uint64_t> Store::collect_blobs(base::Duration retention) {
  const base::TimePoint now = state_->clock->now();
  auto named = [&](const base::Digest& blob) {
    return guarded("looking for who names a blob", [&]() -> Result<bool> {
      const std::string name = blob.hex();
      Number count = 0;
      state_->sql() << "SELECT COUNT(*) FROM observation_blobs WHERE digest = :digest", use(name),
          into(count);
      return count > 0;
    });
  };
  SHIKAKE_ASSIGN(uint64_t unnamed, state_->blobs->collect(now - blob_grace, named));
  SHIKAKE_ASSIGN(uint64_t old,
                 state_->blobs->collect(now - std::max(retention, blob_grace),
                                        [](const base::Digest&) -> Result<bool> { return false; }));
  return unnamed + old;
}

}  // namespace shikake::store
