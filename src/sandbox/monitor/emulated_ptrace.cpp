#include "sandbox/monitor/emulated_ptrace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

#include "sandbox/monitor/path_rules.h"
#include "sandbox/monitor/paths.h"
#include "sandbox/monitor/proof.h"
#include "sandbox/trace/late_filter.h"
#include "sandbox/trace/substitute.h"

namespace shikake::sandbox::monitor {

using K = intel::BehaviourKind;
using trace::Call;
using trace::CallAction;
using trace::GuestAddress;
using trace::Interest;
using trace::ProcessId;
using trace::Sys;
using trace::Thread;

namespace {

constexpr int stopped_by(int signal) {
  return 0x7f | signal << 8;
}  // wait(2): as WIFSTOPPED reads it

bool is_open(Sys sys) {
  return sys == Sys::open || sys == Sys::openat || sys == Sys::openat2;
}

const trace::FilterProgram* waits_filter() {
  static const auto program = trace::FilterProgram::compile({{.sys = Sys::wait4}}, {});
  return program ? &*program : nullptr;
}

}  // namespace

std::vector<Interest> EmulatedPtrace::interests() const {
  return {{.sys = Sys::ptrace}, {.sys = Sys::open}, {.sys = Sys::openat}, {.sys = Sys::openat2}};
}

void EmulatedPtrace::on_process(Thread& thread) {
  const trace::Process& process = thread.process();
  guests_[process.id] = {thread.tid(), process.inner_pid, process.executable};
  if (watched_.contains(process.parent)) watched_.insert(process.id);  // inherited
}

std::optional<ProcessId> EmulatedPtrace::find(pid_t inner) const {
  const auto found =
      std::ranges::find_if(guests_, [&](const auto& each) { return each.second.inner == inner; });
  return found == guests_.end() ? std::nullopt : std::optional(found->first);
}

// --- requests
// ------------------------------------------------------------------------------------------------

CallAction EmulatedPtrace::on_call(Thread& thread, const Call& call) {
  if (is_open(call.sys)) {
    const auto path = thread.read_string({call[call.sys == Sys::open ? 0 : 1]}, 256);
    return {.want_return = path && last_component(*path) == "status"};
  }
  if (call.sys == Sys::ptrace) {
    thread.skip_call(request(thread, call));
    return {.want_return = to_watch_.contains(thread.process().id)};
  }
  if (call.sys != Sys::wait4 || !watched_.contains(thread.process().id)) return {};
  if (const auto pid = take_status(thread, call))
    thread.skip_call(*pid);
  else
    waiting_[thread.tid()] = call;
  return {};
}

int64_t EmulatedPtrace::request(Thread& thread, const Call& call) {
  const auto what = static_cast<unsigned>(call.as_int(0));
  const ProcessId own = thread.process().id;
  if (what == PTRACE_TRACEME) {
    if (notes_) notes_->note(thread, K::debugger_check, "PTRACE_TRACEME", describe(thread, call));
    const ProcessId parent = thread.process().parent;
    if (!traced_.try_emplace(own, Traced{.tracer = parent}).second) return -EPERM;
    // Its own program made it, so as to trace it. Any other parent knows nothing of this, and a stop of the
    // guest would be its last: it goes on as it would alone.
    if (const auto maker = guests_.find(parent);
        maker != guests_.end() && maker->second.executable == thread.process().executable)
      tracer_.with_stopped(maker->second.tid, [&](Thread& stopped) { watch_waits(stopped); });
    return 0;
  }
  const auto target = find(call.as_int(1));
  if (!target) return -ESRCH;
  if (what == PTRACE_ATTACH || what == PTRACE_SEIZE) return begin(thread, call, *target);
  const auto found = traced_.find(*target);
  if (found == traced_.end() || found->second.tracer != own) return -ESRCH;
  Traced& traced = found->second;
  const trace::Tid tid = guests_[*target].tid;
  if (what == PTRACE_KILL) {
    kill(tid.value, SIGKILL);
    return 0;
  }
  if (what == PTRACE_INTERRUPT && !traced.held) {
    tracer_.with_stopped(tid, [&](Thread& stopped) { stop(stopped, traced, SIGTRAP, {}); });
    return 0;
  }
  Thread* held = traced.held ? tracer_.held(tid) : nullptr;
  if (!held) return -ESRCH;
  switch (what) {
    case PTRACE_CONT:
    case PTRACE_DETACH:
      return go_on(*target, traced, call);
    case PTRACE_SINGLESTEP:
      return call.is_32_bit() ? -EIO : step(*target, traced);
    default:
      return call.is_32_bit() ? -EIO : on_stopped(*held, traced, call, thread);
  }
}

int64_t EmulatedPtrace::begin(Thread& thread, const Call& call, ProcessId target) {
  if (notes_)
    notes_->note(thread, K::process_injection, fmt::format("process {}", call.as_int(1)),
                 describe(thread, call));
  if (target == thread.process().id) return -EPERM;
  const auto [place, fresh] = traced_.try_emplace(target, Traced{.tracer = thread.process().id});
  if (!fresh) return -EPERM;
  Traced& traced = place->second;
  to_watch_.insert(thread.process().id);
  if (static_cast<unsigned>(call.as_int(0)) == PTRACE_SEIZE) {
    traced.stops_at_exec = false;
    return 0;
  }
  tracer_.with_stopped(guests_[target].tid, [&](Thread& stopped) { stop(stopped, traced, SIGSTOP, {}); });
  return 0;
}

int64_t EmulatedPtrace::go_on(ProcessId target, Traced& traced, const Call& call) {
  const int signal = static_cast<int>(call[3]);
  if (signal < 0 || signal > SIGRTMAX) return -EIO;
  const trace::Tid tid = guests_[target].tid;
  traced.held = false;
  traced.status.reset();
  if (static_cast<unsigned>(call.as_int(0)) == PTRACE_DETACH) traced_.erase(target);
  tracer_.release(tid, signal);
  return 0;
}

int64_t EmulatedPtrace::step(ProcessId target, Traced& traced) {
  Thread* held = tracer_.held(guests_[target].tid);
  if (!held->step()) return -ESRCH;
  siginfo_t info{};
  info.si_signo = SIGTRAP;
  info.si_code = TRAP_TRACE;
  stop(*held, traced, SIGTRAP, info);
  return 0;
}

// Looking at a held guest and changing it. The kernel's own interface: a word that is peeked goes to *data.
int64_t EmulatedPtrace::on_stopped(Thread& target, Traced& traced, const Call& call, Thread& tracer) {
  const GuestAddress address{call[2]}, data{call[3]};
  const auto what = static_cast<unsigned>(call.as_int(0));
  auto registers = target.registers();
  if (!registers) return -ESRCH;
  switch (what) {
    case PTRACE_PEEKTEXT:
    case PTRACE_PEEKDATA: {
      const auto word = target.read_value<uint64_t>(address);
      return !word ? -EIO : tracer.write_value(data, *word) ? 0 : -EFAULT;
    }
    case PTRACE_POKETEXT:
    case PTRACE_POKEDATA: {
      if (notes_)
        notes_->note(tracer, K::process_injection, fmt::format("process {}", call.as_int(1)),
                     describe(tracer, call));
      return target.write_value(address, data.value, true) ? 0 : -EIO;
    }
    case PTRACE_PEEKUSER: {
      if (address.value + 8 > sizeof *registers) return -EIO;
      uint64_t word;
      std::memcpy(&word, reinterpret_cast<const uint8_t*>(&*registers) + address.value, sizeof word);
      return tracer.write_value(data, word) ? 0 : -EFAULT;
    }
    case PTRACE_GETREGS:
      return tracer.write_value(data, *registers) ? 0 : -EFAULT;
    case PTRACE_SETREGS: {
      const auto given = tracer.read_value<trace::Registers>(data);
      if (!given) return -EFAULT;
      registers = *given;
      return target.set_registers(*registers) ? 0 : -ESRCH;
    }
    case PTRACE_GETSIGINFO:
      return tracer.write_value(data, traced.info) ? 0 : -EFAULT;
    case PTRACE_SETOPTIONS:
      return 0;
    default:
      return -EIO;
  }
}

// --- stops and waits
// -----------------------------------------------------------------------------------------

// The guest stands still until its tracer lets it go on; a tracer that waits already hears of it within a
// tick.
void EmulatedPtrace::stop(Thread& thread, Traced& traced, int signal, const siginfo_t& info) {
  thread.hold();
  traced.held = true;
  traced.status = stopped_by(signal);
  traced.info = info;
}

trace::SignalAction EmulatedPtrace::on_signal(Thread& thread, siginfo_t& info) {
  const auto found = traced_.find(thread.process().id);
  if (found == traced_.end() || found->second.held || thread.tid() != guests_[thread.process().id].tid)
    return {};
  if (!watched_.contains(found->second.tracer)) return {};
  stop(thread, found->second, info.si_signo, info);
  return {.deliver = false};
}

void EmulatedPtrace::on_execution(Thread& thread, const trace::Execution& execution) {
  Guest& guest = guests_[thread.process().id];
  guest.tid = thread.tid();
  guest.executable = execution.executable;
  const auto found = traced_.find(thread.process().id);
  if (found == traced_.end() || !found->second.stops_at_exec || !watched_.contains(found->second.tracer))
    return;
  siginfo_t info{};
  info.si_signo = SIGTRAP;
  stop(thread, found->second, SIGTRAP, info);
}

// What a wait of this tracer may be told now; the status is written where it asked for it.
std::optional<pid_t> EmulatedPtrace::take_status(Thread& tracer, const Call& call) {
  const int wanted = call.as_int(0);
  for (auto& [target, traced] : traced_) {
    if (traced.tracer != tracer.process().id || !traced.status) continue;
    const pid_t inner = guests_[target].inner;
    if (wanted > 0 && wanted != inner) continue;
    if (call[1] != 0) tracer.write_value({call[1]}, *traced.status);
    traced.status.reset();
    return inner;
  }
  return std::nullopt;
}

void EmulatedPtrace::watch_waits(Thread& tracer) {
  const trace::FilterProgram* filter = waits_filter();
  const ProcessId process = tracer.process().id;
  if (filter && !watched_.contains(process) && trace::add_filter(tracer, *filter)) watched_.insert(process);
}

void EmulatedPtrace::on_tick() {
  const bool any =
      std::ranges::any_of(traced_, [](const auto& each) { return each.second.status.has_value(); });
  if (!any) return;
  const auto waiting = waiting_;
  for (const auto& [tid, made] : waiting) {
    const trace::Call& call = made;  // Clang 14 captures no structured binding
    tracer_.with_stopped(tid, [&](Thread& thread) {
      auto registers = thread.registers();
      constexpr int64_t first_restart = -516, last_restart = -512;
      const auto result = registers ? static_cast<int64_t>(registers->rax) : 0;
      if (result < first_restart || result > last_restart) return;  // it has come back by itself
      const auto pid = take_status(thread, call);
      if (!pid) return;
      registers->rax = static_cast<uint64_t>(*pid);
      registers->orig_rax = ~0ull;
      (void)thread.set_registers(*registers);
    });
    waiting_.erase(tid);
  }
}

void EmulatedPtrace::on_process_end(const trace::Process& process, const trace::Ending&) {
  traced_.erase(process.id);
  for (auto traced = traced_.begin(); traced != traced_.end();) {
    if (traced->second.tracer != process.id) {
      ++traced;
      continue;
    }
    if (traced->second.held) tracer_.release(guests_[traced->first].tid, 0);  // as the kernel detaches
    traced = traced_.erase(traced);
  }
  if (const auto guest = guests_.find(process.id); guest != guests_.end()) {
    waiting_.erase(guest->second.tid);
    guests_.erase(guest);
  }
  watched_.erase(process.id);
  to_watch_.erase(process.id);
}

// --- /proc/*/status
// -----------------------------------------------------------------------------------------

void EmulatedPtrace::hide_tracer(Thread& thread, const Call& call, int64_t result) {
  const int fd = static_cast<int>(result);
  const std::string path = path_of(thread, fd);
  if (!matches("/proc/*/status", path) && !matches("/proc/*/task/*/status", path)) return;
  std::string text = trace::read_through(thread, fd);
  constexpr std::string_view name = "\nTracerPid:\t";
  const size_t at = text.find(name);
  if (at == std::string::npos) return;
  const size_t begin = at + name.size();
  const size_t end = std::min(text.find('\n', begin), text.size());
  // The kernel names the process in the link, as the guest counts: "/proc/17/status".
  pid_t inner = 0;
  std::from_chars(path.data() + 6, path.data() + path.size(), inner);
  std::string shown = "0";
  if (const auto target = find(inner); target && traced_.contains(*target)) {
    const auto tracer = guests_.find(traced_[*target].tracer);
    if (tracer != guests_.end()) shown = std::to_string(tracer->second.inner);
  }
  if (text.compare(begin, end - begin, shown) == 0) return;
  text.replace(begin, end - begin, shown);
  const bool close_on_exec =
      call.sys != Sys::openat2 && (call[call.sys == Sys::open ? 1 : 2] & O_CLOEXEC) != 0;
  trace::substitute(thread, fd, text, close_on_exec);
}

void EmulatedPtrace::on_return(Thread& thread, const Call& call, int64_t result) {
  if (is_open(call.sys) && result >= 0) hide_tracer(thread, call, result);
  if (call.sys == Sys::ptrace && to_watch_.erase(thread.process().id) != 0) watch_waits(thread);
}

}  // namespace shikake::sandbox::monitor
