// Which program an exec starts: what the kernel would, seen from outside.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::emulation {

struct Program {
  std::string path;  // as the emulator may open it
  std::shared_ptr<const base::UniqueFd> file;
  std::vector<std::string> interpreters;  // of a script: what stands before it, and the script
  std::string target;
  bool odd_header = false;  // the kernel takes it, an emulator does not
};

// At an execve's or execveat's entry. Nothing where there is none, the caller may not run it, or no emulator knows
// its like: the kernel is left to say so.
std::optional<Program> program_of(trace::Thread& thread, const trace::Call& call);

// Where an open file lies; "" where that cannot be told.
std::string link_of(const base::UniqueFd& file);

// Puts a readable copy of `program` in the place of what the emulator got when it opened it (`opened`, a descriptor or
// a negative errno), its header as emulators want it: the kernel needs no permission to read a program that it starts,
// and looks at less of its header. At that open's return; false: the emulator keeps what it got. `most`: bytes that
// copies may still have; it becomes less.
bool hand_copy(trace::Thread& thread, const Program& program, int64_t opened, uint64_t& most);

}  // namespace shikake::sandbox::emulation
