#include "sandbox/debug/debugger.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <csignal>

#include "sandbox/debug/describe.h"

namespace shikake::sandbox::debug {
namespace {

using trace::Sys;

// The kernel's name of a call that a row of the script may mean.
Sys sys_of(std::string_view name) {
  for (const trace::CallRow& row : trace::call_rows()) {
    if (row.name == name) return row.sys;
  }
  return Sys::other;
}

}  // namespace

std::vector<trace::Interest> Debugger::interests() const {
  std::vector<trace::Interest> out;
  for (const CallBreak& row : script_.calls) {
    const Sys sys = sys_of(row.name);
    out.push_back({.sys = sys, .when = {}, .name = sys == Sys::other ? row.name : ""});
  }
  if (!script_.breaks.empty() || !script_.traced.empty()) {
    // A library is mapped: its functions can be found from then on.
    const trace::ArgumentTest executable{2, trace::ArgumentTest::Op::not_equal, 0, PROT_EXEC};
    out.push_back({.sys = Sys::mmap, .when = {executable}});
  }
  return out;
}

std::vector<std::string> Debugger::remarks() const {
  std::vector<std::string> out;
  auto missing = [&](const Location& location) {
    if (!placed_.contains(location.text))
      out.push_back(fmt::format("debugger: no process had \"{}\"", location.text));
  };
  for (const Break& row : script_.breaks) missing(row.at);
  for (const Location& location : script_.traced) missing(location);
  if (breakpoints_.visible() > 0) {
    out.push_back(
        fmt::format("debugger: {} breakpoints of the program stood in its code, where it can see them",
                    breakpoints_.visible()));
  }
  if (no_debug_registers_)
    out.push_back("debugger: no debug registers here, so functions' ends were not seen");
  if (returns_left_out_) out.push_back("debugger: the ends of deeply nested calls were not followed");
  if (notes_left_out_) out.push_back(fmt::format("debugger: only the first {} lines are kept", max_notes));
  if (dumps_left_out_) out.push_back("debugger: memory past the bound on dumps was not dumped");
  return out;
}

// --- places -----------------------------------------------------------------------------------------

void Debugger::on_process(trace::Thread& thread) {
  breakpoints_.begin_process(thread);
  const auto maker = guests_.find(thread.process().parent.value);
  if (maker == guests_.end()) return;
  Guest copy = maker->second;
  guests_[thread.process().id.value] = std::move(copy);
}

void Debugger::on_thread(trace::Thread& thread) {
  breakpoints_.begin_thread(thread);
}

void Debugger::on_execution(trace::Thread& thread, const trace::Execution&) {
  breakpoints_.forget(thread.process().id);
  returns_.erase(thread.tid());
  Guest& guest = guests_[thread.process().id.value] = Guest();
  for (size_t i = 0; i < script_.breaks.size(); ++i) guest.pending_breaks.insert(i);
  for (size_t i = 0; i < script_.traced.size(); ++i) guest.pending_traced.insert(i);
  refresh(thread);
  // Some functions are known only once the loader has chosen among several: when the program itself begins.
  const auto& modules = guest.modules.list();
  if (guest.pending_breaks.empty() && guest.pending_traced.empty()) return;
  if (modules.empty() || !modules.front().is_program || modules.front().symbols->entry == 0) return;
  const uint64_t entry = modules.front().bias + modules.front().symbols->entry;
  if (breakpoints_.insert(thread, entry, true)) guest.sites[entry].resolves = true;
}

void Debugger::refresh(trace::Thread& thread) {
  Guest& guest = guests_[thread.process().id.value];
  if (guest.pending_breaks.empty() && guest.pending_traced.empty()) return;
  guest.modules = Modules::of(thread, images_);
  std::erase_if(guest.pending_breaks,
                [&](size_t i) { return place(thread, guest, script_.breaks[i].at, true, i); });
  std::erase_if(guest.pending_traced,
                [&](size_t i) { return place(thread, guest, script_.traced[i], false, i); });
}

bool Debugger::place(trace::Thread& thread, Guest& guest, const Location& location, bool is_break,
                     size_t index) {
  const auto address = guest.modules.resolve(location, thread);
  if (!address) return false;
  // Programs look at their own code, hardly ever at a library's.
  const Module* module = guest.modules.at(*address);
  const bool own = !module || module->is_program;
  if (!breakpoints_.insert(thread, *address, own)) return false;
  Site& site = guest.sites[*address];
  (is_break ? site.breaks : site.traced).push_back(index);
  placed_.insert(location.text);
  return true;
}

// --- stops ------------------------------------------------------------------------------------------

trace::SignalAction Debugger::on_signal(trace::Thread& thread, siginfo_t& info) {
  const auto hit = breakpoints_.hit(thread, info);
  if (!hit) return {};
  if (hit->return_watch) at_return(thread, hit->address);
  if (hit->breakpoint) {
    at_site(thread, hit->address);
    auto& sites = guests_[thread.process().id.value].sites;
    if (auto site = sites.find(hit->address); site != sites.end() && finished(site->second)) {
      breakpoints_.remove(thread, hit->address);
      sites.erase(site);
    } else {
      breakpoints_.step_over(thread, hit->address);
    }
  }
  return {.deliver = false};
}

void Debugger::at_site(trace::Thread& thread, uint64_t address) {
  Guest& guest = guests_[thread.process().id.value];
  const auto found = guest.sites.find(address);
  if (found == guest.sites.end()) return;
  if (found->second.resolves) {
    found->second.resolves = false;
    if (found->second.breaks.empty() && found->second.traced.empty()) breakpoints_.remove(thread, address);
    refresh(thread);
  }
  const Site site = found->second;
  auto registers = thread.registers();
  if (!registers) return;
  Frame frame{*registers, is_narrow(*registers), {}, {}};
  frame.arguments = function_arguments(thread, frame.registers, frame.narrow);
  PendingReturn pending;
  pending.traced = site.traced;
  for (const size_t index : site.breaks) {
    const Break& row = script_.breaks[index];
    if (row.when == When::end) {
      pending.breaks.push_back(index);
    } else if (counts(row.actions, index)) {
      act(thread, row.actions, guest.modules.name_of(address), frame);
      if (row.actions.result) {
        leave_function(thread, *row.actions.result);
        return;  // it has ended without having begun
      }
    }
  }
  if (pending.breaks.empty() && pending.traced.empty()) return;
  pending.stack = frame.registers.rsp;
  pending.address = frame.narrow ? thread.read_value<uint32_t>({pending.stack}).value_or(0)
                                 : thread.read_value<uint64_t>({pending.stack}).value_or(0);
  pending.frame = frame;
  await(thread, std::move(pending));
}

// --- functions' ends --------------------------------------------------------------------------------

void Debugger::await(trace::Thread& thread, PendingReturn pending) {
  auto& stack = returns_[thread.tid()];
  // What a longjmp or an exception has left behind: frames that lie below the new one. (One at the same place
  // was left by a jump, and ends with it.)
  while (!stack.empty() && stack.back().stack < pending.stack) stack.pop_back();
  if (pending.address == 0 || stack.size() >= max_pending_returns) {
    returns_left_out_ = true;
    return;
  }
  stack.push_back(std::move(pending));
  rearm_return(thread);
}

void Debugger::rearm_return(trace::Thread& thread) {
  const auto& stack = returns_[thread.tid()];
  if (!breakpoints_.await_return(thread, stack.empty() ? 0 : stack.back().address))
    no_debug_registers_ = true;
}

void Debugger::at_return(trace::Thread& thread, uint64_t address) {
  auto& stack = returns_[thread.tid()];
  auto registers = thread.registers();
  if (!registers) return;
  // Recursion returns to the same address: the stack pointer says which call it was.
  while (!stack.empty() && stack.back().stack < registers->rsp) {
    PendingReturn pending = std::move(stack.back());
    stack.pop_back();
    if (pending.address != address) continue;  // left behind by a longjmp
    Guest& guest = guests_[thread.process().id.value];
    Frame frame{*registers, pending.frame.narrow, pending.frame.arguments, registers->rax};
    if (frame.narrow) frame.result = registers->rax & UINT32_MAX;
    for (const size_t index : pending.traced) {
      const Location& location = script_.traced[index];
      note(thread, fmt::format("{} from {}",
                               describe_call(location.symbol.empty() ? location.text : location.symbol,
                                             thread, frame),
                               guest.modules.name_of(address)));
    }
    for (const size_t index : pending.breaks) {
      const Break& row = script_.breaks[index];
      if (!counts(row.actions, index)) continue;
      act(thread, row.actions, "end of " + row.at.text, frame);
      if (!row.actions.result) continue;
      registers->rax = static_cast<uint64_t>(*row.actions.result);
      (void)thread.set_registers(*registers);
    }
  }
  rearm_return(thread);
}

void Debugger::leave_function(trace::Thread& thread, int64_t result) {
  auto registers = thread.registers();
  if (!registers) return;
  const bool narrow = is_narrow(*registers);
  const auto target = narrow ? std::optional<uint64_t>(thread.read_value<uint32_t>({registers->rsp}))
                             : thread.read_value<uint64_t>({registers->rsp});
  if (!target) return;
  registers->rip = *target;
  registers->rsp += narrow ? 4 : 8;
  registers->rax = narrow ? static_cast<uint32_t>(result) : static_cast<uint64_t>(result);
  (void)thread.set_registers(*registers);
}

// --- system calls -----------------------------------------------------------------------------------

bool Debugger::concerns(const CallBreak& row, const trace::Call& call) const {
  const trace::CallRow* known = trace::find_call(call.abi, call.number);
  return known ? known->name == row.name : trace::call_name(call.abi, call.number) == row.name;
}

trace::CallAction Debugger::on_call(trace::Thread& thread, const trace::Call& call) {
  trace::CallAction action;
  if (call.sys == Sys::mmap && (call[2] & PROT_EXEC)) action.want_return = true;
  for (size_t i = 0; i < script_.calls.size(); ++i) {
    const CallBreak& row = script_.calls[i];
    if (!concerns(row, call)) continue;
    if (row.when == When::end) {
      action.want_return = true;
      continue;
    }
    const size_t counter = script_.breaks.size() + i;
    auto registers = thread.registers();
    if (!registers || !counts(row.actions, counter)) continue;
    act(thread, row.actions, "before " + row.name,
        {*registers, call.is_32_bit(), call.arguments, std::nullopt});
    if (row.actions.result) thread.skip_call(*row.actions.result);
  }
  return action;
}

void Debugger::on_return(trace::Thread& thread, const trace::Call& call, int64_t result) {
  if (call.sys == Sys::mmap && (call[2] & PROT_EXEC) && result > 0) refresh(thread);
  for (size_t i = 0; i < script_.calls.size(); ++i) {
    const CallBreak& row = script_.calls[i];
    if (row.when != When::end || !concerns(row, call)) continue;
    const size_t counter = script_.breaks.size() + i;
    auto registers = thread.registers();
    if (!registers || !counts(row.actions, counter)) continue;
    act(thread, row.actions, "after " + row.name,
        {*registers, call.is_32_bit(), call.arguments, static_cast<uint64_t>(result)});
    if (row.actions.result) thread.set_result(*row.actions.result);
  }
}

// --- actions ----------------------------------------------------------------------------------------

// Nothing more will be said or done there: a place that is reached a million times need not stop so often.
bool Debugger::finished(const Site& site) const {
  if (site.resolves || (!site.traced.empty() && notes_ <= max_notes)) return false;
  return std::all_of(site.breaks.begin(), site.breaks.end(),
                     [&](size_t index) { return taken_[index] >= script_.breaks[index].actions.count; });
}

bool Debugger::counts(const Actions& actions, size_t counter) {
  return taken_[counter]++ < actions.count;
}

void Debugger::act(trace::Thread& thread, const Actions& actions, const std::string& where,
                   const Frame& frame) {
  std::string line = where;
  for (const LogItem& item : actions.log)
    line += (&item == &actions.log.front() ? ": " : "; ") + describe(item, thread, frame);
  if (actions.result) line += fmt::format(" [result set to {}]", *actions.result);
  if (actions.stop) line += " [the script stops the run here]";
  note(thread, std::move(line));
  for (const DumpItem& item : actions.dump) dump(thread, item, where, frame);
  if (!actions.stop) return;
  // The engine comes back within a tick; until then this process must not go on.
  stopped_ = true;
  ::kill(thread.process().pid.value, SIGKILL);
  sink_.stop();
}

void Debugger::note(trace::Thread& thread, std::string text) {
  if (++notes_ > max_notes) {
    notes_left_out_ = true;
    return;
  }
  text.resize(std::min(text.size(), max_note_bytes));
  sink_.note(thread, std::move(text));
}

void Debugger::dump(trace::Thread& thread, const DumpItem& item, const std::string& where,
                    const Frame& frame) {
  const auto address = value_of(item.address, thread, frame), size = value_of(item.size, thread, frame);
  if (!address || !size) return note(thread, where + ": nothing to dump, its place cannot be read");
  const uint64_t wanted = std::min(*size, max_dumped_memory);
  if (dumped_ + wanted > max_total_dump || wanted < *size) dumps_left_out_ = true;
  if (dumped_ + wanted > max_total_dump) return;
  MemoryDump out{*address, std::string(wanted, '\0'),
                 fmt::format("dump {} {}: {}", item.address.text, item.size.text, where)};
  out.bytes.resize(thread.read({*address}, {reinterpret_cast<uint8_t*>(out.bytes.data()), out.bytes.size()}));
  dumped_ += out.bytes.size();
  if (!out.bytes.empty()) sink_.dump(thread, std::move(out));
}

void Debugger::on_thread_end(trace::Process&, trace::Tid tid) {
  returns_.erase(tid);
  breakpoints_.end_thread(tid);
}

void Debugger::on_process_end(const trace::Process& process, const trace::Ending&) {
  guests_.erase(process.id.value);
  breakpoints_.forget(process.id);
}

}  // namespace shikake::sandbox::debug
