// Our own intelligence as STIX objects. Identifiers are made from what they name (UUID version 5), so the
// same store gives the same objects wherever and whenever it is exported.
//
//   indicator ──indicates──► malware                  its family
//       │ └────based-on──► observed-data ──► url, domain-name, ipv4-addr, network-traffic, file
//       ▲                                    one of each a piece of evidence: the relationship says why,
//       │                                    the observed data is the source's
//   sighting                                 where it was met since
//
// Notes, opinions and extension definitions would say some of this too, but the OASIS schema of a bundle
// accepts none of them.
#pragma once

#include <boost/json/object.hpp>
#include <span>
#include <string>
#include <vector>

#include "intel/model.h"
#include "store/store.h"

namespace shikake::publish {

// `evidence` is the part of the indicator's evidence, and `sightings` the part of its sightings, to be told.
// Definitions, identities and malware that objects refer to come before them; the caller leaves out those
// that it has written already.
std::vector<boost::json::object> stix_objects(const intel::Indicator& indicator,
                                              std::span<const intel::Evidence> evidence,
                                              std::span<const store::Sighting> sightings);

}  // namespace shikake::publish
