#include "sandbox/debug/unpack_watch.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "sandbox/debug/memory_map.h"

namespace shikake::sandbox::debug {
namespace {

using trace::Sys;

constexpr uint64_t page_bytes = 4096;

uint64_t page_up(uint64_t value) {
  return (value + page_bytes - 1) & ~(page_bytes - 1);
}

bool is_protect(Sys sys) {
  return sys == Sys::mprotect || sys == Sys::pkey_mprotect;
}

// What the kernel is told instead: readable, for x86 has no memory that only runs.
uint64_t without_execution(uint64_t access) {
  return (access & ~uint64_t{PROT_EXEC}) | PROT_READ;
}

}  // namespace

std::vector<trace::Interest> UnpackWatch::interests() const {
  using Op = trace::ArgumentTest::Op;
  const trace::ArgumentTest executable{2, Op::not_equal, 0, PROT_EXEC};
  const trace::ArgumentTest anonymous{3, Op::not_equal, 0, MAP_ANONYMOUS};
  return {{.sys = Sys::mprotect, .when = {executable}},
          {.sys = Sys::pkey_mprotect, .when = {executable}},
          {.sys = Sys::mmap, .when = {executable, anonymous}}};
}

UnpackWatch::Ranges::iterator UnpackWatch::find(Ranges& ranges, uint64_t address) {
  auto after = ranges.upper_bound(address);
  if (after == ranges.begin()) return ranges.end();
  auto range = std::prev(after);
  return address < range->second.end ? range : ranges.end();
}

// Cuts [begin, end) out of all ranges.
void UnpackWatch::forget(Ranges& ranges, uint64_t begin, uint64_t end) {
  auto range = ranges.lower_bound(begin);
  if (range != ranges.begin()) --range;
  while (range != ranges.end() && range->first < end) {
    const uint64_t first = range->first;
    const Range old = range->second;
    if (old.end <= begin) {
      ++range;
      continue;
    }
    range = ranges.erase(range);
    if (first < begin) {
      Range left = old;
      left.end = begin;
      ranges[first] = left;
    }
    if (old.end > end) ranges[end] = old;
  }
}

std::string UnpackWatch::content(trace::Thread& thread, uint64_t begin, uint64_t end) const {
  std::string bytes(std::min(end - begin, max_dump_bytes), '\0');
  bytes.resize(thread.read({begin}, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()}));
  bytes.resize(bytes.find_last_not_of('\0') + 1);
  return bytes;
}

void UnpackWatch::watch(trace::Thread& thread, uint64_t begin, uint64_t end, int access, bool armed) {
  Ranges& ranges = processes_[thread.process().id.value];
  forget(ranges, begin, end);
  if (ranges.size() >= max_ranges) {
    limit_hit_ = true;
    return;
  }
  Range range{end, access, armed, {}};
  if (armed) retried_.clear();  // new code may fault where old code did
  if (!armed) range.seen = base::sha256(content(thread, begin, end));
  ranges[begin] = range;
}

void UnpackWatch::dump(trace::Thread& thread, uint64_t begin, Range& range, uint64_t instruction) {
  if (limit_hit_) return;
  CodeDump out;
  out.bytes = content(thread, begin, range.end);
  out.sha256 = base::sha256(out.bytes);
  if (out.sha256 == range.seen) return;  // as it was when it was looked at last
  range.seen = out.sha256;
  if (out.bytes.empty() || known_.contains(out.sha256)) return;
  if (known_.size() >= max_dumps || total_ + out.bytes.size() > max_total_bytes) {
    limit_hit_ = true;
    return;
  }
  known_.insert(out.sha256);
  total_ += out.bytes.size();
  out.process = thread.process().id;
  out.address = begin;
  out.instruction = instruction;
  out.why = instruction ? fmt::format("written, then executed at {:#x}", instruction)
                        : "executable memory, as it had become when the process ended";
  sink_(thread, std::move(out));
}

void UnpackWatch::on_process(trace::Thread& thread) {
  const auto parent = processes_.find(thread.process().parent.value);
  if (parent != processes_.end()) {
    Ranges copy = parent->second;  // a fork's memory is as its parent's
    processes_[thread.process().id.value] = std::move(copy);
    if (!processes_[thread.process().id.value].empty()) thread.want_exit_stop();
  }
}

void UnpackWatch::on_execution(trace::Thread& thread, const trace::Execution&) {
  processes_.erase(thread.process().id.value);
  pending_.erase(thread.tid());
  // Segments that a program's own headers make writable and executable: what becomes of them shows at the
  // end.
  for (const Mapping& mapping : memory_map(thread.tid())) {
    if (!mapping.writable || !mapping.executable) continue;
    watch(thread, mapping.begin, mapping.end, PROT_READ | PROT_WRITE | PROT_EXEC, false);
    thread.want_exit_stop();
  }
}

trace::CallAction UnpackWatch::on_call(trace::Thread& thread, const trace::Call& call) {
  if (limit_hit_) return {};  // nothing more is dumped: a compiler at run time need not be slowed further
  // The 32-bit table's oldest mmap has its arguments in memory; nothing has used it for twenty years.
  constexpr int oldest_mmap = 90;
  if (call.is_32_bit() && call.number == oldest_mmap) return {};
  const bool map = call.sys == Sys::mmap && (call[3] & MAP_ANONYMOUS);
  if ((!map && !is_protect(call.sys)) || !(call[2] & PROT_EXEC)) return {};
  pending_[thread.tid()] = call[2];
  thread.set_argument(2, without_execution(call[2]));
  return {.want_return = true};
}

void UnpackWatch::on_return(trace::Thread& thread, const trace::Call& call, int64_t result) {
  const auto pending = pending_.extract(thread.tid());
  if (!pending) return;
  const uint64_t access = pending.mapped();
  thread.set_argument(2, access);  // the guest's registers are as it left them
  const bool map = call.sys == Sys::mmap;
  // Addresses of 32-bit processes lie above 2 GiB too; only the last page's are errors.
  const bool failed = map ? static_cast<uint64_t>(call.is_32_bit() ? static_cast<int32_t>(result) : result) >
                                static_cast<uint64_t>(-4096)
                          : result != 0;
  if (failed) return;
  uint64_t begin = map ? static_cast<uint64_t>(result) : call[0];
  if (call.is_32_bit()) begin &= UINT32_MAX;
  watch(thread, begin, begin + page_up(call[1]), static_cast<int>(access), true);
}

trace::SignalAction UnpackWatch::on_signal(trace::Thread& thread, siginfo_t& info) {
  if (info.si_signo != SIGSEGV || info.si_code != SEGV_ACCERR) return {};
  const auto process = processes_.find(thread.process().id.value);
  if (process == processes_.end()) return {};
  const auto address = reinterpret_cast<uint64_t>(info.si_addr);
  const auto found = find(process->second, address);
  auto registers = thread.registers();
  if (found == process->second.end() || !registers) return {};
  // A fetch faults at the instruction, or in the next page where its last bytes lie.
  constexpr uint64_t longest_instruction = 15;
  if (address < registers->rip || address - registers->rip >= longest_instruction) return {};

  Range& range = found->second;
  if (!range.armed) {
    // Another thread was faster; a second fault at the same place is the guest's own.
    auto [last, first_time] = retried_.try_emplace(thread.tid(), address);
    if (!first_time && last->second == address) return {};
    last->second = address;
    return {.deliver = false};
  }
  dump(thread, found->first, range, registers->rip);
  const std::array<uint64_t, 3> arguments = {found->first, range.end - found->first,
                                             static_cast<uint64_t>(range.access)};
  const auto granted = thread.inject(Sys::mprotect, arguments);
  if (!granted || *granted != 0) {
    process->second.erase(found);
    return {};
  }
  range.armed = false;
  thread.want_exit_stop();
  return {.deliver = false};
}

void UnpackWatch::on_exit_stop(trace::Thread& thread) {
  const auto process = processes_.find(thread.process().id.value);
  if (process == processes_.end()) return;
  for (auto& [begin, range] : process->second) {
    if (!range.armed && (range.access & PROT_WRITE)) dump(thread, begin, range, 0);
  }
}

void UnpackWatch::on_thread_end(trace::Process&, trace::Tid tid) {
  pending_.erase(tid);
  retried_.erase(tid);
}

void UnpackWatch::on_process_end(const trace::Process& process, const trace::Ending&) {
  processes_.erase(process.id.value);
}

}  // namespace shikake::sandbox::debug
