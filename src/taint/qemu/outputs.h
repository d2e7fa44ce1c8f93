// What the kernel writes into a program's memory besides the bytes that a call moves: names, addresses, states,
// times, lists. None of it was received, whatever lay there before.
#pragma once

#include <functional>
#include <vector>

#include "taint/qemu/system_call.h"

namespace shikake::taint::qemu {

// A number of that many bytes in the program's memory.
using NumberReader = std::function<uint64_t(Address, size_t bytes)>;

// Before the call: the room that the program has for an address or an option, where it says so in memory that the
// kernel writes over; 0 of other calls.
uint64_t room(const CallArguments& call, const NumberReader& number);

// After it: where the kernel wrote. `room`: as it was before. Calls that move bytes (read, recv, …) are left to those
// who know where the bytes came from; of those only what comes beside the bytes is here.
std::vector<Piece> outputs(Architecture architecture, const CallArguments& call, uint64_t room, int64_t result,
                           const NumberReader& number);

}  // namespace shikake::taint::qemu
