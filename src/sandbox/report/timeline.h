// The run as a picture: a lane a process, its life as a bar, its flows below, its behaviours as marks. SVG.
#pragma once

#include <string>

#include "intel/run.h"

namespace shikake::sandbox::report {

// "" where there is nothing to draw.
std::string render_timeline(const intel::RunRecord& run);

}  // namespace shikake::sandbox::report
