// From the graph of a visit to roles and a verdict: who led where, and which page is for what.
// docs/honeyclient.md explains the rules with examples.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/digest.h"
#include "intel/visit.h"

namespace shikake::honeyclient::chain {

// A component's method that got more than it can hold, or any other use that no innocent page makes.
struct Misuse {
  uint32_t node = 0;  // the document whose script did it
  std::string what;   // one clause: "gave SpecimenMedia.Player.OpenList an argument of 4096 characters"
  std::vector<std::string> cves;
  std::optional<uint32_t> file;  // the node that served what it dropped
  bool forced = false;           // in a forced run: the page itself did not do it
  bool vouched = true;           // by an advisory, or by what was given; else it is suspicious at most
  bool operator==(const Misuse&) const = default;
};

// What a script told a shell to run, and the programs that it wrote.
struct Command {
  uint32_t node = 0;
  std::string text;
  bool fetches = false;  // an address is in it, maybe encoded
  bool operator==(const Command&) const = default;
};
struct File {
  uint32_t node = 0;  // whose script wrote it
  std::string path;
  std::string kind;                   // "Windows program"
  std::optional<uint32_t> served_by;  // a node with the same bytes
  bool operator==(const File&) const = default;
};

// A rule that says what it finds is bad, or looks it; or what intelligence knows of a file.
struct RuleHit {
  uint32_t node = 0;  // whose body, or whose script made what matched
  std::string what;
  bool malicious = false;
  bool operator==(const RuleHit&) const = default;
};

// Where something that convicts its page would have got its files, whatever came of asking there.
struct PayloadPlace {
  uint32_t node = 0;
  std::string why;  // one clause: "machine code in http://… downloads it"
};

// What a page did to the person before it: lures.h.
enum class SignKind : uint8_t {
  clipboard,         // a text that the page shows was put into the clipboard
  clipboard_unseen,  // one that it does not show
  asks,              // what its text urges to: "paste and run", "update", "allow"
  notification,      // asked to be let show notifications, or showed one
  second_look,       // a redirector sent the same visitor elsewhere the second time
  typed,             // bait was typed into its fields: the URL that the form sends to
};
struct Sign {
  SignKind kind{};
  uint32_t node = 0;
  std::string text;
  bool operator==(const Sign&) const = default;
};
// A request that carried what was typed into a page's fields.
struct Leak {
  uint32_t from = 0, to = 0;
  intel::Mechanism mechanism = intel::Mechanism::unknown;
  bool encoded = false;
  std::string script;  // URL of the script that sent it
  bool operator==(const Leak&) const = default;
};

// What a visit saw beside its nodes and edges.
struct Facts {
  std::vector<Misuse> misuses;
  std::vector<PayloadPlace> payloads;
  // Nodes that were navigated to (a window, a frame, an embedded object) and gave a file, not a page: a
  // browser would have saved or opened it, and nobody had clicked.
  std::vector<uint32_t> downloads;
  std::vector<uint32_t> carriers;  // archives with the name of a program in them
  std::vector<Command> commands;
  std::vector<File> files;
  std::vector<RuleHit> rules;
  std::vector<Sign> signs;
  std::vector<Leak> leaks;
  // Texts that were given to eval and its like: not those that a page writes as elements, handlers or timers,
  // as every tag of an advertisement does.
  std::set<base::Digest> evaluated;
};

// Fills in roles, their evidence, the verdict and its reasons; `visit` holds nodes (with MIME types as
// payload_of found them), edges in the order in which they were made, and no roles yet.
//
// malicious   a component was misused; or machine code was found, or a document with what no innocent one
//             has; or a rule that says so matches a body or a script; or a file is known to be bad; or a
//             script had a program run that it wrote, or a command that fetches something; or a program came
//             without a click, from another site, over at least one other site in between or by a script
//             that had been hidden in data; or a lure that says so (lures.h)
// suspicious  a program came without a click from another site; a script wrote one, or had a command run; or
//             a script that was given to eval sends visitors to another site; or a rule or a lure says so
// benign      else
//
// What a forced run alone has shown makes a visit suspicious at most, and gives no roles.
//
// A file that the visited URL itself is, or redirects to, was asked for: no verdict comes of it.
void judge(intel::VisitRecord& visit, const Facts& facts);

}  // namespace shikake::honeyclient::chain
