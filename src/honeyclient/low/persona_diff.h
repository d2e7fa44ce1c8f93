// One page seen by several personas: who was sent where, and what tells the groups apart. That is the target
// environment of an attack, and the mark of cloaking.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "honeyclient/low/persona.h"
#include "intel/visit.h"

namespace shikake::honeyclient::low {

struct PersonaView {
  Persona persona;
  intel::VisitRecord visit;
};

// Personas that were shown the same.
struct PersonaGroup {
  std::vector<std::string> personas;                          // sorted
  intel::VisitVerdict verdict = intel::VisitVerdict::benign;  // the worst of them
  std::vector<std::string> reached;                           // URLs that not every group was led to, sorted
  // What all of these personas are and no other is: "engine trident", "version up to 8 of trident",
  // "Windows XP", "language ja", "plugin Java". Empty: nothing that is known here.
  std::vector<std::string> told_apart_by;
  // The checks that the ways to `reached` hung on, each a sentence, sorted: "navigator.userAgent: /MSIE
  // 6/.test(ua) is true, line 3"; where no way names one, those that went alike for all of these personas and
  // for nobody else. From forced runs, where those were made: the target environment that the page itself
  // asks for.
  std::vector<std::string> decided_by;
};

struct PersonaDiff {
  std::string url;
  std::vector<PersonaGroup> groups;  // largest last; one group: everybody was shown the same
  bool differs() const { return groups.size() > 1; }
};

// Views of one URL. What is asked for anew each time (cache breakers in queries) counts as the same.
PersonaDiff compare_personas(const std::vector<PersonaView>& views);

boost::json::object to_json(const PersonaDiff& diff);
std::string render(const PersonaDiff& diff);  // for a terminal: harmless, URLs defanged

}  // namespace shikake::honeyclient::low
