#include "cell/limits.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdio>
#include <mutex>

#include <fmt/format.h>

namespace shikake::cell {
namespace {

// `grace`: how much wider the hard limit is.
Result<> set_limit(int resource, const char* name, std::optional<uint64_t> value, uint64_t grace = 0) {
  if (!value) return {};
  rlimit present{};
  auto which = static_cast<__rlimit_resource>(resource);
  if (getrlimit(which, &present) != 0) return fail_errno(Module::cell, fmt::format("no limit on {}", name));
  // An inherited hard limit that is tighter stays: only root could widen it, and nothing should.
  rlimit wanted{std::min<rlim_t>(*value, present.rlim_max), std::min<rlim_t>(*value + grace, present.rlim_max)};
  if (setrlimit(which, &wanted) != 0) {
    return fail_errno(Module::cell, fmt::format("the limit on {} cannot be set to {}", name, *value));
  }
  return {};
}

}  // namespace

Result<> apply(const Limits& limits) {
  SHIKAKE_TRY(set_limit(RLIMIT_CORE, "core files", 0));
  SHIKAKE_TRY(set_limit(RLIMIT_AS, "address space", limits.address_space));
  SHIKAKE_TRY(set_limit(RLIMIT_DATA, "data", limits.data));
  // At the hard limit comes SIGKILL, which tells nobody why.
  SHIKAKE_TRY(set_limit(RLIMIT_CPU, "CPU time", limits.cpu_seconds, 1));
  SHIKAKE_TRY(set_limit(RLIMIT_NOFILE, "open files", limits.open_files));
  SHIKAKE_TRY(set_limit(RLIMIT_FSIZE, "file size", limits.file_size));
  return set_limit(RLIMIT_NPROC, "processes", limits.processes);
}

Result<> forbid_new_privileges() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return fail_errno(Module::cell, "no_new_privs was refused");
  return {};
}

Result<> forbid_tracing() {
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return fail_errno(Module::cell, "dumpable cannot be cleared");
  return {};
}

Result<> die_with_parent(pid_t parent, int signal) {
  if (prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) != 0) {
    return fail_errno(Module::cell, "the signal for the parent's death cannot be set");
  }
  // It may have died before the call; then nobody would send the signal any more.
  if (getppid() != parent) return fail(Module::cell, ErrorCode::cancelled, "the parent process is gone");
  return {};
}

namespace {

// proc(5), /proc/PID/statm: size, resident, shared, text, lib, data, dt; in pages.
std::optional<uint64_t> memory_bytes(pid_t process, unsigned column) {
  base::UniqueFd file(open(fmt::format("/proc/{}/statm", process).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::array<char, 256> text{};
  if (read(file.get(), text.data(), text.size() - 1) <= 0) return std::nullopt;
  std::array<unsigned long, 6> pages{};
  if (std::sscanf(text.data(), "%lu %lu %lu %lu %lu %lu", &pages[0], &pages[1], &pages[2], &pages[3],
                  &pages[4], &pages[5]) != 6)
    return std::nullopt;
  return static_cast<uint64_t>(pages[column]) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

std::optional<uint64_t> resident_bytes(pid_t process) {
  return memory_bytes(process, 1);
}
std::optional<uint64_t> data_bytes(pid_t process) {
  return memory_bytes(process, 5);
}

Result<ResidentWatch> ResidentWatch::start(pid_t child, uint64_t bound_bytes,
                                           std::chrono::milliseconds interval) {
  // A descriptor of the process, so that a reused number is never killed.
  base::UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  if (!process) return fail_errno(Module::cell, fmt::format("process {} cannot be watched", child));
  ResidentWatch watch;
  watch.seen_ = std::make_shared<Seen>();
  auto body = [child, bound_bytes, interval, seen = watch.seen_,
               process = std::move(process)](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    while (!stop.stop_requested()) {
      auto resident = resident_bytes(child);
      if (!resident) return;
      seen->peak = std::max(seen->peak.load(), *resident);
      if (*resident > bound_bytes) {
        seen->exceeded = true;
        syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
        return;
      }
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop, interval, [] { return false; });
    }
  };
  watch.thread_ = std::jthread(std::move(body));
  return watch;
}

bool ResidentWatch::exceeded() const {
  return seen_->exceeded;
}
uint64_t ResidentWatch::peak_bytes() const {
  return seen_->peak;
}

void ResidentWatch::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

}  // namespace shikake::cell
