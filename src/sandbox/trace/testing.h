// For tests and benchmarks: a guest started by a plain fork, in no cell.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/trace/tracer.h"

namespace shikake::sandbox::trace {

struct GuestOptions {
  std::vector<std::string> environment = {"PATH=/usr/bin:/bin"};
  bool quiet = true;                  // its output goes to /dev/null; otherwise where ours goes
  std::function<bool()> before = {};  // in the child, untraced; false: it exits with 125
};

// Forks, executes argv[0] (a path) behind the tracer's filter, attached.
Result<pid_t> start_guest(Tracer& tracer, const std::vector<std::string>& argv,
                          const GuestOptions& options = {});
// The same for a piece of this program: the child runs `body` and exits with what it returns.
Result<pid_t> start_guest(Tracer& tracer, const std::function<int()>& body, const GuestOptions& options = {});

// For `before`: a mount namespace of its own in which /etc, /home, /root, /tmp and /var are empty and
// writable, so that a guest may do there what it likes. False where this machine forbids it.
bool enter_scratch_folders();

}  // namespace shikake::sandbox::trace
