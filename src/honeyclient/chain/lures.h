// Lures: what a page does to the person before it. Each is found by its evidence, named in the record's
// events (kind "lure"), and weighed; docs/honeyclient.md lists them with their innocent twins.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "honeyclient/chain/chain.h"

namespace shikake::honeyclient::chain {

// By the event's name as page workers send it.
std::optional<SignKind> sign_named(std::string_view event);

struct Lure {
  std::string_view name;                                      // "paste and run", "HTML smuggling", …
  std::string_view technique;                                 // of MITRE ATT&CK; "" where none is meant
  intel::VisitVerdict verdict = intel::VisitVerdict::benign;  // benign: named, and convicts nobody
  uint32_t node = 0;                                          // that lures
  std::string evidence;  // one clause about it: "put a command into the clipboard: …"
  // Roles that come of it, where it convicts.
  std::optional<intel::Role> role;
  std::optional<uint32_t> other;  // another node, and its role
  std::optional<intel::Role> other_role;
};

// `visit` with nodes and edges; roles and verdict are not looked at.
std::vector<Lure> find_lures(const intel::VisitRecord& visit, const Facts& facts);

// What a text in the clipboard does when it is pasted into a shell or the Run dialog: fetch and run.
bool is_attack_command(std::string_view text);

}  // namespace shikake::honeyclient::chain
