// Which files the calling process may still open, whoever it is: Landlock, see landlock(7).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace shikake::cell {

// From now on, for the calling thread and what it starts: of all files only these may be opened, and for
// reading alone; nothing may be made, removed or run. A folder stands for all below it. A path that does
// not exist is passed over. A file that takes a listed one's name later is not the listed one. Files that
// are open already stay open. Forbids new privileges (limits.h), as the kernel asks.
//
// False where the kernel has no Landlock (before 5.13, or not switched on): nothing is restricted then.
Result<bool> allow_reading_only(const std::vector<std::string>& paths);

}  // namespace shikake::cell
