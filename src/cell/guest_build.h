// Builds a guest profile: a minimal Debian by mmdebstrap(1), with what scripts need to run, below
// HOME/guests/NAME (guest.h). Root and ordinary users alike, the latter with subordinate ids (users.h).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cell/guest.h"

namespace shikake::cell {

struct GuestBuild {
  std::filesystem::path home;  // the store's; profiles lie below it
  std::string name = std::string(default_guest);
  // Without it the guest has sh, perl and python, and no more.
  bool php = false;
  std::vector<std::string> packages = {};  // besides
  bool again = false;                      // take the place of a profile that is there
  // Where the packages come from: lines of sources.list(5). Empty: this machine's own sources for Debian 12.
  std::vector<std::string> sources = {};
  std::string program = "mmdebstrap";  // searched for in PATH
};

// Takes a minute or more; what mmdebstrap says goes to stderr. Until it is whole a profile has another name,
// so that one that was interrupted is never taken for one; the next build removes what such a one left. Has
// to be called while the process has one thread. Errors: not_found (no such identity), conflict (built
// already, or being built by another process), unsupported (no mmdebstrap, no namespaces, no subordinate
// ids), io.
Result<GuestRow> build_guest(const GuestBuild& build);

// This machine's sources.list(5) and *.sources (deb822) in the one-line format, those of Debian's main
// archive for `suite` and its updates. For tests: below another root.
std::vector<std::string> sources_of_machine(const std::filesystem::path& etc_apt, std::string_view suite);

}  // namespace shikake::cell
