// One run: the emulated processor, its memory, and what the program in it has done so far.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "honeyclient/shellcode/modules.h"
#include "honeyclient/shellcode/report.h"

struct uc_struct;

namespace shikake::honeyclient::shellcode {

class Process {
 public:
  // `code` lies at code_base. `modules` outlives it. `blocks` is what it may run, and is counted down; `until`
  // is for machines so busy that they don't get there.
  Process(base::ByteSpan code, const Modules& modules, uint64_t& blocks,
          std::chrono::steady_clock::time_point until);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // From an offset in the code until it ends.
  Report run(uint32_t offset);

  // --- for stand-ins (stand_ins*.cpp)
  std::string text(uint32_t address) const;                   // up to its zero byte, at most max_text_bytes
  std::string wide_text(uint32_t address) const;              // as UTF-8
  std::string bytes(uint32_t address, uint32_t count) const;  // what is there of them
  uint32_t word(uint32_t address) const;                      // 0 where nothing is
  void put(uint32_t address, std::string_view bytes);         // ignored where nothing is
  void put_word(uint32_t address, uint32_t value);
  void put_wide(uint32_t address, std::string_view text);  // with its zero

  uint32_t allocate(uint32_t count);  // readable, writable, executable; 0: more than it may
  const Modules& modules() const { return modules_; }
  uint32_t library(const std::string& name);                    // its base, of a known or a new one
  uint32_t function(uint32_t module, const std::string& name);  // its address; a new one where not known

  void note_url(std::string url);
  void note_command(std::string command);
  void note_connection(std::string what);
  uint32_t open_file(std::string path);  // its handle
  void write_file(uint32_t handle, std::string_view bytes);
  void start_thread(uint32_t begins, uint32_t argument);
  void end(Outcome outcome) { outcome_ = outcome; }  // after this call

  std::string request_host, request_scheme = "http";  // of a request that is put together by several calls

 private:
  struct Hooks;
  struct Thread {
    uint32_t begins, argument;
  };
  // What went wrong, as a program's own handlers hear of it.
  struct Fault {
    uint32_t code, address;       // of the exception, of the instruction
    uint32_t access = 0, at = 0;  // to memory: 0 read, 1 write, 8 run; where
  };
  struct Handling {                  // a handler that runs
    uint32_t frame, chain, context;  // its own, the first of them all, what it may change
  };
  void lay_out(base::ByteSpan code);
  void lay_out_segments();
  void map(uint32_t address, uint32_t size, std::string_view bytes, unsigned access);
  void follow(uint32_t eip);
  // --- exceptions.cpp
  static constexpr uint32_t access_violation = 0xC000'0005;
  Fault fault_of_interrupt(uint32_t number) const;
  Fault fault_of_error(int error, uint32_t stopped) const;
  bool raise(const Fault& fault);  // false: nobody handles it
  bool call_handler(const Handling& handling);
  bool handler_returned();
  bool called(uint32_t eip);  // a function of Windows: done, and EIP moved on
  void set_registers(uint32_t argument);
  uint32_t get(int register_id) const;
  void set(int register_id, uint32_t value);
  void on_block(uint32_t address);
  void on_write(uint32_t address, uint32_t size);
  bool on_interrupt(uint32_t number);

  const Modules& modules_;
  uint64_t& blocks_;
  uint64_t blocks_before_;
  std::chrono::steady_clock::time_point until_;
  uc_struct* engine_ = nullptr;
  uint32_t code_bytes_;
  Report report_;
  std::optional<Outcome> outcome_;
  bool broken_ = false;  // the engine gave up
  uint32_t eip_ = 0;  // the instruction that runs: the emulator itself knows only the block's beginning
  uint32_t faulted_at_ = 0;      // the last access to what is not there
  std::optional<Fault> raised_;  // by an interrupt
  std::vector<Handling> handling_;
  uint32_t heap_used_ = 0;
  std::vector<bool> written_;  // a byte of code that was written and has not run since
  uint32_t writing_block_ = 0, writing_count_ = 0, block_ = 0;
  std::map<uint32_t, std::string> other_libraries_;  // by base
  std::vector<std::string> other_functions_;         // the n-th lies at other_functions_base + 16 n
  std::map<uint32_t, size_t> files_;                 // handle to the report's file
  std::vector<Thread> threads_;
};

}  // namespace shikake::honeyclient::shellcode
