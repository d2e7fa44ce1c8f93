// From the graph of a visit to roles and a verdict: who led where, and which page is for what.
// docs/honeyclient.md explains the rules with examples.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intel/visit.h"

namespace shikake::honeyclient::chain {

// A component's method that got more than it can hold, or any other use that no innocent page makes.
struct Misuse {
  uint32_t node = 0;  // the document whose script did it
  std::string what;   // one clause: "gave SpecimenMedia.Player.OpenList an argument of 4096 characters"
  std::vector<std::string> cves;
};

// What a visit saw beside its nodes and edges.
struct Facts {
  std::vector<Misuse> misuses;
  // Nodes that were navigated to (a window, a frame, an embedded object) and gave a file, not a page: a
  // browser would have saved or opened it, and nobody had clicked.
  std::vector<uint32_t> downloads;
};

// Fills in roles, their evidence, the verdict and its reasons; `visit` holds nodes (with MIME types as
// payload_of found them), edges in the order in which they were made, and no roles yet.
//
// malicious   a component was misused; or a program came without a click, from another site, over at least
//             one other site in between or by a script that had been hidden in data
// suspicious  a program came without a click from another site; or a script that was hidden in data sends
//             visitors to another site
// benign      else
//
// A file that the visited URL itself is, or redirects to, was asked for: no verdict comes of it.
void judge(intel::VisitRecord& visit, const Facts& facts);

}  // namespace shikake::honeyclient::chain
