// What other hooks (clock, emulated ptrace, debugger) tell the monitor: behaviours that they alone can see.
#pragma once

#include <string>

#include "intel/behaviour.h"
#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::monitor {

class Notes {
 public:
  virtual ~Notes() = default;
  // Kept once for each kind, process and object; counted further.
  virtual void note(trace::Thread& thread, intel::BehaviourKind kind, std::string object,
                    std::string proof) = 0;
};

}  // namespace shikake::sandbox::monitor
