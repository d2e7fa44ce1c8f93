// The parent's side of a corpus reader's answer.
#pragma once

#include <optional>
#include <string>

#include "base/frame.h"
#include "base/result.h"
#include "neighbourhood/sources/source.h"

namespace shikake::neighbourhood {

// Takes one frame and believes nothing in it: rows go to `sink`, in order and with days up to
// `options.today`. The format's name once all is read, nothing before. Errors: what the reader says is wrong
// with the file; invalid_input for a frame that makes no sense; whatever the sink fails with.
Result<std::optional<std::string>> take_answer(const base::Frame& frame, const SourceOptions& options,
                                               RowSink& sink);

}  // namespace shikake::neighbourhood
