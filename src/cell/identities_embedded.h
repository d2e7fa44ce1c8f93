// The files of data/guests/, as the build puts them into the program.
#pragma once

#include <span>
#include <string_view>

namespace shikake::cell {

struct EmbeddedIdentity {
  std::string_view name;  // of the file, without .toml
  std::string_view text;
};
std::span<const EmbeddedIdentity> embedded_identities();

}  // namespace shikake::cell
