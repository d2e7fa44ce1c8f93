// System calls of other instruction sets, by what they do.
//
// qemu-user makes most calls of a guest as calls of its own, in this machine's table: those are seen as any
// program's. It answers some without asking the kernel; those rows stand here.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sandbox/trace/calls.h"

namespace shikake::sandbox::emulation {

// `target`: as in qemu-TARGET. Nothing for calls that the emulator passes on, or that mean nothing to us.
std::optional<trace::Sys> answered_call(std::string_view target, int64_t number);

}  // namespace shikake::sandbox::emulation
