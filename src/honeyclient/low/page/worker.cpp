#include "honeyclient/low/page/worker.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/frame.h"
#include "base/log.h"
#include "base/zygote.h"
#include "cell/limits.h"
#include "cell/seccomp.h"
#include "honeyclient/components/charset.h"
#include "honeyclient/components/table.h"
#include "honeyclient/low/limits.h"

#if defined(__SANITIZE_ADDRESS__)
#define SHIKAKE_WATCHES_MEMORY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SHIKAKE_WATCHES_MEMORY 1
#endif
#endif

namespace shikake::honeyclient::low::page {

namespace {

Result<> confine(const cell::SeccompProgram& policy) {
  SHIKAKE_TRY(cell::apply({.cpu_seconds = limits::max_cpu_seconds, .file_size = 0}));
#ifndef SHIKAKE_WATCHES_MEMORY  // a sanitizer keeps what was freed, and notes of each byte
  rlimit data{limits::max_private_memory, limits::max_private_memory};
  if (setrlimit(RLIMIT_DATA, &data) != 0)
    return fail_errno(Module::honeyclient, "cannot bound a page's memory");
#endif
  return policy.install();
}

void start_cpu_timer() {
  struct sigaction action {};
  action.sa_handler = [](int) { on_cpu_tick(); };
  action.sa_flags = SA_RESTART;
  sigaction(SIGPROF, &action, nullptr);
  constexpr timeval tick{0, std::chrono::microseconds(cpu_tick).count()};
  itimerval every{tick, tick};
  setitimer(ITIMER_PROF, &every, nullptr);
}

// In the forked child.
int run_worker(base::UniqueFd socket, Engine& engine, const cell::SeccompProgram& policy, const Work& work) {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO}) close(fd);
  base::FrameChannel channel(std::move(socket), limits::max_frame);
  auto frame = channel.receive(base::Deadline::never());
  if (!frame || frame->type != static_cast<uint8_t>(ToPage::start)) return 1;
  // Still the parent's own words (persona, seed); the document in it is not looked at before the filter.
  auto start = base::from_wire<Start>(frame->body);
  if (!start) return 1;
  engine.set_time_zone(start->persona.time_zone);
  start_cpu_timer();
  if (!confine(policy)) return cell::status_not_confined;
  work(engine, std::move(channel), std::move(*start));
  return 0;
}

}  // namespace

int serve_workers(const Work& work) {
  // A worker may compute and talk over its socket; time zone files are read before.
  auto policy = cell::SeccompPolicy::pure_computation().compile();
  if (!policy) {
    base::log(base::LogLevel::error, policy.error().message());
    return 1;
  }
  components::table();  // and what else reads files is asked once before
  components::warm_charsets();
  base::sha256(std::string_view());  // OpenSSL reads its configuration when it is first used
  Engine engine;
  if (!engine.start()) {
    base::log(base::LogLevel::error, "the script engine does not start");
    return 1;
  }
  return base::serve_forks(
      [&](base::UniqueFd socket) { return run_worker(std::move(socket), engine, *policy, work); });
}

}  // namespace shikake::honeyclient::low::page
