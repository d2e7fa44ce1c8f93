// The single acts of a guest: what each call means beyond its table's row, and what several make together.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>

#include "sandbox/monitor/path_rules.h"
#include "sandbox/monitor/paths.h"
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

// When single acts become a pattern.
constexpr size_t killing_spree_targets = 3;  // processes that are no descendants of the killer
constexpr size_t encrypted_files = 3;
constexpr size_t wiped_files = 5;
constexpr size_t walked_folders = 40;
constexpr base::Duration set_back_by = std::chrono::hours(24);

bool opens_for_writing(uint64_t flags) {
  return (flags & O_PATH) == 0 && ((flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0);
}

uint64_t open_flags(Thread& thread, const Call& call) {
  switch (call.sys) {
    case Sys::open:
      return call[1];
    case Sys::openat:
      return call[2];
    case Sys::creat:
      return O_CREAT | O_WRONLY | O_TRUNC;
    case Sys::openat2:
      return thread.read_value<uint64_t>({call[2]}).value_or(0);  // struct open_how begins with them
    default:
      return 0;
  }
}

// Names that a program gives itself to be taken for another, or for a part of the kernel.
bool is_thread_name(Thread& thread) {
  return thread.tid().value != thread.process().pid.value;
}

}  // namespace

bool Monitor::State::descends(ProcessId process, ProcessId from) const {
  for (int depth = 0; depth < 64; ++depth) {  // deeper chains are a fork bomb's
    if (process == from) return true;
    const auto found = alive.find(process);
    if (found == alive.end()) return false;
    process = found->second.parent;
  }
  return false;
}

void Monitor::State::opening(Thread& thread, const Call& call, CallAction& action) {
  const PathArgument at = path_argument(call.sys);
  const auto text = thread.read_string({call[static_cast<size_t>(at.path)]});
  if (!text) return;
  const uint64_t flags = open_flags(thread, call);
  const bool writes = opens_for_writing(flags);
  // Most openings are of libraries and of files below a folder that was opened: no more is looked up for
  // them.
  if (!writes && !text->starts_with('/') && !may_matter(last_component(*text))) return;
  Pending what;
  what.writes = writes;
  what.path = resolve(thread, at.folder < 0 ? AT_FDCWD : call.as_int(static_cast<size_t>(at.folder)), *text);
  if (writes) what.kind = match_path(Access::write, what.path);
  if (!what.kind && (flags & O_TRUNC) != 0) what.kind = match_path(Access::remove, what.path);
  if (!what.kind && (flags & O_ACCMODE) != O_WRONLY) what.kind = match_path(Access::read, what.path);
  if ((flags & O_DIRECTORY) != 0) walked(thread, what.path, call);
  if (!writes && !what.kind) return;
  if (writes) {
    what.existed = (flags & O_CREAT) == 0 || ((flags & O_EXCL) == 0 && exists(thread, what.path));
    if ((flags & O_TRUNC) != 0) files.about_to_change(what.path);
  }
  pending[thread.tid()] = std::move(what);
  action.want_return = true;
}

void Monitor::State::opened(Thread& thread, const Call& call, int64_t result, const Pending& what) {
  if (!what.kind && !(what.writes && result >= 0)) return;
  std::string proof = describe(thread, call, result);
  if (what.kind) book.note(thread.process().id, *what.kind, what.path, proof);
  if (what.writes && result >= 0)
    files.opened(thread, static_cast<int>(result), what.existed, (open_flags(thread, call) & O_TRUNC) != 0,
                 std::move(proof));
}

void Monitor::State::walked(Thread& thread, const std::string& path, const Call& call) {
  Kin& kin = alive[thread.process().id];
  if (++kin.folders == walked_folders)
    book.note(thread.process().id, K::file_discovery, path, describe(thread, call));
}

// Whether a file is there, and what it is like.
void Monitor::State::looking(Thread& thread, const Call& call) {
  const PathArgument at = path_argument(call.sys);
  const auto text = thread.read_string({call[static_cast<size_t>(at.path)]});
  if (!text || (!text->starts_with('/') && !may_matter(last_component(*text)))) return;
  const std::string path =
      resolve(thread, at.folder < 0 ? AT_FDCWD : call.as_int(static_cast<size_t>(at.folder)), *text);
  if (const auto kind = match_presence(path))
    book.note(thread.process().id, *kind, path, describe(thread, call));
}

void Monitor::State::removing(Thread& thread, const Call& call) {
  Pending what;
  what.path = path_of_call(thread, call);
  files.about_to_change(what.path);
  pending[thread.tid()] = std::move(what);
}

void Monitor::State::changing_mode(Thread& thread, const Call& call) {
  const bool by_descriptor = call.sys == Sys::fchmod;
  const size_t mode = call.sys == Sys::fchmodat ? 2 : 1;
  const std::string path = by_descriptor ? path_of(thread, call.as_int(0)) : path_of_call(thread, call);
  if ((call[mode] & (S_ISUID | S_ISGID)) != 0) return;  // a rule of its own
  const bool runs = (call[mode] & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0 && files.made_here(path);
  // Programs try what a file system does with modes on files that are none. An empty one may be filled later.
  const std::string first = runs ? first_bytes(thread, path, 4) : "";
  const bool program = runs && (first.empty() || is_program(base::as_bytes(first)));
  book.note(thread.process().id, program ? K::dropped_executable : K::permission_change, path,
            describe(thread, call));
}

void Monitor::State::setting_times(Thread& thread, const Call& call) {
  const size_t index = call.sys == Sys::utimensat || call.sys == Sys::futimesat ? 2 : 1;
  // The time of the last change is the second one, wherever they are two.
  const size_t word = call.pointer_bytes();
  const uint64_t at = call[index] + (call.sys == Sys::utime ? word : 2 * word);
  constexpr uint64_t nanoseconds_mask = 0x3fffffff;
  constexpr uint64_t now_or_omit = 0x3ffffffe;  // UTIME_OMIT; UTIME_NOW is one more
  uint64_t seconds = 0, nanoseconds = 0;
  if (word == 8) {
    seconds = thread.read_value<uint64_t>({at}).value_or(0);
    nanoseconds = thread.read_value<uint64_t>({at + 8}).value_or(0);
  } else {
    seconds = thread.read_value<uint32_t>({at}).value_or(0);
    nanoseconds = thread.read_value<uint32_t>({at + 4}).value_or(0);
  }
  if (call.sys == Sys::utimensat && (nanoseconds & nanoseconds_mask) >= now_or_omit) return;
  const auto set = base::from_micros(static_cast<int64_t>(seconds) * 1'000'000);
  if (book.now() - set < set_back_by) return;
  book.note(thread.process().id, K::file_time_change, path_of_call(thread, call), describe(thread, call));
}

void Monitor::State::killing(Thread& thread, const Call& call) {
  const bool whole_process = call.sys == Sys::kill || call.sys == Sys::rt_sigqueueinfo;
  const int signal = call.as_int(call.sys == Sys::tgkill ? 2 : 1);
  const int target = call.as_int(0);
  if (call.sys == Sys::pidfd_send_signal)
    return;  // needs the process' descriptor: its own child's, as a rule
  const ProcessId own = thread.process().id;
  if (whole_process && target == -1)
    return book.note(own, signal == 0 ? K::process_discovery : K::killing_spree, "every process",
                     describe(thread, call));
  if (target <= 0 || target == thread.process().inner_pid || target == thread.tid().value) return;
  const auto known =
      std::ranges::find_if(alive, [&](const auto& each) { return each.second.inner == target; });
  if (known != alive.end() && descends(known->first, own)) return;
  if (signal == 0)
    return book.note(own, K::process_discovery, "probing process numbers", describe(thread, call));
  if (signal != SIGKILL && signal != SIGTERM && signal != SIGSTOP && signal != SIGHUP && signal != SIGQUIT)
    return;
  Kin& kin = alive[own];
  if (std::ranges::find(kin.killed, target) == kin.killed.end() && kin.killed.size() < killing_spree_targets)
    kin.killed.push_back(target);
  if (kin.killed.size() == killing_spree_targets)
    book.note(own, K::killing_spree, "other processes", describe(thread, call));
}

void Monitor::State::naming(Thread& thread, const Call& call) {
  if (is_thread_name(thread)) return;  // threads have names of their own
  const auto given = thread.read_string({call[1]}, 15);
  const std::string own(last_component(thread.process().executable).substr(0, 15));
  if (!given || *given == own) return;
  book.note(thread.process().id, K::name_masquerade, *given,
            describe(thread, call) + " " + in_quotes(*given));
}

void Monitor::State::signals(Thread& thread, const Call& call) {
  const auto handler = thread.read_pointer(call, {call[1]});
  if (handler && handler->value == reinterpret_cast<uint64_t>(SIG_IGN))
    book.note(thread.process().id, K::interrupts_ignored, "SIGHUP", describe(thread, call));
}

bool Monitor::State::rules(Thread& thread, const Call& call, Pending& what) {
  for (const CallRule& rule : call_rules()) {
    if (rule.sys != call.sys || !holds(rule.when, call)) continue;
    what.rule = &rule;
    what.object = object_of(rule, thread, call);
    return true;
  }
  return false;
}

void Monitor::State::finished(Thread& thread, const Call& call, int64_t result, const Pending& what) {
  const ProcessId process = thread.process().id;
  const std::string proof = describe(thread, call, result);
  const bool done = result >= 0;
  switch (call.sys) {
    case Sys::unlink:
    case Sys::unlinkat: {
      const bool own = what.path == options.sample || what.path == alive[process].executable;
      if (own)
        book.note(process, K::self_delete, what.path, proof);
      else if (const auto kind = match_path(Access::remove, what.path))
        book.note(process, *kind, what.path, proof);
      else if (done && !files.made_here(what.path))
        book.note(process, K::file_delete, what.path, proof);
      if (done) files.removed(thread, what.path);
      break;
    }
    case Sys::truncate:
      if (const auto kind = match_path(Access::remove, what.path))
        book.note(process, *kind, what.path, proof);
      break;
    case Sys::rename:
    case Sys::renameat:
    case Sys::renameat2:
      if (const auto kind = match_path(Access::write, what.second))
        book.note(process, *kind, what.second, proof);
      if (const auto kind = match_path(Access::remove, what.path))
        book.note(process, *kind, what.path, proof);
      if (done) files.renamed(thread, what.path, what.second);
      break;
    case Sys::link:
    case Sys::linkat:
    case Sys::symlink:
    case Sys::symlinkat:
      if (const auto kind = match_path(Access::write, what.second))
        book.note(process, *kind, what.second, proof);
      if (done) files.linked(thread, what.second, what.path);
      break;
    default:
      break;
  }
}

// What several acts make together.
void Monitor::State::patterns(Thread& thread, const Call& call) {
  const ProcessId process = thread.process().id;
  if (files.encrypted() >= encrypted_files && !book.noted(process, K::file_encryption))
    book.note(process, K::file_encryption, "files below a person's home", describe(thread, call));
  if (files.wiped() >= wiped_files && !book.noted(process, K::data_wipe))
    book.note(process, K::data_wipe, "files below a person's home", describe(thread, call));
}

}  // namespace shikake::sandbox::monitor
