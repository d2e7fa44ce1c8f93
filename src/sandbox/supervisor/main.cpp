// shikake-supervisor: holds one run's cell and gateway, traces its programs, and says what they do.
//
// Started with: 3 the channel (protocol.h), 4 the sample, 5 the capture file, 6 (open mode) the broker. Docs:
// docs/processes.md.
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "base/wire.h"
#include "sandbox/supervisor/supervise.h"

int main() {
  using namespace shikake;
  using namespace shikake::sandbox;
  // A person's Ctrl-C is for the command: it asks us to end the run and to say what was seen.
  ::setpgid(0, 0);
  std::signal(SIGPIPE, SIG_IGN);
  constexpr std::chrono::seconds for_the_plan{30};
  supervisor::Link link(base::FrameChannel(base::UniqueFd(run::channel_fd), run::max_plan_frame));
  Result<base::Frame> frame = link.receive(base::Deadline::after(for_the_plan));
  if (!frame || frame->type != static_cast<uint8_t>(run::Order::plan)) return 2;
  Result<run::Plan> plan = base::from_wire<run::Plan>(frame->body);
  Result<> done = plan ? supervisor::supervise(*plan, link) : Result<>(tl::unexpected(plan.error()));
  if (done) return link.is_lost() ? 1 : 0;
  run::Failure failure;
  failure.code = static_cast<uint8_t>(done.error().code);
  failure.text = done.error().message();
  link.say(run::Report::failed, failure);
  return 1;
}
