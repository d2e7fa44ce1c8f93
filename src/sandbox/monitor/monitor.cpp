#include "sandbox/monitor/monitor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/prctl.h>

#include <cerrno>

#include "sandbox/monitor/paths.h"
#include "sandbox/monitor/program_rules.h"
#include "sandbox/monitor/proof.h"
#include "sandbox/monitor/state.h"

namespace shikake::sandbox::monitor {

using K = intel::BehaviourKind;
using trace::Call;
using trace::CallAction;
using trace::ProcessId;
using trace::Sys;
using trace::Thread;

namespace {

constexpr size_t fork_bomb_processes = 64;  // alive at once

}  // namespace

Monitor::Monitor(MonitorOptions options, Sink& sink)
    : state_(std::make_unique<State>(std::move(options), sink)) {}
Monitor::~Monitor() = default;

// --- processes -------------------------------------------------------------------------------------------

void Monitor::on_process(Thread& thread) {
  const trace::Process& process = thread.process();
  state_->book.started(process);
  state_->alive[process.id] = {
      .parent = process.parent, .inner = process.inner_pid, .executable = process.executable};
  if (state_->alive.size() == fork_bomb_processes)
    state_->book.note(process.parent.value ? process.parent : process.id, K::fork_bomb,
                      fmt::format("{} processes at once", fork_bomb_processes),
                      fmt::format("{} of {} made the last one", process.executable, process.parent.value));
}

void Monitor::on_thread(Thread& thread) {
  state_->book.thread_started(thread.process());
}

void Monitor::on_execution(Thread& thread, const trace::Execution& execution) {
  State& state = *state_;
  const ProcessId process = thread.process().id;
  const std::string& path = execution.executable;
  const bool first = thread.process().executions == 1 && thread.process().parent.value == 0;
  const Files::Image image = state.files.executed(thread, path);
  state.book.executed(thread.process(), execution, image.sha256);
  state.alive[process].executable = path;
  const std::string proof = describe(execution);
  if (path.starts_with("/memfd:"))
    state.book.note(process, K::memory_executed, path, proof);
  else if (path.ends_with(" (deleted)"))
    state.book.note(process, K::deleted_executable_run, path, proof);
  else if (image.made_here)
    state.book.note(process, K::dropped_executable_run, path, proof);
  // A script that the run wrote: its interpreter gets it as an argument, behind one of its own perhaps.
  for (size_t i = 1; i < execution.arguments.size() && i <= 2; ++i) {
    const std::string script = resolve(thread, AT_FDCWD, execution.arguments[i]);
    if (state.files.made_here(script)) state.book.note(process, K::dropped_executable_run, script, proof);
  }
  if (first) return;  // what the analyst started, not what the sample did
  for (const K kind : match_program(execution)) {
    std::string object;
    if (kind == K::shell_command && execution.arguments.size() > 2)
      object = execution.arguments[2];
    else
      for (const std::string& argument : execution.arguments)
        object.append(object.empty() ? "" : " ").append(argument);
    state.book.note(process, kind, std::move(object), proof);
  }
}

void Monitor::on_thread_end(trace::Process&, trace::Tid tid) {
  state_->pending.erase(tid);
}

void Monitor::on_process_end(const trace::Process& process, const trace::Ending& ending) {
  state_->book.ended(process, ending);
  state_->alive.erase(process.id);
  state_->sockets.ended(process.id);
}

// --- calls -------------------------------------------------------------------------------------------------

CallAction Monitor::on_call(Thread& thread, const Call& made) {
  State& state = *state_;
  CallAction action;
  const Call call = unfolded(thread, made);
  Pending what;
  switch (call.sys) {
    case Sys::open:
    case Sys::openat:
    case Sys::openat2:
    case Sys::creat:
      state.opening(thread, call, action);
      return action;
    case Sys::access:
    case Sys::faccessat:
    case Sys::stat:
    case Sys::newfstatat:
    case Sys::statx:
      state.looking(thread, call);
      return action;
    case Sys::unlink:
    case Sys::unlinkat:
    case Sys::truncate:
      state.removing(thread, call);
      return {.want_return = true};
    case Sys::rename:
    case Sys::renameat:
    case Sys::renameat2:
    case Sys::link:
    case Sys::linkat:
      what.path = path_of_call(thread, call, 0);
      what.second = path_of_call(thread, call, 1);
      state.files.about_to_change(what.path);
      state.files.about_to_change(what.second);
      state.pending[thread.tid()] = std::move(what);
      return {.want_return = true};
    case Sys::symlink:
    case Sys::symlinkat:
      what.second = path_of_call(thread, call);
      what.path = thread.read_string({call[0]}).value_or("");
      state.pending[thread.tid()] = std::move(what);
      return {.want_return = true};
    case Sys::memfd_create:
      return {.want_return = true};
    case Sys::chmod:
    case Sys::fchmod:
    case Sys::fchmodat:
      state.changing_mode(thread, call);
      break;
    case Sys::utime:
    case Sys::utimes:
    case Sys::futimesat:
    case Sys::utimensat:
      state.setting_times(thread, call);
      return action;
    case Sys::kill:
    case Sys::tkill:
    case Sys::tgkill:
    case Sys::rt_sigqueueinfo:
    case Sys::pidfd_send_signal:
      state.killing(thread, call);
      return action;
    case Sys::rt_sigaction:
      state.signals(thread, call);
      return action;
    case Sys::seccomp:
      state.book.note(thread.process().id, K::debugger_check, "a system call listener of its own",
                      describe(thread, call));
      thread.skip_call(-EBUSY);  // as when there is one already
      return action;
    case Sys::prctl:
      if (call.as_int(0) == PR_SET_NAME) {
        state.naming(thread, call);
        return action;
      }
      break;
    default:
      break;
  }
  if (Sockets::wants(call.sys)) return {.want_return = true};
  if (state.rules(thread, call, what)) {
    state.pending[thread.tid()] = std::move(what);
    return {.want_return = true};
  }
  return action;
}

void Monitor::on_return(Thread& thread, const Call& made, int64_t result) {
  State& state = *state_;
  const Call call = unfolded(thread, made);
  if (Sockets::wants(call.sys)) return state.sockets.returned(thread, call, result);
  if (call.sys == Sys::memfd_create && result >= 0)
    return state.files.made_in_memory(thread, static_cast<int>(result),
                                      thread.read_string({call[0]}, 249).value_or(""));
  const auto node = state.pending.extract(thread.tid());
  if (!node) return;
  const Pending& what = node.mapped();
  switch (call.sys) {
    case Sys::open:
    case Sys::openat:
    case Sys::openat2:
    case Sys::creat:
      state.opened(thread, call, result, what);
      break;
    default:
      if (what.rule)
        state.book.note(thread.process().id, what.rule->kind, what.object, describe(thread, call, result));
      else
        state.finished(thread, call, result, what);
  }
  state.patterns(thread, call);
}

void Monitor::answered(Thread& thread, const Call& call, int64_t result) {
  if (call.sys == Sys::ptrace) {
    constexpr uint64_t trace_me = 0;
    note(thread, call[0] == trace_me ? K::debugger_check : K::process_injection,
         call[0] == trace_me ? "PTRACE_TRACEME" : fmt::format("process {}", call.as_int(1)),
         describe(thread, call, result));
    return;
  }
  Pending what;
  if (state_->rules(thread, call, what))
    note(thread, what.rule->kind, what.object, describe(thread, call, result));
}

void Monitor::note(Thread& thread, K kind, std::string object, std::string proof) {
  state_->book.note(thread.process().id, kind, std::move(object), std::move(proof));
}

void Monitor::on_tick() {
  state_->files.tick();
}

void Monitor::finish() {
  state_->files.finish();
  state_->sockets.finish();
  state_->book.finish();
}

}  // namespace shikake::sandbox::monitor
