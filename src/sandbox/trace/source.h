// Where events come from: ptrace for the machine's own instruction set (tracer.h), an emulator's plugin for
// others.
#pragma once

#include "base/deadline.h"
#include "base/result.h"
#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::trace {

class EventSource {
 public:
  virtual ~EventSource() = default;

  // Before the guest starts. The hook is borrowed and must outlive the source.
  virtual void add(Hook& hook) = 0;
  // Hands events to the hooks until the guest is gone or the deadline passes; may be called again.
  virtual Result<RunEnd> run(const base::Deadline& deadline) = 0;
  // SIGKILL to all that is left, and reaps it; hooks hear of the endings.
  virtual void kill_all() = 0;
};

}  // namespace shikake::sandbox::trace
