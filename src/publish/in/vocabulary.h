// The words that feeds use for what Shikake names: roles, TLP, times.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/clock.h"
#include "intel/model.h"

namespace shikake::publish {

// "C&C", "botnet_cc", "command-and-control", "malware_download", …; our own names too. Case and the
// separators - _ and blank make no difference. Nothing where the word says no role.
std::optional<intel::Role> role_from_word(std::string_view word);

// "TLP:AMBER+STRICT", "white", …: names of TLP 1 and 2, with or without the prefix, in any case.
std::optional<intel::Tlp> tlp_from_word(std::string_view word);

// RFC 3339; "2020/01/06 08:10:00", "2020-01-06 08:10:00", each also with " UTC" or without the time (UTC
// where no offset is said); seconds since 1970. Day-first and month-first dates are not guessed at.
std::optional<base::TimePoint> time_from_text(std::string_view text);

// 0 to 100; also "high", "medium", "low" as STIX 2.1 appendix A maps them. Nothing on anything else.
std::optional<uint8_t> confidence_from_word(std::string_view word);

// Without blanks (space, tab, CR, LF) at both ends.
using base::trimmed;

}  // namespace shikake::publish
