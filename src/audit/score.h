// From a case to a finding: the score, its reasons and the advice. docs/audit.md explains the arithmetic.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "audit/correlate.h"
#include "audit/finding.h"

namespace shikake::audit {

// What weighed, and how much; the sum is the score. All but events, which the caller fills in.
Finding conclude(const Case& of, const Intelligence& intelligence, std::span<const std::string> file_names);

// Sorts: highest score first, then stage, then earliest, then client.
bool comes_before(const Finding& a, const Finding& b);

}  // namespace shikake::audit
