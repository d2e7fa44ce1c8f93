// Which system calls stop a guest, and the seccomp program that makes only those stop.
//
// The kernel remembers for each number whether a filter always lets it pass, so a call that no hook asked for
// costs nothing (seccomp(2), action cache of Linux 5.11).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/trace/calls.h"

namespace shikake::sandbox::trace {

// A test that the kernel can do on an argument's value; what a pointer points at it cannot see.
struct ArgumentTest {
  enum class Op : uint8_t {
    equal,         // (argument & mask) == value
    not_equal,     // (argument & mask) != value
    at_least_i32,  // as a signed 32-bit number, >= value
  };
  uint8_t index;
  Op op;
  uint64_t value;
  uint64_t mask = ~uint64_t{0};
};

// A call that a hook wants to see entered.
struct Interest {
  Sys sys = Sys::other;
  std::vector<ArgumentTest> when = {};  // all of them; none: always
  std::string name = {};                // with Sys::other: the kernel's name
};

// Set for each interest the kernel's own answer instead of a stop, so that programs fall back.
struct Answer {
  Sys sys;
  int error;  // errno
};

// The compiled filter; install() allocates nothing and takes no lock, so a freshly forked child may do it.
class FilterProgram {
 public:
  // invalid_usage: an unknown name; limit: more interests than a kernel's filter holds.
  static Result<FilterProgram> compile(const std::vector<Interest>& interests,
                                       const std::vector<Answer>& answers);

  // In the child, as the last thing before exec: installs the filter (with no_new_privs), then waits until a
  // tracer has seized this thread. Needs no descriptor, no signal and no parenthood. False: no filters here
  // (errno says why), or no tracer came within `patience_seconds`.
  bool install_and_wait() const;
  // For further filters put on in a running guest: the raw struct sock_filter array.
  const std::vector<uint64_t>& instructions() const { return instructions_; }

  static constexpr int patience_seconds = 20;
  // What our filter hands to the tracer with a stop, so that a stop which the guest's own filter asked for
  // is told apart.
  static constexpr uint16_t mark = 0x5348;
  // The number that a child knocks with until a tracer is there; no kernel table has it.
  static constexpr int knock = 0x5348;
  // The number by which our plugins in an emulator speak to the tracer (emulation/bell.h).
  static constexpr int bell = 0x5349;

 private:
  std::vector<uint64_t> instructions_;
};

}  // namespace shikake::sandbox::trace
