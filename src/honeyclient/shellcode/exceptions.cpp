// Structured exception handling: what goes wrong in the program goes to the handlers that it chained up at
// FS:[0]. Shellcode uses them to go on behind a fault when it looks through memory, and to hide where it
// goes next.
// CONTEXT and EXCEPTION_RECORD: https://learn.microsoft.com/windows/win32/api/winnt/ns-winnt-context and
// https://learn.microsoft.com/windows/win32/api/winnt/ns-winnt-exception_record
#include <unicorn/unicorn.h>

#include <algorithm>
#include <iterator>

#include "honeyclient/shellcode/memory_map.h"
#include "honeyclient/shellcode/process.h"

namespace shikake::honeyclient::shellcode {
namespace {

constexpr uint32_t breakpoint = 0x8000'0003, single_step = 0x8000'0004, illegal_instruction = 0xC000'001D,
                   divided_by_zero = 0xC000'0094, overflow = 0xC000'0095,
                   privileged_instruction = 0xC000'0096;
constexpr uint32_t reads = 0, writes = 1, runs = 8;

// Of a 32-bit CONTEXT: where its registers are.
constexpr uint32_t context_bytes = 0x2CC, context_all = 0x1'003F;
struct Kept {
  int register_id;
  uint32_t offset;
};
constexpr Kept kept[] = {{UC_X86_REG_EDI, 0x9C}, {UC_X86_REG_ESI, 0xA0}, {UC_X86_REG_EBX, 0xA4},
                         {UC_X86_REG_EDX, 0xA8}, {UC_X86_REG_ECX, 0xAC}, {UC_X86_REG_EAX, 0xB0},
                         {UC_X86_REG_EBP, 0xB4}, {UC_X86_REG_EIP, 0xB8}, {UC_X86_REG_EFLAGS, 0xC0},
                         {UC_X86_REG_ESP, 0xC4}};
constexpr uint32_t eip_in_context = 0xB8;
constexpr uint32_t record_bytes = 0x50, frame_bytes = 8, arguments_bytes = 20;

// What handlers answer.
constexpr uint32_t go_on = 0, search_on = 1;
// A fault costs as much as a hundred blocks that run: leaving the emulator and coming back.
constexpr uint64_t blocks_of_a_fault = 100;
// Handlers that never return are forgotten, the oldest first.
constexpr size_t max_handling = 16;

bool on_stack(uint32_t address) {
  return address >= stack_base && address < stack_base + stack_bytes;
}

}  // namespace

Process::Fault Process::fault_of_interrupt(uint32_t number) const {
  switch (number) {
    case 0:
      return {divided_by_zero, eip_};
    case 1:  // these two are told of when they are over
      return {single_step, get(UC_X86_REG_EIP)};
    case 0x2D:
      return {breakpoint, get(UC_X86_REG_EIP)};
    case 3:
      return {breakpoint, eip_};
    case 4:
      return {overflow, eip_};
    default:  // gates that a program may not go through
      return {access_violation, eip_, reads, UINT32_MAX};
  }
}

Process::Fault Process::fault_of_error(int error, uint32_t stopped) const {
  switch (error) {
    case UC_ERR_READ_UNMAPPED:
    case UC_ERR_READ_PROT:
      return {access_violation, eip_, reads, faulted_at_};
    case UC_ERR_WRITE_UNMAPPED:
    case UC_ERR_WRITE_PROT:
      return {access_violation, eip_, writes, faulted_at_};
    case UC_ERR_FETCH_UNMAPPED:
    case UC_ERR_FETCH_PROT:
      return {access_violation, stopped, runs, stopped};
    case UC_ERR_OK:  // halted
      return {privileged_instruction, eip_};
    default:
      return {illegal_instruction, stopped};
  }
}

bool Process::raise(const Fault& fault) {
  blocks_ -= std::min(blocks_, blocks_of_a_fault);
  const uint32_t stack = get(UC_X86_REG_ESP);
  constexpr uint32_t needed = context_bytes + record_bytes + frame_bytes + arguments_bytes + 16;
  if (!on_stack(stack - needed) || stack > stack_base + stack_bytes) return false;
  const uint32_t context = (stack - context_bytes) & ~3u, record = context - record_bytes;
  put_word(context, context_all);
  for (const Kept& one : kept) put_word(context + one.offset, get(one.register_id));
  put_word(context + eip_in_context, fault.address);
  const bool memory = fault.code == access_violation;
  const uint32_t words[] = {fault.code, 0, 0, fault.address, memory ? 2u : 0u, fault.access, fault.at};
  for (uint32_t i = 0; i < std::size(words); ++i) put_word(record + 4 * i, words[i]);
  if (handling_.size() == max_handling) handling_.erase(handling_.begin());
  const uint32_t first = word(teb_base);
  return call_handler({first, first, context});
}

// As ntdll calls it: with a frame of its own before the chain, and registers cleared.
bool Process::call_handler(const Handling& handling) {
  const uint32_t handler = word(handling.frame + 4);
  if (blocks_ == 0 || !on_stack(handling.frame) || handling.frame % 4 != 0 || on_stack(handler) ||
      handler == kernel_base + return_offset)
    return false;
  const uint32_t record = handling.context - record_bytes, own_frame = record - frame_bytes;
  put_word(own_frame, handling.chain);
  put_word(own_frame + 4, native_base + return_offset);
  put_word(teb_base, own_frame);
  const uint32_t stack = own_frame - arguments_bytes;
  const uint32_t words[] = {native_base + return_offset, record, handling.frame, handling.context, own_frame};
  for (uint32_t i = 0; i < std::size(words); ++i) put_word(stack + 4 * i, words[i]);
  for (int one : {UC_X86_REG_EAX, UC_X86_REG_EBX, UC_X86_REG_EDX, UC_X86_REG_ESI, UC_X86_REG_EDI})
    set(one, 0);
  constexpr uint32_t usual_flags = 0x202;
  set(UC_X86_REG_EFLAGS, usual_flags);
  set(UC_X86_REG_ECX, handler);
  set(UC_X86_REG_ESP, stack);
  set(UC_X86_REG_EIP, handler);
  handling_.push_back(handling);
  return true;
}

bool Process::handler_returned() {
  Handling handling = handling_.back();
  handling_.pop_back();
  put_word(teb_base, handling.chain);
  const uint32_t answer = get(UC_X86_REG_EAX);
  if (answer == go_on) {
    for (const Kept& one : kept) set(one.register_id, word(handling.context + one.offset));
    return true;
  }
  handling.frame = word(handling.frame);
  if (answer != search_on || !call_handler(handling)) end(Outcome::bad_memory);
  return true;
}

}  // namespace shikake::honeyclient::shellcode
