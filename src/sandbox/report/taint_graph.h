// Which received bytes led to what: flows, the places in programs that decided on their bytes, and what was
// done.
#pragma once

#include <string>

#include "intel/run.h"

namespace shikake::sandbox::report {

// An SVG drawing; "" where taint found nothing to draw.
std::string render_taint_graph(const intel::RunRecord& run);

}  // namespace shikake::sandbox::report
