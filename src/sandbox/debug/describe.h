// What scripts log, as text. Bytes of the guest are quoted and escaped.
#pragma once

#include <string>
#include <string_view>

#include "sandbox/debug/script.h"

namespace shikake::sandbox::debug {

// "\"text\"", cut at 200 bytes with "…"; "null", or "unreadable 0x…".
std::string quoted_string(trace::Thread& thread, uint64_t address);
// "48 65 6c 6c 6f |Hello|"
std::string hex_dump(std::string_view bytes);
// "string arg1 = \"text\""
std::string describe(const LogItem& item, trace::Thread& thread, const Frame& frame);
// "getenv(\"HOME\") = \"/root\""; without a result, "getenv(\"HOME\")".
std::string describe_call(std::string_view function, trace::Thread& thread, const Frame& frame);

}  // namespace shikake::sandbox::debug
