#include "publish/reader_answer.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/wire.h"
#include "intel/feed.h"
#include "intel/json.h"

namespace shikake::publish {
namespace {

tl::unexpected<Error> malformed() {
  return fail(Module::publish, ErrorCode::invalid_input,
              "the confined reader answered nonsense; nothing more of the file was read");
}

// Policy and store trust canonical spellings; the reader is not to be believed about them.
bool is_canonical(const intel::IndicatorKey& key) {
  auto canonical = intel::canonical_value(key.type, key.value);
  return canonical && *canonical == key.value;
}

bool all_text(const std::vector<std::string>& texts) {
  return std::all_of(texts.begin(), texts.end(), base::is_valid_utf8);
}

}  // namespace

Result<std::optional<ImportReport>> ReaderAnswer::take(const base::Frame& frame) {
  switch (static_cast<ReaderMessage>(frame.type)) {
    case ReaderMessage::record:
      SHIKAKE_TRY(record(frame.body));
      return std::nullopt;
    case ReaderMessage::guard:
      SHIKAKE_TRY(guard(frame.body));
      return std::nullopt;
    case ReaderMessage::sighting:
      SHIKAKE_TRY(sighting(frame.body));
      return std::nullopt;
    case ReaderMessage::report: {
      SHIKAKE_ASSIGN(auto report, base::from_wire<ReadReport>(frame.body));
      over_ = true;
      return report;
    }
    case ReaderMessage::error:
      return error(frame.body);
    case ReaderMessage::question:
      break;
  }
  return malformed();
}

Result<> ReaderAnswer::record(std::string_view body) {
  auto value = intel::parse_json(body);
  if (!value || !value->is_object()) return malformed();
  auto feed = intel::feed_from_json(value->get_object());
  if (!feed) return malformed();
  for (const intel::FeedEntry& entry : feed->entries)
    if (!is_canonical(entry.key)) return malformed();
  intel::Observation observation;
  observation.kind = intel::ObservationKind::feed;
  observation.subject = feed->feed;
  observation.sensor = "import-" + feed->format;
  observation.sensor_version = SHIKAKE_VERSION;
  observation.time = time_;
  observation.record = std::move(value->get_object());
  return sinks_.observation(std::move(observation));
}

Result<> ReaderAnswer::guard(std::string_view body) {
  SHIKAKE_ASSIGN(auto message, base::from_wire<GuardMessage>(body));
  if (message.type > static_cast<uint8_t>(intel::GuardType::regex)) return malformed();
  if (!all_text({message.name, message.description, message.version, message.source}) ||
      !all_text(message.attributes) || !all_text(message.values))
    return malformed();
  return sinks_.guard({std::move(message.name), std::move(message.description), std::move(message.version),
                       std::move(message.source), static_cast<intel::GuardType>(message.type),
                       std::move(message.attributes), std::move(message.values)});
}

Result<> ReaderAnswer::sighting(std::string_view body) {
  SHIKAKE_ASSIGN(auto message, base::from_wire<FeedSighting>(body));
  if (message.type > static_cast<uint8_t>(intel::IndicatorType::sha256)) return malformed();
  intel::IndicatorKey key{static_cast<intel::IndicatorType>(message.type), std::move(message.value)};
  if (!is_canonical(key) || !base::is_valid_utf8(message.source)) return malformed();
  if (message.count > most_sightings || message.last < message.first) return malformed();
  return sinks_.sighting(
      {std::move(key), std::move(message.source), message.first, message.last, message.count});
}

tl::unexpected<Error> ReaderAnswer::error(std::string_view body) {
  auto message = base::from_wire<ErrorMessage>(body);
  if (!message || message->code > static_cast<uint8_t>(ErrorCode::cancelled)) return malformed();
  over_ = true;
  Error said{Module::publish, static_cast<ErrorCode>(message->code), std::move(message->what)};
  said.line = message->line;
  said.offset = message->offset;
  said.system_errno = message->system_errno;
  return fail(std::move(said));
}

}  // namespace shikake::publish
