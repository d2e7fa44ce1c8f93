// The store: observations for ever as they were, the indicators and evidence that policy made of them,
// people's judgements, sightings, guards, blobs and the job queue. One directory, `home`:
//
//   home/shikake.db     SQLite in WAL mode; several processes may have it open at once
//   home/blobs/ab/cd…   bodies by their SHA-256 (blobs.h)
//
// What a call has acknowledged is on disk: kill -9 or a power cut at any moment loses nothing of it, and a
// call that did not return leaves nothing half done.
//
// Errors: too_new and corrupted say what to do; conflict after busy_timeout, when another process holds the
// store; io when the disk is full or says no. A Store belongs to one thread; open one for each.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/result.h"
#include "intel/guard.h"
#include "intel/model.h"
#include "intel/policy.h"

namespace shikake::store {

class BlobStore;  // blobs.h
class Queue;      // queue.h

struct OpenOptions {
  const base::Clock* clock = &base::system_clock();  // outlives the store
  bool create = true;                                // else not_found where there is no store yet
  std::chrono::milliseconds busy_timeout{30'000};    // how long to wait for another process's transaction
};

// Which indicators `list` and `for_each` give. Every set condition must hold.
struct Filter {
  std::optional<intel::IndicatorType> type;
  std::optional<intel::Role> role;
  std::optional<intel::Action> action;  // at any point, after decay and judgement
  std::optional<intel::Point> point;    // with `action`: at this point
  std::string source;                   // "" for any
  uint8_t min_score = 0;
  std::optional<intel::Tlp> max_tlp;           // for sharing: nothing above
  std::optional<base::TimePoint> since;        // last seen then or later
  std::optional<base::TimePoint> added_after;  // first stored after
  std::optional<base::TimePoint> at;           // the moment that decay counts to; now unless set
  bool with_evidence = false;                  // fill Indicator::evidence with its texts (slower)
  uint64_t after = 0;                          // a Position from an earlier call; 0: from the start
  uint64_t limit = UINT64_MAX;
};

// Where an indicator stands in the store's order, which is the order in which they were first stored.
using Position = uint64_t;

// Return false to stop. The reference is good until the callback returns. The callback may use the store.
using Visitor = std::function<bool(const intel::Indicator&, Position)>;

struct Sighting {
  intel::IndicatorKey key;
  std::string source;  // "audit:proxy.log", a sharing partner
  base::TimePoint first, last;
  uint64_t count = 1;
};

struct JobSummary {
  uint64_t id = 0;
  std::string kind, subject, state, reason;
  base::TimePoint earliest;
  int attempts = 0;
};

// Everything behind one indicator, for a person.
struct Details {
  intel::Indicator indicator;                    // with evidence
  std::vector<intel::Observation> observations;  // that the evidence points to, no doubles, newest first
  std::vector<Sighting> sightings;
  std::vector<JobSummary> jobs;  // whose subject is the indicator or whose origin is one of them
};

struct Totals {
  uint64_t observations = 0, indicators = 0, evidence = 0, judgements = 0, guard_lists = 0, guard_values = 0;
  uint64_t jobs_waiting = 0, jobs_dead = 0;
};

struct ExpireResult {
  uint64_t indicators = 0;  // taken out
  uint64_t evidence = 0;
};

struct RejudgeResult {
  uint64_t observations = 0, evidence_before = 0, evidence_after = 0;
};

class Store final : public intel::StoreView {
 public:
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& home,
                                             const OpenOptions& options = {});
  ~Store() override;

  // --- in ------------------------------------------------------------------------------------------

  // An observation and all that policy made of it, follow-up jobs too, in one transaction of its own or,
  // inside a Batch, in the batch's. The same observation again changes nothing. A feed's newer word about an
  // indicator in the same role takes its older word's place. Returns the observation's id.
  Result<base::Digest> put(const intel::Observation& observation, const intel::Derivation& derivation);

  // Many puts as one transaction: all or nothing, and fast. Other processes can read but not write while it
  // is open, so commit every few seconds (suggested_batch indicators). After a put that failed nothing of
  // the batch can be saved: the rest fails too.
  class Batch {
   public:
    Batch(Batch&&) noexcept;
    Batch& operator=(Batch&&) = delete;
    ~Batch();  // takes back what was not committed
    Result<> commit();

   private:
    friend class Store;
    explicit Batch(Store& store) : store_(&store) {}
    Store* store_;
  };
  Result<Batch> batch();
  static constexpr size_t suggested_batch = 100'000;

  // A person's word. It is stored as an observation too (kind judgement), and as evidence where it confirms.
  Result<base::Digest> judge(const intel::Judgement& judgement, const intel::PolicySettings& settings);
  Result<> add_sighting(const Sighting& sighting);

  // --- out -----------------------------------------------------------------------------------------

  Result<std::optional<intel::Indicator>> find(const intel::IndicatorKey& key) const override;
  // What is known about a value as a person writes it, defanged or not: the value itself, and all that
  // matching() gives. Also md5 and sha1 of a file. Empty where nothing is known.
  Result<std::vector<intel::Indicator>> lookup(std::string_view text) const;
  // Every indicator that concerns this: a URL's own, its host's and parent domains', its address's, the
  // networks' around it, its ip:port's. Most specific first; with evidence.
  Result<std::vector<intel::Indicator>> matching(const intel::IndicatorKey& key) const;

  // In the order of Position, in bounded memory whatever the number. Not one snapshot: what other
  // processes add meanwhile may or may not come.
  Result<> for_each(const Filter& filter, const Visitor& visit) const;
  Result<std::vector<intel::Indicator>> list(const Filter& filter) const;

  Result<Details> show(const intel::IndicatorKey& key) const;  // not_found where nothing is known
  Result<std::optional<intel::Observation>> observation(const base::Digest& id) const;
  // Oldest first; `visit` returns false to stop.
  Result<> for_each_observation(
      const std::function<bool(const base::Digest&, const intel::Observation&)>& visit) const;
  Result<uint64_t> sites_of(const intel::IndicatorKey& key, intel::Role role,
                            const std::string& but) const override;
  Result<uint64_t> count_before(intel::ObservationKind kind, const std::string& subject,
                                base::TimePoint time) const override;
  Result<std::vector<intel::Judgement>> judgements() const;
  Result<Totals> totals() const;

  // --- upkeep --------------------------------------------------------------------------------------

  // Makes all evidence anew from the stored observations under the policy of now. Judgements, sightings,
  // guards and jobs stay. One transaction.
  Result<RejudgeResult> rejudge(const intel::PolicySettings& settings);
  // Takes out evidence of indicators that expired before `before`. Observations and judgements stay.
  Result<ExpireResult> expire(base::TimePoint before);
  // Removes blobs that no observation names, or none younger than `retention`. See BlobStore::collect.
  Result<uint64_t> collect_blobs(base::Duration retention);
  // Writes the evidence of one indicator as files: manifest.json, SHA256SUMS (sha256sum -c), indicator.json,
  // observations/ID.json in canonical form, blobs/ID. `directory` must not exist or be empty.
  Result<> bundle(const intel::IndicatorKey& key, const std::filesystem::path& directory) const;

  // --- guards --------------------------------------------------------------------------------------

  Result<> put_guard(const intel::GuardList& list);  // takes the place of the list of that name
  Result<> remove_guard(std::string_view name);
  Result<std::vector<intel::GuardList>> guard_lists() const;  // with their values
  // All lists, compiled. Kept until put_guard or remove_guard changes them, here or in another process.
  Result<intel::Guard> guard() const override;

  // --- rooms ---------------------------------------------------------------------------------------

  BlobStore& blobs();
  Queue& queue();
  const std::filesystem::path& home() const;
  const base::Clock& clock() const;

  struct State;  // state.h; for the files that implement this

 private:
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Derives and stores in one go: what the command line and the workers hand to sensors.
class Intake final : public intel::ObservationSink {
 public:
  // The store outlives it.
  Intake(Store& store, const intel::PolicySettings& settings) : store_(store), settings_(settings) {}
  Result<base::Digest> take(intel::Observation observation) override;

 private:
  Store& store_;
  const intel::PolicySettings settings_;
};

}  // namespace shikake::store
