// The forced run: the visit once more, from the answers it had and with no request of its own, by workers
// that take the branches and call the functions that the pages themselves would not. What it leads to that
// the visit did not is written into the visit's record, marked as forced.
#include <algorithm>

#include "base/clock.h"
#include "honeyclient/low/driver.h"

namespace shikake::honeyclient::low {

using std::chrono::steady_clock;

// As long as the pages took by themselves: twice a plain visit's time in all.
std::chrono::milliseconds Driver::forced_script_time() const {
  std::chrono::milliseconds taken{0};
  for (const auto& worker : workers_) taken += std::chrono::milliseconds(worker->cpu_ms);
  return std::clamp(taken, limits::min_forced_time,
                    std::max(limits::min_forced_time, options_.max_script_time));
}

Result<> Driver::run_forced() {
  if (workers_.empty()) return {};  // no page was shown
  base::ManualClock then(began_);
  VisitOptions options = options_;
  options.forced = false;
  options.recording = nullptr;
  options.shared = nullptr;
  options.on_exchange = nullptr;
  options.clock = &then;
  options.max_script_time = options.max_worker_time = forced_script_time();
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - steady_clock::now());
  options.max_time = std::max(left, std::chrono::milliseconds(0));
  Driver second(options, persona_, zygote_, nullptr, blobs_, pids_);
  second.forcing_ = this;
  second.record_.follow(record_);
  SHIKAKE_TRY(second.go());
  record_.absorb_forced(second.record_);
  return {};
}

}  // namespace shikake::honeyclient::low
