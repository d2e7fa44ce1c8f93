// A feed reader that was taken over says anything: what its parent hands on is sound all the same.
#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "intel/feed.h"
#include "intel/json.h"
#include "message_fuzz.h"
#include "publish/reader_answer.h"

namespace {

using namespace shikake;
using publish::ReaderMessage;

void check_canonical(const intel::IndicatorKey& key) {
  auto canonical = intel::canonical_value(key.type, key.value);
  SHIKAKE_CHECK(canonical && *canonical == key.value);
}

Result<> check_observation(intel::Observation&& observation) {
  auto feed = intel::feed_from_json(observation.record);
  SHIKAKE_CHECK(feed && feed->entries.size() <= intel::max_feed_entries);
  for (const intel::FeedEntry& entry : feed->entries) check_canonical(entry.key);
  // What is stored is read back under the same name.
  auto again = intel::observation_from_json(intel::canonical_json(observation));
  SHIKAKE_CHECK(again && intel::id_of(*again) == intel::id_of(observation));
  return {};
}

Result<> check_guard(intel::GuardList&& list) {
  SHIKAKE_CHECK(!intel::name(list.type).empty() && base::is_valid_utf8(list.name));
  for (const std::string& value : list.values) SHIKAKE_CHECK(base::is_valid_utf8(value));
  (void)intel::Guard::make({list}).protects({intel::IndicatorType::domain, "a.example"});
  return {};
}

Result<> check_sighting(store::Sighting&& sighting) {
  check_canonical(sighting.key);
  SHIKAKE_CHECK(sighting.first <= sighting.last && sighting.count <= publish::most_sightings);
  SHIKAKE_CHECK(base::is_valid_utf8(sighting.source));
  return {};
}

void check_spelling(const base::Frame& frame) {
  switch (static_cast<ReaderMessage>(frame.type)) {
    case ReaderMessage::question:
      return check_one_spelling<publish::Question>(frame.body);
    case ReaderMessage::record:
      return;  // JSON: the observation fuzzer's
    case ReaderMessage::guard:
      return check_one_spelling<publish::GuardMessage>(frame.body);
    case ReaderMessage::sighting:
      return check_one_spelling<publish::FeedSighting>(frame.body);
    case ReaderMessage::report:
      return check_one_spelling<publish::ReadReport>(frame.body);
    case ReaderMessage::error:
      return check_one_spelling<publish::ErrorMessage>(frame.body);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const publish::ImportSinks sinks{check_observation, check_guard, check_sighting};
  publish::ReaderAnswer answer(sinks, base::from_micros(1'700'000'000'000'000));
  while (auto frame = next_frame(input)) {
    check_spelling(*frame);
    auto report = answer.take(*frame);
    if (!report) SHIKAKE_CHECK(!report.error().message().empty());
    if (answer.over()) SHIKAKE_CHECK(!report || report->has_value());
    if (!report || answer.over()) break;
  }
  return 0;
}
