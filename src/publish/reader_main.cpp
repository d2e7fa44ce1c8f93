// shikake-feed-reader: parses a feed where a break-out gains nothing. Started by import.cpp alone.
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>

#include "base/deadline.h"
#include "base/frame.h"
#include "base/wire.h"
#include "cell/reader.h"
#include "intel/json.h"
#include "publish/in/formats.h"
#include "publish/reader_protocol.h"

namespace {

using namespace shikake;
using publish::ReaderMessage;

// The parent writes to a store between frames; a commit on a slow disk takes its time.
constexpr std::chrono::minutes patience{30};

Result<> send(base::FrameChannel& channel, ReaderMessage type, std::string_view body) {
  return channel.send(static_cast<uint8_t>(type), body, base::Deadline::after(patience));
}

publish::ReadSinks sinks_to(base::FrameChannel& channel) {
  publish::ReadSinks sinks;
  sinks.record = [&](intel::FeedRecord&& record) {
    return send(channel, ReaderMessage::record, intel::canonical_json(intel::to_json(record)));
  };
  sinks.guard = [&](intel::GuardList&& list) {
    publish::GuardMessage message{
        std::move(list.name),   std::move(list.description),     std::move(list.version),
        std::move(list.source), static_cast<uint8_t>(list.type), std::move(list.attributes),
        std::move(list.values)};
    return send(channel, ReaderMessage::guard, base::to_wire(message));
  };
  sinks.sighting = [&](publish::FeedSighting&& sighting) {
    return send(channel, ReaderMessage::sighting, base::to_wire(sighting));
  };
  return sinks;
}

Result<> answer(base::FrameChannel& channel) {
  SHIKAKE_ASSIGN(base::Frame frame, channel.receive(base::Deadline::after(patience)));
  SHIKAKE_ASSIGN(auto question, base::from_wire<publish::Question>(frame.body));
  publish::Input input(cell::reader_first_input_fd + static_cast<int>(question.file));
  auto report = publish::read_feed(input, question.options, sinks_to(channel));
  if (report) return send(channel, ReaderMessage::report, base::to_wire(*report));
  const Error& error = report.error();
  publish::ErrorMessage message{static_cast<uint8_t>(error.code), error.what, error.line, error.offset,
                                error.system_errno};
  return send(channel, ReaderMessage::error, base::to_wire(message));
}

}  // namespace

int main() {
  // ICU finds its data at first use, which it must not have to afterwards.
  (void)intel::canonical_value(intel::IndicatorType::domain,
                               "b\xC3\xBC"
                               "cher.example");
  if (!cell::confine_reader()) return cell::status_not_confined;
  base::FrameChannel channel(base::UniqueFd(cell::reader_channel_fd), publish::max_reader_frame);
  while (answer(channel)) {}
  ::_exit(0);  // the parent has gone; nothing to tidy up, and less to run
}
