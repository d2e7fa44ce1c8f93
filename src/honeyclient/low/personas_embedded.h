// The files of data/personas/, as the build puts them into the program.
#pragma once

#include <span>
#include <string_view>

namespace shikake::honeyclient::low {

struct EmbeddedPersona {
  std::string_view name;  // of the file, without .toml
  std::string_view text;
};
std::span<const EmbeddedPersona> embedded_personas();

}  // namespace shikake::honeyclient::low
