// What taint's events say of a run's flows: roles with their evidence, parents, decisions, files.
#pragma once

#include <cstdint>
#include <map>

#include "intel/run.h"
#include "taint/report/provenance.h"

namespace shikake::sandbox::run {

// Takes a range in, joined to those that it meets; of more than an analyst reads, the rest is left out.
void add_range(std::vector<intel::RunBytes>& all, uint64_t first, uint64_t last);

// Joins by the sockets' two ends, and processes by the number that they have inside. `taint` has been judged.
void add_taint(intel::RunRecord& record, const taint::report::Run& taint);

// Ids of the record's flows by the numbers that the events give them.
std::map<uint16_t, uint32_t> flow_ids(const intel::RunRecord& record, const taint::report::Run& taint);

}  // namespace shikake::sandbox::run
