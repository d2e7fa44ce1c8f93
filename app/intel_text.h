// Indicators as a person reads them on a terminal: harmless, defanged, one screen.
#pragma once

#include <string>

#include "intel/model.h"
#include "store/store.h"

namespace shikake::app {

// "  93  url     exploit       block         hxxp://…"; list_header() names the columns.
std::string list_header();
std::string list_line(const intel::Indicator& indicator);

// Everything behind one indicator; `program` is what the user calls us, for the commands it proposes.
std::string show_text(const store::Details& details);

// A value as it may be shown: URLs, domains and addresses defanged, no escapes.
std::string shown_value(const intel::IndicatorKey& key);

}  // namespace shikake::app
