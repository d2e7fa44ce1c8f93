#include "honeyclient/shellcode/process.h"

#include <unicorn/unicorn.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csetjmp>
#include <csignal>

#include <fmt/format.h>

#include "base/check.h"
#include "base/utf8.h"
#include "honeyclient/shellcode/memory_map.h"

namespace {

// Where the emulator's translator meets an encoding that it takes for impossible (a far call through a register,
// FF D8 to FF DF, is one) it ends the process, by abort(). Two bytes of the code that is looked at must not undo all
// that was seen before: while a run lasts, abort() leads out of it. Between here and there is nothing but that
// library's C. The executable's own definition takes the place of the C library's.
std::jmp_buf* way_out = nullptr;

}  // namespace

extern "C" void abort() noexcept {
  if (way_out) std::longjmp(*way_out, 1);
  std::raise(SIGABRT);
  __builtin_trap();  // where raising is not allowed
}

namespace shikake::honeyclient::shellcode {
namespace {

// False: the translator gave up, and the engine is good for nothing more.
bool start(uc_engine* engine, uint32_t eip, uc_err& error) {
  constexpr uint64_t nowhere = uint64_t{1} << 32;  // what it runs until: no address there is
  std::jmp_buf here;
  if (setjmp(here) != 0) {
    way_out = nullptr;
    return false;
  }
  way_out = &here;
  error = uc_emu_start(engine, eip, nowhere, 0, 0);
  way_out = nullptr;
  return true;
}

constexpr uint32_t other_functions_base = 0x7FE0'0000, other_functions_bytes = 0x1000;
constexpr uint32_t other_libraries_base = 0x6000'0000, max_other_libraries = 32;
constexpr uint32_t end_of_chain = 0xFFFF'FFFF;
constexpr size_t max_threads = 4;

std::string words(std::initializer_list<std::pair<uint32_t, uint32_t>> values) {
  std::string page(page_bytes, '\0');
  for (auto [at, value] : values)
    for (unsigned i = 0; i < 4; ++i) page[at + i] = static_cast<char>(value >> (8 * i));
  return page;
}

template <class T>
void add_once(std::vector<T>& list, T value) {
  if (list.size() < max_listed && std::ranges::find(list, value) == list.end())
    list.push_back(std::move(value));
}

}  // namespace

struct Process::Hooks {
  static void instruction(uc_engine*, uint64_t address, uint32_t, void* process) {
    static_cast<Process*>(process)->eip_ = static_cast<uint32_t>(address);
  }
  static void block(uc_engine*, uint64_t address, uint32_t, void* process) {
    static_cast<Process*>(process)->on_block(static_cast<uint32_t>(address));
  }
  static bool invalid(uc_engine*, uc_mem_type, uint64_t address, int, int64_t, void* process) {
    static_cast<Process*>(process)->faulted_at_ = static_cast<uint32_t>(address);
    return false;
  }
  static void write(uc_engine*, uc_mem_type, uint64_t address, int size, int64_t, void* process) {
    static_cast<Process*>(process)->on_write(static_cast<uint32_t>(address), static_cast<uint32_t>(size));
  }
  static void interrupt(uc_engine* engine, uint32_t number, void* process) {
    if (!static_cast<Process*>(process)->on_interrupt(number)) uc_emu_stop(engine);
  }
};

Process::Process(base::ByteSpan code, const Modules& modules, uint64_t& blocks,
                 std::chrono::steady_clock::time_point until)
    : modules_(modules),
      blocks_(blocks),
      blocks_before_(blocks),
      until_(until),
      code_bytes_(static_cast<uint32_t>(std::min(code.size(), max_code_bytes))),
      written_(code_bytes_) {
  SHIKAKE_CHECK(uc_open(UC_ARCH_X86, UC_MODE_32, &engine_) == UC_ERR_OK);
  lay_out(code.first(code_bytes_));
  uc_hook hook;
  auto add = [&](int type, auto* call, uint64_t begin, uint64_t end) {
    SHIKAKE_CHECK(uc_hook_add(engine_, &hook, type, reinterpret_cast<void*>(call), this, begin, end) ==
                  UC_ERR_OK);
  };
  add(UC_HOOK_BLOCK, &Hooks::block, 1, 0);  // 1 to 0: anywhere
  add(UC_HOOK_CODE, &Hooks::instruction, 1, 0);
  add(UC_HOOK_MEM_INVALID, &Hooks::invalid, 1, 0);
  add(UC_HOOK_INTR, &Hooks::interrupt, 1, 0);
  if (code_bytes_ > 0) add(UC_HOOK_MEM_WRITE, &Hooks::write, code_base, code_base + code_bytes_ - 1);
}

Process::~Process() {
  uc_close(engine_);
}

void Process::map(uint32_t address, uint32_t size, std::string_view bytes, unsigned access) {
  const uint32_t whole = (size + page_bytes - 1) / page_bytes * page_bytes;
  SHIKAKE_CHECK(uc_mem_map(engine_, address, whole, access) == UC_ERR_OK);
  if (!bytes.empty()) SHIKAKE_CHECK(uc_mem_write(engine_, address, bytes.data(), bytes.size()) == UC_ERR_OK);
}

void Process::lay_out(base::ByteSpan code) {
  constexpr unsigned data = UC_PROT_READ | UC_PROT_WRITE;
  // A page more: a decoder may write behind what it decodes.
  map(code_base, code_bytes_ + page_bytes, base::as_text(code), UC_PROT_ALL);
  map(stack_base, stack_bytes, {}, UC_PROT_ALL);  // of old, stacks were executable
  map(loader_base, loader_bytes, modules_.loader_data(), data);
  map(heap_base, heap_bytes, {}, UC_PROT_ALL);  // whole: a page at a time would cost the emulator dear
  map(program_base, page_bytes, "MZ", UC_PROT_READ);
  // Readable alone: going to a function faults, and that is where it is taken over.
  for (const Module32& module : modules_.all())
    map(module.base, static_cast<uint32_t>(module.image.size()), module.image, UC_PROT_READ);
  map(other_functions_base, other_functions_bytes, {}, UC_PROT_READ);
  const uint32_t frame = stack_base + stack_bytes - 0x20;
  map(peb_base, page_bytes,
      words({{0x08, program_base},
             {0x0C, loader_base},
             {0x10, loader_base + 0x1000},  // parameters: all zero
             {0x18, heap_base},
             {0xA4, 5},  // version 5.1.2600
             {0xA8, 1},
             {0xAC, 2600}}),
      data);
  map(teb_base, page_bytes,
      words({{0x00, frame},
             {0x04, stack_base + stack_bytes},
             {0x08, stack_base},
             {0x18, teb_base},
             {0x20, 1234},
             {0x24, 1235},
             {0x30, peb_base}}),
      data);
  // The last exception handler is kernel32's; its address is one way to find that library.
  put_word(frame, end_of_chain);
  put_word(frame + 4, kernel_base + return_offset);
  lay_out_segments();
}

// Code, data and stack reach everything, FS the thread's own page. Intel SDM volume 3, 3.4.5: segment
// descriptors. All are set: setting one makes the emulator look at the widths of the others.
void Process::lay_out_segments() {
  struct Segment {
    int register_id;
    uint16_t selector;  // of Windows' numbers, but in the kernel's ring, in which Unicorn runs
    uint32_t base, limit;
    uint8_t access, flags;
  };
  constexpr uint8_t code = 0x9B, data = 0x93, pages_32_bits = 0xC, bytes_32_bits = 0x4;
  constexpr Segment segments[] = {
      {UC_X86_REG_CS, 0x18, 0, 0xF'FFFF, code, pages_32_bits},
      {UC_X86_REG_DS, 0x20, 0, 0xF'FFFF, data, pages_32_bits},
      {UC_X86_REG_ES, 0x20, 0, 0xF'FFFF, data, pages_32_bits},
      {UC_X86_REG_SS, 0x20, 0, 0xF'FFFF, data, pages_32_bits},
      {UC_X86_REG_FS, 0x38, teb_base, 0xFFF, data, bytes_32_bits},
  };
  map(descriptors_base, page_bytes, {}, UC_PROT_READ);
  uc_x86_mmr table{};
  table.base = descriptors_base;
  table.limit = page_bytes - 1;
  SHIKAKE_CHECK(uc_reg_write(engine_, UC_X86_REG_GDTR, &table) == UC_ERR_OK);
  for (const Segment& one : segments) {
    const uint64_t descriptor = (one.limit & 0xFFFF) | uint64_t{one.base & 0xFF'FFFF} << 16 |
                                uint64_t{one.access} << 40 | uint64_t{one.limit >> 16} << 48 |
                                uint64_t{one.flags} << 52 | uint64_t{one.base >> 24} << 56;
    uc_mem_write(engine_, descriptors_base + one.selector, &descriptor, sizeof descriptor);
  }
  for (const Segment& one : segments) {
    uint32_t selector = one.selector;
    SHIKAKE_CHECK(uc_reg_write(engine_, one.register_id, &selector) == UC_ERR_OK);
  }
}

uint32_t Process::get(int register_id) const {
  uint32_t value = 0;
  uc_reg_read(engine_, register_id, &value);
  return value;
}

void Process::set(int register_id, uint32_t value) {
  uc_reg_write(engine_, register_id, &value);
}

// --- memory ----------------------------------------------------------------------------------------------

std::string Process::bytes(uint32_t address, uint32_t count) const {
  std::string out(std::min<uint32_t>(count, max_file_bytes), '\0');
  // Copying is work too: a program that has a megabyte written without end must not outlast its bound.
  constexpr uint64_t bytes_a_block = 256;
  blocks_ -= std::min<uint64_t>(blocks_, out.size() / bytes_a_block);
  if (uc_mem_read(engine_, address, out.data(), out.size()) == UC_ERR_OK) return out;
  // Up to where nothing is, page by page.
  size_t there = 0;
  while (there < out.size()) {
    const size_t page = std::min<size_t>(page_bytes - (address + there) % page_bytes, out.size() - there);
    if (uc_mem_read(engine_, uint64_t{address} + there, out.data() + there, page) != UC_ERR_OK) break;
    there += page;
  }
  out.resize(there);
  return out;
}

std::string Process::text(uint32_t address) const {
  std::string out = bytes(address, max_text_bytes);
  out.resize(std::min(out.size(), out.find('\0')));
  return out;
}

std::string Process::wide_text(uint32_t address) const {
  const std::string units = bytes(address, 2 * max_text_bytes);
  std::string out;
  for (size_t i = 0; i + 1 < units.size() && out.size() < max_text_bytes; i += 2) {
    const uint32_t unit =
        static_cast<uint8_t>(units[i]) | static_cast<uint32_t>(static_cast<uint8_t>(units[i + 1])) << 8;
    if (unit == 0) break;
    base::append_utf8(out, unit);
  }
  return out;
}

uint32_t Process::word(uint32_t address) const {
  std::array<uint8_t, 4> four{};
  if (uc_mem_read(engine_, address, four.data(), four.size()) != UC_ERR_OK) return 0;
  return four[0] | uint32_t{four[1]} << 8 | uint32_t{four[2]} << 16 | uint32_t{four[3]} << 24;
}

void Process::put(uint32_t address, std::string_view what) {
  // The libraries themselves are not for writing.
  uc_mem_write(engine_, address, what.data(), what.size());
}

void Process::put_word(uint32_t address, uint32_t value) {
  std::array<char, 4> four;
  for (unsigned i = 0; i < 4; ++i) four[i] = static_cast<char>(value >> (8 * i));
  put(address, {four.data(), four.size()});
}

void Process::put_wide(uint32_t address, std::string_view ascii) {
  std::string units;
  for (char c : ascii) (units += c) += '\0';
  put(address, units.append(2, '\0'));
}

uint32_t Process::allocate(uint32_t count) {
  const uint64_t whole = (std::max<uint64_t>(count, 1) + page_bytes - 1) / page_bytes * page_bytes;
  if (whole > heap_bytes - heap_used_) {
    end(Outcome::memory);
    return 0;
  }
  const uint32_t address = heap_base + heap_used_;
  heap_used_ += static_cast<uint32_t>(whole);
  return address;
}

// --- libraries and functions -----------------------------------------------------------------------------

uint32_t Process::library(const std::string& name) {
  if (const Module32* known = modules_.find(name)) return known->base;
  for (const auto& [base, other] : other_libraries_)
    if (other == name) return base;
  if (other_libraries_.size() >= max_other_libraries) return 0;
  const uint32_t base = other_libraries_base + static_cast<uint32_t>(other_libraries_.size()) * module_bytes;
  map(base, page_bytes, "MZ", UC_PROT_READ);
  other_libraries_[base] = name;
  return base;
}

uint32_t Process::function(uint32_t module, const std::string& name) {
  std::string library_name;
  if (const Module32* known = modules_.at(module)) library_name = known->name;
  if (auto other = other_libraries_.find(module); other != other_libraries_.end())
    library_name = other->second;
  if (auto address = modules_.address_of(library_name, name)) return *address;
  if (library_name.empty() || name.empty()) return 0;
  const std::string whole = library_name + "." + name;
  auto found = std::ranges::find(other_functions_, whole);
  if (found == other_functions_.end()) {
    if (other_functions_.size() >= other_functions_bytes / function_bytes) return 0;
    other_functions_.push_back(whole);
    found = std::prev(other_functions_.end());
  }
  return other_functions_base + static_cast<uint32_t>(found - other_functions_.begin()) * function_bytes;
}

// --- what it did -----------------------------------------------------------------------------------------

void Process::note_url(std::string url) {
  if (!url.empty()) add_once(report_.urls, std::move(url));
}
void Process::note_command(std::string command) {
  if (!command.empty()) add_once(report_.commands, std::move(command));
}
void Process::note_connection(std::string what) {
  add_once(report_.connections, std::move(what));
}

uint32_t Process::open_file(std::string path) {
  constexpr uint32_t first_handle = 0x100;
  const uint32_t handle = first_handle + 4 * static_cast<uint32_t>(files_.size());
  auto known = std::ranges::find(report_.files, path, &WrittenFile::path);
  if (known == report_.files.end() && report_.files.size() >= max_listed) return handle;
  const auto index = static_cast<size_t>(known - report_.files.begin());
  if (known == report_.files.end()) report_.files.push_back({std::move(path), {}});
  files_[handle] = index;
  return handle;
}

void Process::write_file(uint32_t handle, std::string_view what) {
  auto found = files_.find(handle);
  if (found == files_.end()) return;
  std::string& content = report_.files[found->second].bytes;
  content.append(what.substr(0, max_file_bytes - std::min(max_file_bytes, content.size())));
}

void Process::start_thread(uint32_t begins, uint32_t argument) {
  if (threads_.size() < max_threads) threads_.push_back({begins, argument});
}

// --- running ---------------------------------------------------------------------------------------------

void Process::on_block(uint32_t address) {
  constexpr uint64_t between_looks = 0x1000;
  if (blocks_ % between_looks == 0 && std::chrono::steady_clock::now() >= until_) blocks_ = 0;
  if (blocks_ == 0) {
    outcome_ = Outcome::endless;
    uc_emu_stop(engine_);
    return;
  }
  --blocks_;
  block_ = address;
  const uint32_t offset = address - code_base;
  if (writing_count_ == 0 || offset >= code_bytes_ || !written_[offset]) return;
  // Single words are variables of position-independent code, not code.
  constexpr uint32_t least = 16;
  if (writing_count_ >= least && report_.decoders.size() < max_listed && writing_block_ != address)
    report_.decoders.push_back({writing_block_ - code_base, writing_count_});
  std::fill(written_.begin(), written_.end(), false);
  writing_count_ = 0;
}

void Process::on_write(uint32_t address, uint32_t size) {
  for (uint32_t i = 0; i < size; ++i) {
    const uint32_t offset = address + i - code_base;
    if (offset >= code_bytes_) continue;
    if (!written_[offset]) ++writing_count_;
    written_[offset] = true;
  }
  writing_block_ = block_;
}

// The system calls by which code looks for itself in memory without faulting.
bool Process::on_interrupt(uint32_t number) {
  constexpr uint32_t system_call = 0x2E, check_access = 2, display_text = 0x43, violation = 0xC000'0005;
  const uint32_t asked = get(UC_X86_REG_EAX);
  if (number != system_call) {
    raised_ = fault_of_interrupt(number);
    return false;
  }
  if (asked != check_access && asked != display_text) {
    outcome_ = Outcome::bad_code;
    return false;
  }
  char byte;
  const bool there = uc_mem_read(engine_, get(UC_X86_REG_EDX), &byte, 1) == UC_ERR_OK;
  set(UC_X86_REG_EAX, there ? 0 : violation);
  return true;
}

bool Process::called(uint32_t eip) {
  if (eip == kernel_base + return_offset) {
    end(Outcome::exited);
    return true;
  }
  if (eip == native_base + return_offset && !handling_.empty()) return handler_returned();
  uint32_t stack = get(UC_X86_REG_ESP);
  Call call;
  const uint32_t other = (eip - other_functions_base) / function_bytes;
  auto target = modules_.target(eip);
  const bool unknown = eip >= other_functions_base && other < other_functions_.size();
  if (!target && !unknown) return false;
  if (target && target->skipped > 2) {  // it pushed EBP itself
    stack = target->skipped == function_beginning.size() ? get(UC_X86_REG_EBP) : stack;
    set(UC_X86_REG_EBP, word(stack));
    stack += 4;
  }
  const uint32_t returns = word(stack);
  call.offset = returns - code_base < code_bytes_ ? returns - code_base : no_offset;
  if (unknown) {
    call.function = other_functions_[other];
    if (report_.calls.size() < max_calls) report_.calls.push_back(std::move(call));
    end(Outcome::unknown_call);  // how many arguments it takes is not known
    return true;
  }
  const StandIn& stand_in = *target->stand_in;
  std::vector<uint32_t> arguments;
  call.function = fmt::format("{}.{}", stand_in.module, stand_in.name);
  for (char letter : stand_in.letters()) {
    const uint32_t value = word(stack + 4 + 4 * static_cast<uint32_t>(arguments.size()));
    arguments.push_back(value);
    const bool is_text = (letter == 'a' || letter == 'w') && value >= 0x1'0000;
    call.arguments.push_back(!is_text        ? fmt::format("{:#x}", value)
                             : letter == 'a' ? text(value)
                                             : wide_text(value));
  }
  if (report_.calls.size() < max_calls) report_.calls.push_back(std::move(call));
  set(UC_X86_REG_EAX, stand_in.act ? stand_in.act(*this, arguments) : stand_in.answer);
  const auto taken = stand_in.caller_cleans() ? 0 : 4 * static_cast<uint32_t>(arguments.size());
  set(UC_X86_REG_ESP, stack + 4 + taken);
  set(UC_X86_REG_EIP, returns);
  return true;
}

void Process::follow(uint32_t eip) {
  while (!outcome_) {
    uc_err error = UC_ERR_OK;
    if (!start(engine_, eip, error)) {
      broken_ = true;
      return end(Outcome::bad_code);
    }
    if (outcome_) return;
    const uint32_t stopped = get(UC_X86_REG_EIP);
    if (error == UC_ERR_FETCH_PROT && called(stopped)) {
      // A program that calls without end runs no blocks of its own to be counted.
      if (blocks_ > 0) --blocks_;
      if (blocks_ == 0 && !outcome_) end(Outcome::endless);
      eip = get(UC_X86_REG_EIP);
      continue;
    }
    const bool by_interrupt = raised_.has_value();
    const Fault fault = by_interrupt ? *raised_ : fault_of_error(static_cast<int>(error), stopped);
    raised_.reset();
    if (raise(fault)) {
      eip = get(UC_X86_REG_EIP);
      continue;
    }
    const bool memory = fault.code == access_violation && !by_interrupt;
    if (!outcome_) end(memory ? Outcome::bad_memory : Outcome::bad_code);
  }
}

void Process::set_registers(uint32_t argument) {
  const uint32_t stack = stack_base + stack_bytes - page_bytes;
  put_word(stack, kernel_base + return_offset);
  put_word(stack + 4, argument);
  set(UC_X86_REG_ESP, stack);
  set(UC_X86_REG_EBP, stack + 0x100);
}

Report Process::run(uint32_t offset) {
  report_.begins = offset;
  set_registers(0);
  // Whatever register an exploit would have left the code's address in.
  for (int one :
       {UC_X86_REG_EAX, UC_X86_REG_EBX, UC_X86_REG_ECX, UC_X86_REG_EDX, UC_X86_REG_ESI, UC_X86_REG_EDI})
    set(one, code_base + offset);
  follow(code_base + offset);
  for (size_t i = 0; i < threads_.size() && *outcome_ != Outcome::endless && !broken_; ++i) {
    outcome_.reset();
    set_registers(threads_[i].argument);
    follow(threads_[i].begins);
  }
  report_.outcome = *outcome_;
  report_.blocks = blocks_before_ - blocks_;
  return std::move(report_);
}

}  // namespace shikake::honeyclient::shellcode
