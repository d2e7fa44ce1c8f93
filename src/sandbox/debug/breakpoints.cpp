#include "sandbox/debug/breakpoints.h"

#include <sys/ptrace.h>
#include <sys/user.h>

#include <algorithm>
#include <csignal>
#include <cstddef>

#include "sandbox/debug/operand.h"

namespace shikake::sandbox::debug {
namespace {

constexpr uint8_t int3 = 0xCC;
// si_code of a SIGTRAP: from int3 (asm-generic/siginfo.h, SI_KERNEL) and from a debug register.
constexpr int from_kernel = 0x80;
constexpr int from_hardware = TRAP_HWBKPT;
constexpr int step_tries = 3;

void* debug_register(size_t number) {
  return reinterpret_cast<void*>(offsetof(struct user, u_debugreg) + number * sizeof(long));  // NOLINT
}

bool poke(trace::Tid tid, size_t number, uint64_t value) {
  return ptrace(PTRACE_POKEUSER, tid.value, debug_register(number), value) == 0;
}

uint64_t peek(trace::Tid tid, size_t number) {
  return static_cast<uint64_t>(ptrace(PTRACE_PEEKUSER, tid.value, debug_register(number), nullptr));
}

}  // namespace

// Control bits of one slot: local enable (bit 2n); condition and length (bits 16+4n to 19+4n) are 0 for
// execution.
bool Breakpoints::write_slot(trace::Thread& thread, size_t slot, uint64_t address) {
  const trace::Tid tid = thread.tid();
  const uint64_t enabled = uint64_t{1} << (2 * slot);
  const uint64_t control = peek(tid, 7) & ~(enabled | uint64_t{0xF} << (16 + 4 * slot));
  // The kernel checks an address against its enabled slot, so the slot is off meanwhile.
  if (!poke(tid, 7, control)) return false;
  if (address == 0) return true;
  return poke(tid, slot, address) && poke(tid, 7, control | enabled);
}

void Breakpoints::begin_process(trace::Thread& thread) {
  const auto maker = processes_.find(thread.process().parent.value);
  if (maker == processes_.end()) return;
  Process copy = maker->second;
  processes_[thread.process().id.value] = std::move(copy);
  begin_thread(thread);
}

void Breakpoints::begin_thread(trace::Thread& thread) {
  const Process& process = of(thread);
  for (size_t slot = 0; slot < hardware_slots; ++slot) {
    if (process.hardware[slot] != 0) write_slot(thread, slot, process.hardware[slot]);
  }
}

void Breakpoints::forget(trace::ProcessId process) {
  processes_.erase(process.value);
}
void Breakpoints::end_thread(trace::Tid tid) {
  returns_.erase(tid);
}

bool Breakpoints::insert(trace::Thread& thread, uint64_t address, bool hidden) {
  Process& process = of(thread);
  auto& slots = process.hardware;
  if (process.software.contains(address) || std::find(slots.begin(), slots.end(), address) != slots.end())
    return true;
  auto free_slot = std::find(slots.begin(), slots.end(), uint64_t{0});
  if (hidden && free_slot != slots.end() && thread.process().threads <= 1 &&
      write_slot(thread, static_cast<size_t>(free_slot - slots.begin()), address)) {
    *free_slot = address;
    return true;
  }
  const auto byte = thread.read_value<uint8_t>({address});
  if (!byte || !thread.write_value({address}, int3, true)) return false;
  process.software[address] = *byte;
  if (hidden) ++visible_;
  return true;
}

void Breakpoints::remove(trace::Thread& thread, uint64_t address) {
  Process& process = of(thread);
  if (auto software = process.software.extract(address)) {
    thread.write_value({address}, software.mapped(), true);
    process.removed.insert(address);
    return;
  }
  for (size_t slot = 0; slot < hardware_slots; ++slot) {
    if (process.hardware[slot] != address) continue;
    write_slot(thread, slot, 0);
    process.hardware[slot] = 0;
  }
}

bool Breakpoints::await_return(trace::Thread& thread, uint64_t address) {
  if (!write_slot(thread, return_slot, address)) return false;
  returns_[thread.tid()] = address;
  return true;
}

std::optional<Breakpoints::Hit> Breakpoints::hit(trace::Thread& thread, const siginfo_t& info) {
  if (info.si_signo != SIGTRAP) return std::nullopt;
  auto registers = thread.registers();
  if (!registers) return std::nullopt;
  const Process& process = of(thread);
  Hit out;
  if (info.si_code == from_kernel) {
    out.address = registers->rip - 1;
    out.breakpoint = process.software.contains(out.address);
    const bool was_ours = out.breakpoint || (process.removed.contains(out.address) &&
                                             thread.read_value<uint8_t>({out.address}) != int3);
    if (!was_ours) return std::nullopt;  // the program's own int3
    registers->rip = out.address;
    (void)thread.set_registers(*registers);
    return out;
  }
  if (info.si_code != from_hardware) return std::nullopt;
  out.address = registers->rip;
  const auto& slots = process.hardware;
  out.breakpoint = std::find(slots.begin(), slots.end(), out.address) != slots.end();
  const auto awaited = returns_.find(thread.tid());
  out.return_watch = awaited != returns_.end() && awaited->second == out.address;
  poke(thread.tid(), 6, 0);  // the status bits stay set until someone clears them
  if (!out.breakpoint && !out.return_watch) {
    // One that was removed while this thread had it still.
    for (size_t slot = 0; slot < hardware_slots; ++slot) {
      if (peek(thread.tid(), slot) == out.address) write_slot(thread, slot, 0);
    }
  }
  return out;
}

// How most functions begin, done without taking the breakpoint out: while it is, other threads would pass.
bool Breakpoints::emulate(trace::Thread& thread, uint64_t address, uint8_t first) {
  auto registers = thread.registers();
  if (!registers || is_narrow(*registers)) return false;
  if (first == 0x55) {  // push rbp
    registers->rsp -= 8;
    if (!thread.write_value({registers->rsp}, uint64_t{registers->rbp})) return false;
    registers->rip = address + 1;
    return thread.set_registers(*registers).has_value();
  }
  if (first == 0xF3) {  // endbr64: F3 0F 1E FA
    const auto rest = thread.read_value<std::array<uint8_t, 3>>({address + 1});
    if (!rest || *rest != std::array<uint8_t, 3>{0x0F, 0x1E, 0xFA}) return false;
    registers->rip = address + 4;
    return thread.set_registers(*registers).has_value();
  }
  return false;
}

void Breakpoints::step_over(trace::Thread& thread, uint64_t address) {
  Process& process = of(thread);
  const auto software = process.software.find(address);
  if (software == process.software.end()) return;  // the kernel passes a hardware one by the resume flag
  auto registers = thread.registers();
  if (!registers || registers->rip != address) return;  // an action went elsewhere
  const uint8_t first = software->second;
  if (emulate(thread, address, first)) return;
  thread.write_value({address}, first, true);
  for (int i = 0; i < step_tries; ++i) {
    auto stepped = thread.step();
    if (stepped || stepped.error().code != ErrorCode::conflict) break;
  }
  thread.write_value({address}, int3, true);
}

}  // namespace shikake::sandbox::debug
