// A run as a person reads it on a terminal: one screen, what speaks for a verdict first.
#pragma once

#include <string>

#include "intel/run.h"

namespace shikake::sandbox::report {

struct TextOptions {
  bool color = false;  // ANSI colours for weights
};

// Everything from outside is made harmless and URLs and hosts are defanged.
std::string render_text(const intel::RunRecord& run, const TextOptions& options = {});

}  // namespace shikake::sandbox::report
