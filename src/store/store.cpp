#include "store/store.h"

#include <algorithm>

#include "base/check.h"
#include "base/checked.h"
#include "intel/judgement.h"
#include "store/job_table.h"
#include "store/state.h"

namespace shikake::store {
namespace {

using soci::into;
using soci::use;
using Number = long long;

Result<HashKey> read_hash_key(soci::session& sql) {
  std::string hex;
  sql << "SELECT value FROM meta WHERE name = 'hash_key'", into(hex);
  auto k0 = base::parse_integer<uint64_t>(std::string_view(hex).substr(0, 16), 16);
  auto k1 = base::parse_integer<uint64_t>(std::string_view(hex).substr(std::min<size_t>(16, hex.size())), 16);
  if (hex.size() != 32 || !k0 || !k1)
    return fail(Module::store, ErrorCode::corrupted, "the store has lost its hash key; put back a copy");
  return HashKey{*k0, *k1};
}

}  // namespace

void Store::State::forget() {
  texts->forget();
  writer = std::make_unique<Writer>(sql(), *texts, hash_key);
  reader = std::make_unique<Reader>(sql(), *texts, hash_key);
}

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& home, const OpenOptions& options) {
  std::error_code error;
  if (options.create) {
    const bool made = std::filesystem::create_directories(home, error);
    if (error)
      return fail(Module::store, ErrorCode::io,
                  "the store's directory cannot be made: " + home.string() + ": " + error.message());
    if (made) std::filesystem::permissions(home, std::filesystem::perms::owner_all, error);
  }
  auto state = std::make_unique<State>();
  state->home = home;
  state->clock = options.clock;
  SHIKAKE_ASSIGN(state->database, Database::open(home / "shikake.db", options.create, options.busy_timeout));
  SHIKAKE_TRY(guarded("opening it", [&]() -> Result<> {
    SHIKAKE_ASSIGN(state->hash_key, read_hash_key(state->sql()));
    state->texts = std::make_unique<Texts>(state->sql(), state->hash_key);
    state->forget();
    return {};
  }));
  state->queue = make_queue(*state);
  SHIKAKE_ASSIGN(state->blobs, open_blob_files(home / "blobs", *options.clock));
  return std::unique_ptr<Store>(new Store(std::move(state)));
}

Result<base::Digest> put_within(Store::State& state, const intel::Observation& observation,
                                const intel::Derivation& derivation, const Cause& cause) {
  const std::string canonical = intel::canonical_json(observation);
  const base::Digest id = base::sha256(canonical);
  auto stored = in_transaction(state, "storing an observation", [&]() -> Result<> {
    const base::TimePoint now = state.clock->now();
    auto row = state.writer->add_observation(observation, id, canonical);
    if (!row) return {};
    state.writer->add_evidence(*row, derivation.assertions, now);
    for (intel::Job job : derivation.jobs) {
      job.origin = id;
      add_job(state.sql(), state.hash_key, job, cause.root.empty() ? id.hex() : cause.root, cause.depth + 1);
    }
    return {};
  });
  if (!stored) return fail(std::move(stored.error()));
  return id;
}

Result<base::Digest> Store::put(const intel::Observation& observation, const intel::Derivation& derivation) {
  return put_within(*state_, observation, derivation, {});
}

Result<Store::Batch> Store::batch() {
  if (state_->database->in_transaction())
    return fail(Module::store, ErrorCode::invalid_usage, "a batch is open already");
  SHIKAKE_TRY(guarded("starting a batch", [&]() -> Result<> {
    state_->database->begin();
    return {};
  }));
  return Batch(*this);
}

Store::Batch::Batch(Batch&& other) noexcept : store_(std::exchange(other.store_, nullptr)) {}

Store::Batch::~Batch() {
  if (!store_) return;
  if (store_->state_->database->in_transaction()) store_->state_->database->rollback();
  store_->state_->forget();
}

Result<> Store::Batch::commit() {
  SHIKAKE_CHECK(store_ != nullptr);
  SHIKAKE_TRY(guarded("storing a batch", [&]() -> Result<> {
    store_->state_->database->commit();
    return {};
  }));
  store_ = nullptr;
  return {};
}

Result<base::Digest> Store::judge(const intel::Judgement& judgement, const intel::PolicySettings& settings) {
  intel::Observation observation = intel::to_observation(judgement);
  SHIKAKE_ASSIGN(intel::Derivation derivation, intel::derive(observation, *this, settings));
  return in_transaction(*state_, "storing a judgement", [&]() -> Result<base::Digest> {
    const Number type = static_cast<Number>(judgement.key.type);
    const Number verdict = static_cast<Number>(judgement.verdict);
    const Number time = base::to_micros(judgement.time);
    state_->sql() << "DELETE FROM judgements WHERE type = :type AND value = :value", use(type),
        use(judgement.key.value);
    state_->sql() << "INSERT INTO judgements (type, value, verdict, analyst, why, time)"
                     " VALUES (:type, :value, :verdict, :analyst, :why, :time)",
        use(type), use(judgement.key.value), use(verdict), use(judgement.analyst), use(judgement.why),
        use(time);
    return put(observation, derivation);
  });
}

Result<> Store::add_sighting(const Sighting& sighting) {
  SHIKAKE_ASSIGN(const Number indicator, guarded("looking up an indicator", [&]() -> Result<Number> {
                   return state_->reader->find(sighting.key);
                 }));
  if (indicator == 0)  // said before the transaction: it is no reason to lose a batch
    return fail(Module::store, ErrorCode::not_found, "nothing is known about " + sighting.key.value);
  return in_transaction(*state_, "storing a sighting", [&]() -> Result<> {
    const Number source = state_->texts->id_of(sighting.source);
    Number count = 0, first = 0, last = 0;
    state_->sql()
        << "SELECT count, first, last FROM sightings WHERE indicator = :indicator AND source = :source",
        use(indicator), use(source), into(count), into(first), into(last);
    const bool known = state_->sql().got_data();
    count += static_cast<Number>(sighting.count);
    first =
        known ? std::min<Number>(first, base::to_micros(sighting.first)) : base::to_micros(sighting.first);
    last = known ? std::max<Number>(last, base::to_micros(sighting.last)) : base::to_micros(sighting.last);
    state_->sql() << "DELETE FROM sightings WHERE indicator = :indicator AND source = :source",
        use(indicator), use(source);
    state_->sql() << "INSERT INTO sightings (indicator, source, count, first, last)"
                     " VALUES (:indicator, :source, :count, :first, :last)",
        use(indicator), use(source), use(count), use(first), use(last);
    return {};
  });
}

Queue& Store::queue() {
  return *state_->queue;
}
BlobStore& Store::blobs() {
  return *state_->blobs;
}
const std::filesystem::path& Store::home() const {
  return state_->home;
}
const base::Clock& Store::clock() const {
  return *state_->clock;
}

Result<base::Digest> Intake::take(intel::Observation observation) {
  SHIKAKE_ASSIGN(intel::Derivation derivation, intel::derive(observation, store_, settings_));
  return store_.put(observation, derivation);
}

}  // namespace shikake::store
