// A run in the sandbox as a STIX 2.1 bundle:
//
//   malware-analysis ──dynamic-analysis-of──► malware ──uses──► attack-pattern      one a technique
//      │ sample_ref        (where something speaks for it)  ├─drops──► file
//      └ analysis_sco_refs ► file, process,                 └─communicates-with──► domain-name, url, address
//                            network-traffic, …
//
// Identifiers are made from what they name, so the same record gives the same bundle.
#pragma once

#include <string>

#include "intel/run.h"

namespace shikake::publish {

// `version`: of Shikake, for the analysis' product.
std::string stix_run(const intel::RunRecord& run, std::string_view version);

}  // namespace shikake::publish
