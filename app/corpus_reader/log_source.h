// Logs as a source of URLs for a corpus, by audit's formats.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "neighbourhood/sources/source.h"

namespace shikake::app {

inline constexpr std::string_view log_format = "log";

// Each URL that a line of the log names, with the line's time. Lines of no known format are skipped.
Result<std::string> read_log(int fd, neighbourhood::Day today, neighbourhood::RowSink& sink);

}  // namespace shikake::app
