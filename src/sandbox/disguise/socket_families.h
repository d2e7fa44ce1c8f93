// socketcall(2) of 32-bit programs carries a socket's family in memory, where a cell's filter cannot read it:
// what the filter refuses of socket(2) (cell/refusals.h) is refused of it here. A program whose other thread
// changes the family between our look and the kernel's gets through, to no more than an unusual family of its
// own kernel.
#pragma once

#include <vector>

#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::disguise {

class SocketFamilies final : public trace::Hook {
 public:
  std::vector<trace::Interest> interests() const override;
  trace::CallAction on_call(trace::Thread& thread, const trace::Call& call) override;
};

}  // namespace shikake::sandbox::disguise
