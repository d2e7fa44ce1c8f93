// Whether a use of a component is a misuse that an advisory describes.
#pragma once

#include "honeyclient/components/table.h"

namespace shikake::honeyclient::components {

struct Use {
  std::string_view member;  // as the page wrote it; a path where it went deeper: "Cells().Value"
  std::span<const std::string> arguments;  // texts may be cut; `lengths` are whole
  std::span<const uint32_t> lengths;       // UTF-16 code units of texts, 0 of other values
  bool wrote_file = false;
};

struct Conviction {
  const Misuse* misuse = nullptr;
  std::string what;  // one clause: "gave WebViewFolderIcon.setSlice the number 2147483647"
};

// The first misuse with a source that the use matches.
std::optional<Conviction> judge(const Component& component, const Use& use);
// The same whatever the source: what a command or an address in it is worth following for.
// The member's own name: of "Cells().Value", "Value".
std::string_view own_name(std::string_view member);
bool matches(const Misuse& misuse, const Use& use);

bool is_path(std::string_view text);
bool is_address(std::string_view text);
// Addresses named anywhere in a text, in order, each once; what PowerShell is given in Base64 is read too.
std::vector<std::string> addresses_in(std::string_view command);

}  // namespace shikake::honeyclient::components
