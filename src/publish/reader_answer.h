// The parent's side of a feed reader's answer: takes its frames one by one and believes none of them, for
// the bytes that the reader parses may have taken it over.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/frame.h"
#include "base/result.h"
#include "publish/import.h"
#include "publish/reader_protocol.h"

namespace shikake::publish {

class ReaderAnswer {
 public:
  // `time`: when the looking began, one for the whole file. The sinks must outlive this.
  ReaderAnswer(const ImportSinks& sinks, base::TimePoint time) : sinks_(sinks), time_(time) {}

  // The report once all is read, nothing before. Errors: what the reader says is wrong with the file;
  // invalid_input for a frame that makes no sense; whatever a sink fails with.
  Result<std::optional<ImportReport>> take(const base::Frame& frame);

  // The reader has said its last about this file and may be asked about another.
  bool over() const { return over_; }

 private:
  Result<> record(std::string_view body);
  Result<> guard(std::string_view body);
  Result<> sighting(std::string_view body);
  tl::unexpected<Error> error(std::string_view body);

  const ImportSinks& sinks_;
  base::TimePoint time_;
  bool over_ = false;
};

}  // namespace shikake::publish
