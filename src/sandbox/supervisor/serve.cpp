#include "sandbox/supervisor/serve.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "base/wire.h"
#include "sandbox/supervisor/link.h"

namespace shikake::sandbox::supervisor {

int serve(const Planted& planted) {
  // A person's Ctrl-C is for the command: it asks us to end the run and to say what was seen.
  ::setpgid(0, 0);
  std::signal(SIGPIPE, SIG_IGN);
  constexpr std::chrono::seconds for_the_plan{30};
  Link link(base::FrameChannel(base::UniqueFd(run::channel_fd), run::max_plan_frame));
  Result<base::Frame> frame = link.receive(base::Deadline::after(for_the_plan));
  if (!frame || frame->type != static_cast<uint8_t>(run::Order::plan)) return 2;
  Result<run::Plan> plan = base::from_wire<run::Plan>(frame->body);
  Result<> done = plan ? supervise(*plan, link, planted) : Result<>(tl::unexpected(plan.error()));
  if (done) return link.is_lost() ? 1 : 0;
  run::Failure failure;
  failure.code = static_cast<uint8_t>(done.error().code);
  failure.text = done.error().message();
  link.say(run::Report::failed, failure);
  return 1;
}

}  // namespace shikake::sandbox::supervisor
