// What a Store holds; shared by the files that implement it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "store/blobs.h"
#include "store/database.h"
#include "store/queue.h"
#include "store/reader.h"
#include "store/store.h"
#include "store/texts.h"
#include "store/writer.h"

namespace shikake::store {

struct Store::State {
  std::filesystem::path home;
  const base::Clock* clock = nullptr;
  std::unique_ptr<Database> database;
  HashKey hash_key;
  std::unique_ptr<Texts> texts;
  std::unique_ptr<Writer> writer;
  std::unique_ptr<Reader> reader;
  std::unique_ptr<BlobStore> blobs;
  std::optional<intel::Guard> guard;  // compiled when first asked for
  std::string guard_version;

  std::unique_ptr<Queue> queue;

  soci::session& sql() const { return database->sql(); }
  // After a rollback: what was cached may name rows that are gone.
  void forget();
};

// What led to an observation, for the budget of its follow-up jobs.
struct Cause {
  std::string root;  // the observation that it all descends from; "": the new one
  int depth = 0;
};
Result<base::Digest> put_within(Store::State& state, const intel::Observation& observation,
                                const intel::Derivation& derivation, const Cause& cause);

// Runs `body` in a transaction (the open batch's, or one of its own) and commits unless it fails.
template <class Body>
auto in_transaction(Store::State& state, std::string_view doing, Body body) -> decltype(body()) {
  auto result = guarded(doing, [&] {
    Transaction transaction(*state.database);
    auto inner = body();
    if (inner) transaction.commit();
    return inner;
  });
  if (!result && state.database->in_transaction())
    state.database->spoil();
  else if (!result)
    state.forget();
  return result;
}

}  // namespace shikake::store
