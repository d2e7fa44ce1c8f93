// What the STIX reader and writer agree on: identifiers, vocabularies, our own extension.
// https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "intel/model.h"

namespace shikake::publish {

// Our property extension, for what STIX has no word for (docs/feeds.md, its definition in
// docs/schemas/stix-extension.json). On an indicator:
//   roles, uses ("block:proxy"), aliases, judgement; type and value where no pattern can say them
// on a relationship that is one piece of evidence (based-on, related-to):
//   role, uses, confidence, source, family, place, observation, first_seen, last_seen
extern const std::string_view own_extension_id;

struct TlpMarking {
  intel::Tlp tlp;
  std::string_view word;    // in the definition: "amber+strict"
  std::string_view id;      // of the TLP 2.0 marking definition, the same everywhere
  std::string_view old_id;  // of its TLP 1 forerunner, section 7.2.1.4; "" where there is none
};
std::span<const TlpMarking> tlp_markings();
boost::json::object tlp_definition(intel::Tlp tlp);  // TLP 2.0
std::string_view tlp_marking_id(intel::Tlp tlp);
// What a marking definition (TLP 1 or 2) says; nothing for other markings.
std::optional<intel::Tlp> tlp_of_definition(const boost::json::object& marking);
std::optional<intel::Tlp> tlp_of_marking_id(std::string_view id);

// "" where the object has no such text.
std::string_view text_of(const boost::json::object& object, std::string_view key);
// Our extension in an object; null where it has none.
const boost::json::object* own_extension(const boost::json::object& object);
// type--uuid
bool is_stix_id(std::string_view text);

// The phase of Lockheed Martin's kill chain that a role belongs to; "" where none does.
std::string_view kill_chain_phase(intel::Role role);

}  // namespace shikake::publish
