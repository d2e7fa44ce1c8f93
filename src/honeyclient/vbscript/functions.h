// The tables of built-in functions, a file a group: adding a function is adding a row.
#pragma once

#include <span>

#include "honeyclient/vbscript/machine.h"

namespace shikake::honeyclient::vbscript {

std::span<const Function> text_functions();
std::span<const Function> number_functions();
std::span<const Function> date_functions();
std::span<const Function> array_functions();
std::span<const Function> object_functions();

// An argument that was given, neither left out nor Missing.
bool given(Arguments arguments, size_t index);
int32_t long_or(Arguments arguments, size_t index, int32_t otherwise);

}  // namespace shikake::honeyclient::vbscript
