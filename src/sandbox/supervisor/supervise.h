// One run, from its plan to its last word: the supervisor's whole task.
#pragma once

#include <functional>

#include "base/result.h"
#include "gateway/gateway.h"
#include "sandbox/run/protocol.h"
#include "sandbox/supervisor/link.h"

namespace shikake::sandbox::supervisor {

// Where a test opens a way out that the run has to find; empty in every other.
struct Planted {
  std::function<void(gateway::Gateway&)> beside_the_gateway;
  std::function<void()> in_the_program;  // in its process, before its exec
};

// Says everything on `link`; an error is one of ours, for Report::failed. The calling thread must be the only
// one.
Result<> supervise(const run::Plan& plan, Link& link, const Planted& planted = {});

}  // namespace shikake::sandbox::supervisor
