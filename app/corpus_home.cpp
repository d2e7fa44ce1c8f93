#include "corpus_home.h"

#include "base/clock.h"
#include "intel/visit.h"
#include "neighbourhood/sources/source.h"
#include "store/store.h"

namespace shikake::app {

std::filesystem::path default_corpus(const Context& context) {
  return context.home / "corpus";
}

Result<neighbourhood::Day> day_option(const std::string& text) {
  const auto day =
      text.empty() ? neighbourhood::day_of(base::system_clock().now()) : neighbourhood::day_from_text(text);
  if (day) return *day;
  return fail(Module::app, ErrorCode::invalid_usage, "\"" + text + "\" is no date; write it as 2026-01-31");
}

Result<uint64_t> add_chains(neighbourhood::CorpusWriter& writer, const Context& context) {
  SHIKAKE_ASSIGN(std::unique_ptr<store::Store> store, store::Store::open(context.home, {.create = false}));
  writer.begin_source("store");
  uint64_t visits = 0;
  SHIKAKE_TRY(store->for_each_observation([&](const base::Digest&, const intel::Observation& observation) {
    if (observation.kind != intel::ObservationKind::visit) return true;
    auto visit = intel::visit_from_json(observation.record);
    const auto day = neighbourhood::day_of(observation.time);
    if (!visit || !day) {
      writer.skip("a visit that does not read", 0);
      return true;
    }
    ++visits;
    // A node that was not fetched is a link that the page holds all the same.
    for (const intel::VisitNode& node : visit->nodes) writer.add(node.url, *day, *day);
    return true;
  }));
  return visits;
}

}  // namespace shikake::app
