// A file without a name, gone when it is closed, whatever happens.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

namespace shikake::publish {

// In $TMPDIR, else /tmp.
Result<base::UniqueFd> temporary_file();

}  // namespace shikake::publish
