// Diagnostics on stderr. Not for a command's results (stdout) and not for progress (progress.h).
#pragma once

#include <string_view>

namespace shikake::base {

enum class LogLevel { debug, info, warning, error };

void set_log_level(LogLevel least);  // info unless set
// One line each; text from outside is made harmless (display.h) before it is written.
void log(LogLevel level, std::string_view text);
inline void log_warning(std::string_view text) { log(LogLevel::warning, text); }
inline void log_info(std::string_view text) { log(LogLevel::info, text); }
inline void log_debug(std::string_view text) { log(LogLevel::debug, text); }

}  // namespace shikake::base
