// What the store knows against a file.
#pragma once

#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "intel/policy.h"

namespace shikake::intel {

// Why a file is known to be bad, as a clause: a person confirmed it, or somebody says that it is to be blocked;
// "" where nobody does, or a person found it innocent. What `sensor` itself said before is no second witness.
Result<std::string> known_bad(const StoreView& store, const base::Digest& sha256, std::string_view sensor);

}  // namespace shikake::intel
