// The files of data/components, built into the program.
#pragma once

#include <span>
#include <string_view>

namespace shikake::honeyclient::components {

struct EmbeddedTable {
  std::string_view name, text;
};
std::span<const EmbeddedTable> embedded_tables();

}  // namespace shikake::honeyclient::components
