// What `inspect` and `work` have in common: a visit by the low-interaction honeyclient, kept in the store.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "honeyclient/low/visit.h"
#include "intel/policy.h"
#include "store/store.h"

namespace shikake::app {

struct VisitSettings {
  std::optional<std::string> referrer;
  uint64_t seed = 1;
  uint32_t seconds = 60;
  bool offline = false;
  bool allow_private = false;
};

// Inside a range, its addresses and its certificate authority count as the Internet's.
honeyclient::low::VisitOptions visit_options(const VisitSettings& settings);

// What the store knows against the files that a visit meets. `store` outlives it.
std::function<std::optional<std::string>(const base::Digest&)> known_bad_in(const store::Store& store);

struct Visited {
  intel::VisitRecord visit;
  std::optional<base::Digest> observation;  // where a store keeps it
};

// Visits and, with a store, keeps bodies, the observation and what policy makes of it.
Result<Visited> inspect(honeyclient::low::Browser& browser, const honeyclient::low::VisitOptions& options,
                        store::Store* store, const intel::PolicySettings& settings);

// The address that visits look from, as far as it can be told without asking anyone; "" where it can't.
std::string vantage();

// Bodies go into the store as they come.
class StoreBlobs final : public honeyclient::low::BlobSink {
 public:
  explicit StoreBlobs(store::Store& store) : store_(store) {}  // outlives this
  Result<> put(const base::Digest& name, std::string_view bytes) override;

 private:
  store::Store& store_;
};

}  // namespace shikake::app
