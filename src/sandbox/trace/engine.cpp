#include "sandbox/trace/engine.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/audit.h>
#include <linux/sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/check.h"
#include "sandbox/trace/execution.h"
#include "sandbox/trace/options.h"
#include "sandbox/trace/task_status.h"

namespace shikake::sandbox::trace {
namespace {

using Kind = WaitStatus::Kind;

// A task whose maker is not heard of for so long was made by one that died before it could tell.
constexpr std::chrono::milliseconds orphan_age{50};
// Endings of tasks that were never heard of are kept for their makers' reports; more are foreign.
constexpr size_t max_early_ends = 1024;

base::WaitStatus as_end(WaitStatus status) {
  return {status.kind() == Kind::exited ? base::WaitStatus::How::exited : base::WaitStatus::How::killed,
          status.value()};
}

base::TimePoint now() {
  return base::system_clock().now();
}

}  // namespace

Tracee* Tracer::Engine::find(pid_t tid) {
  const auto found = tracees.find(tid);
  return found == tracees.end() ? nullptr : found->second.get();
}

Process& Tracer::Engine::make_process(pid_t pid, ProcessId parent) {
  auto process = std::make_unique<Process>();
  process->id = {++last_process_};
  process->parent = parent;
  process->pid = {pid};
  process->started = now();
  ++counters.processes;
  return *(processes[pid] = std::move(process));
}

Tracee& Tracer::Engine::make_tracee(pid_t tid, Process& process, bool is_thread) {
  auto& slot = tracees[tid] = std::make_unique<Tracee>(Tid{tid}, process, *this);
  slot->is_thread = is_thread;
  ++process.threads;
  ++counters.threads;
  return *slot;
}

Result<> Tracer::Engine::attach(pid_t child) {
  if (ptrace(PTRACE_SEIZE, child, nullptr, trace_options) != 0) {
    const int error = errno;
    auto failure = fail_errno(Module::sandbox, fmt::format("cannot trace process {}", child));
    if (error == EPERM)
      failure.value().what +=
          ": a seccomp filter, Yama (kernel.yama.ptrace_scope) or another tracer forbids it";
    return failure;
  }
  Process& process = make_process(child, ProcessId{});
  Tracee& tracee = make_tracee(child, process, false);
  tracee.knocking = true;
  return {};
}

// --- tasks come and go ------------------------------------------------------------------------------

void Tracer::Engine::begin(Tracee& tracee) {
  tracee.awaits_first_stop = false;
  Process& process = tracee.process();
  if (!tracee.is_thread) process.inner_pid = inner_pid(process.pid.value).value_or(0);
  for (Hook* hook : hooks) tracee.is_thread ? hook->on_thread(tracee) : hook->on_process(tracee);
}

// A task that `parent` made: its first stop may have come already, or it may even be gone.
void Tracer::Engine::adopt(pid_t tid, Process& parent, bool is_thread) {
  if (tracees.contains(tid)) return;
  Process& process = is_thread ? parent : make_process(tid, parent.id);
  if (!is_thread) {
    process.executable = parent.executable;
    process.emulated = parent.emulated;
    process.emulated.own_threads = 0;
  }
  Tracee& tracee = make_tracee(tid, process, is_thread);
  tracee.awaits_first_stop = true;

  const auto early =
      std::find_if(early_ends_.begin(), early_ends_.end(), [&](auto& end) { return end.first == tid; });
  if (early != early_ends_.end()) {
    const WaitStatus status = early->second;
    early_ends_.erase(early);
    defer(tid, status);
  } else if (auto orphan = orphans_.extract(tid)) {
    defer(tid, orphan.mapped().status);
  }
}

void Tracer::Engine::adopt_orphans() {
  const auto time = SteadyClock::now();
  std::vector<pid_t> old;
  for (const auto& [tid, orphan] : orphans_)
    if (time - orphan.seen >= orphan_age) old.push_back(tid);
  for (const pid_t tid : old) {
    const auto status = task_status(tid);
    if (!status) {  // died meanwhile: its ending is still to come, or was taken for a stranger's
      orphans_.erase(tid);
      continue;
    }
    const auto group = processes.find(status->process);
    if (status->process != tid && group != processes.end()) {
      adopt(tid, *group->second, true);
      continue;
    }
    const auto parent = processes.find(status->parent);
    Process unknown;
    adopt(tid, parent == processes.end() ? unknown : *parent->second, false);
  }
}

void Tracer::Engine::on_unknown(pid_t tid, WaitStatus status) {
  if (!status.ended()) {
    orphans_.insert_or_assign(tid, Orphan{status, SteadyClock::now()});
    return;
  }
  const bool was_orphan = orphans_.erase(tid) != 0;
  if (early_ends_.size() == max_early_ends) early_ends_.pop_front();
  early_ends_.emplace_back(tid, status);
  if (!was_orphan && options.on_foreign_child) options.on_foreign_child(tid, status.raw());
}

void Tracer::Engine::on_ended(Tracee& tracee, WaitStatus status) {
  Process& process = tracee.process();
  tracee.ended = true;
  if (tracee.awaits_first_stop && !tracee.is_thread)
    for (Hook* hook : hooks) hook->on_process(tracee);  // it lived, if not for long
  const Tid tid = tracee.tid();
  tracees.erase(tid.value);
  for (Hook* hook : hooks) hook->on_thread_end(process, tid);
  if (--process.threads > 0) return;
  const Ending ending{as_end(status), now()};
  for (Hook* hook : hooks) hook->on_process_end(process, ending);
  processes.erase(process.pid.value);
}

// --- stops ---------------------------------------------------------------------------------------------

void Tracer::Engine::on_call_entry(Tracee& tracee) {
  tracee.stopped(Tracee::At::call_entry);
  tracee.skipped = tracee.awaits_return = false;
  if (!tracee.load_call()) return;
  if (tracee.call.number == FilterProgram::knock) {
    if (!tracee.knocking) return tracee.skip_call(-ENOSYS);
    tracee.knocking = false;
    tracee.skip_call(0);
    return begin(tracee);
  }
  const std::optional<int> refused = options.refusal ? options.refusal(tracee.call) : std::nullopt;
  // The guest's own filter wants a tracer that is not there.
  if (tracee.filter_data != FilterProgram::mark && !refused) return tracee.skip_call(-ENOSYS);

  ++counters.calls;
  if (tracee.call.sys == Sys::clone && (tracee.call[0] & CLONE_UNTRACED) != 0)
    tracee.set_argument(0, tracee.call[0] & ~uint64_t{CLONE_UNTRACED});
  for (Hook* hook : hooks) {
    const CallAction action = hook->on_call(tracee, tracee.call);
    tracee.awaits_return |= action.want_return;
    if (action.keep) break;
  }
  if (refused && !tracee.skipped) tracee.skip_call(-*refused);
}

void Tracer::Engine::returned(Tracee& tracee, int64_t result) {
  ++counters.returns;
  tracee.awaits_return = false;
  const Call call = tracee.call;
  for (Hook* hook : hooks) hook->on_return(tracee, call, result);
}

void Tracer::Engine::on_syscall(Tracee& tracee) {
  __ptrace_syscall_info info;
  tracee.stopped(Tracee::At::event);
  if (tracee.request(PTRACE_GET_SYSCALL_INFO, reinterpret_cast<void*>(sizeof info), &info) <= 0)
    return;  // NOLINT
  if (info.op != PTRACE_SYSCALL_INFO_EXIT) {
    tracee.at = Tracee::At::call_entry;
    return;
  }
  tracee.at = Tracee::At::call_return;
  // The kernel's own codes for "do it again after the signal" are nobody else's business (linux/errno.h).
  const bool begins_again = info.exit.rval <= -512 && info.exit.rval >= -516;
  if (tracee.awaits_return) returned(tracee, begins_again ? -EINTR : info.exit.rval);
}

void Tracer::Engine::on_fork(Tracee& tracee, WaitStatus status) {
  tracee.stopped(Tracee::At::mid_call);
  unsigned long made = 0;
  if (tracee.request(PTRACE_GETEVENTMSG, nullptr, &made) != 0) return;
  bool is_thread = false;
  if (status.event() == PTRACE_EVENT_CLONE) {
    const auto registers = tracee.registers();
    constexpr uint64_t narrow_code = 0x23;
    if (registers)
      is_thread = ((registers->cs == narrow_code ? registers->rbx : registers->rdi) & CLONE_THREAD) != 0;
  }
  adopt(static_cast<pid_t>(made), tracee.process(), is_thread);
}

void Tracer::Engine::on_exec(Tracee& tracee) {
  tracee.stopped(Tracee::At::mid_call);
  ++counters.executions;
  Process& process = tracee.process();
  unsigned long former = 0;
  tracee.request(PTRACE_GETEVENTMSG, nullptr, &former);
  const auto former_tid = static_cast<pid_t>(former);
  if (former_tid != tracee.tid().value) {
    // Another thread than the first called exec: it goes on under the first one's number.
    if (const auto caller = tracees.find(former_tid); caller != tracees.end()) {
      tracee.call = caller->second->call;
      tracee.awaits_return = caller->second->awaits_return;
      tracees.erase(caller);
      --process.threads;
      for (Hook* hook : hooks) hook->on_thread_end(process, Tid{former_tid});
    }
  }
  __ptrace_syscall_info info{};
  if (tracee.request(PTRACE_GET_SYSCALL_INFO, reinterpret_cast<void*>(sizeof info), &info) <= 0)
    return;  // NOLINT
  process.emulated = {};
  Execution execution =
      read_execution(tracee, GuestAddress{info.stack_pointer}, info.arch != AUDIT_ARCH_X86_64);
  for (Hook* hook : hooks) hook->before_execution(tracee, execution);
  process.executable = execution.executable;
  ++process.executions;
  for (Hook* hook : hooks) hook->on_execution(tracee, execution);
  // A hook that made calls here has brought it to the exec's return already.
  if (!tracee.ended && tracee.at == Tracee::At::call_return && tracee.awaits_return) returned(tracee, 0);
}

void Tracer::Engine::on_signal(Tracee& tracee, int signal) {
  tracee.stopped(Tracee::At::signal);
  tracee.signal = signal;
  if (std::exchange(tracee.passed_signal, 0) == signal) return;
  ++counters.signals;
  siginfo_t info{};
  if (tracee.request(PTRACE_GETSIGINFO, nullptr, &info) != 0) return;
  const siginfo_t before = info;
  bool deliver = true;
  for (Hook* hook : hooks) deliver &= hook->on_signal(tracee, info).deliver;
  if (!deliver)
    tracee.signal = 0;
  else if (std::memcmp(&before, &info, sizeof info) != 0)
    tracee.request(PTRACE_SETSIGINFO, nullptr, &info);
}

void Tracer::Engine::handle(Tracee& tracee, WaitStatus status) {
  switch (status.kind()) {
    case Kind::exited:
    case Kind::killed:
      break;
    case Kind::call_entry:
      on_call_entry(tracee);
      break;
    case Kind::syscall:
      on_syscall(tracee);
      break;
    case Kind::fork:
      on_fork(tracee, status);
      break;
    case Kind::exec:
      on_exec(tracee);
      break;
    case Kind::exit:
      tracee.stopped(Tracee::At::event);
      for (Hook* hook : hooks) hook->on_exit_stop(tracee);
      break;
    case Kind::stop:
    case Kind::group_stop:
      tracee.stopped(status.kind() == Kind::stop ? Tracee::At::event : Tracee::At::group_stop);
      if (tracee.awaits_first_stop) begin(tracee);
      break;
    case Kind::signal:
      on_signal(tracee, status.value());
      break;
  }
}

void Tracer::Engine::dispatch(pid_t tid, WaitStatus status) {
  ++counters.stops;
  Tracee* tracee = find(tid);
  if (!tracee) return on_unknown(tid, status);
  if (status.ended()) return depth_ == 0 ? on_ended(*tracee, status) : defer(tid, status);
  ++depth_;
  handle(*tracee, status);
  --depth_;
  tracee->resume();
  catch_up();
}

void Tracer::Engine::catch_up() {
  while (depth_ == 0 && !deferred_.empty()) {
    const auto [tid, status] = deferred_.front();
    deferred_.pop_front();
    dispatch(tid, status);
  }
}

}  // namespace shikake::sandbox::trace
