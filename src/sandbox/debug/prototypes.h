// Well-known library functions: how many arguments they take and what those are, so that traced calls read as
// code.
#pragma once

#include <string_view>

namespace shikake::sandbox::debug {

// One letter an argument, then '>' and one for the result:
//   s string   p pointer   d number   x flags (hexadecimal)   b buffer whose size is the next number   v
//   nothing
struct Prototype {
  std::string_view name;
  std::string_view form;
};

// Null where the function is not known: then its first four arguments are shown as numbers.
const Prototype* find_prototype(std::string_view function);

}  // namespace shikake::sandbox::debug
