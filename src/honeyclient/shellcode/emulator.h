// Shellcode, run where it can do nothing: 32-bit x86 in an emulator, in a process of its own
// (shikake-shellcode), with stand-ins for the functions of Windows that it looks up.
//
//   Emulator emulator;
//   Result<Report> report = emulator.run(bytes);
//
// The process is started for the first question and serves the next ones; it may make memory executable,
// which the emulator's translator needs, and nothing else that other workers may not. One that dies or hangs
// costs its question; the next one has a new process.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "cell/reader.h"
#include "honeyclient/shellcode/report.h"

namespace shikake::honeyclient::shellcode {

inline constexpr std::string_view worker_program = "shikake-shellcode";
// A report stays within its named bounds: files are the most of it.
inline constexpr uint32_t max_worker_frame = 64u << 20;
// The bound on blocks ends a run in a second or two on an idle machine.
inline constexpr std::chrono::seconds patience{20};
// Translated code and its buffers take some 40 MiB, what a run may ask for 16.
inline constexpr uint64_t worker_memory = uint64_t{256} << 20;

enum class WorkerMessage : uint8_t {
  code,    // to the worker: bytes, at most max_code_bytes
  report,  // a Report
};

class Emulator {
 public:
  // Errors: unavailable (it can't be started; it died), limit (its memory), timeout, invalid_input (it
  // answered nonsense).
  Result<Report> run(std::string_view code);
  // Its process, while there is one; for tests.
  int pid() const { return worker_ ? worker_->child.pid() : -1; }

 private:
  Result<Report> ask(std::string_view code);
  std::unique_ptr<cell::ReaderProcess> worker_;
};

}  // namespace shikake::honeyclient::shellcode
