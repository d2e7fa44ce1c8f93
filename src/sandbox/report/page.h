// A run as one HTML file: what speaks for a verdict, the process tree, a timeline, behaviours, flows, files.
//
// The file needs nothing else: no script, no font, no image, no address is fetched; its Content Security
// Policy forbids all but its own style sheet, named by hash. Every text from outside is escaped, and no URL
// is a link.
#pragma once

#include <string>
#include <vector>

#include "intel/run.h"

namespace shikake::sandbox::report {

// `children`: records of files of the run that were analysed in turn, shown below it.
std::string render_page(const intel::RunRecord& run,
                        const std::vector<const intel::RunRecord*>& children = {});

}  // namespace shikake::sandbox::report
