#include "sandbox/trace/late_filter.h"

#include <linux/seccomp.h>

#include <array>

namespace shikake::sandbox::trace {

bool add_filter(Thread& thread, const FilterProgram& program) {
  constexpr size_t scratch_bytes = 4096;
  constexpr uint64_t narrow_code = 0x23;
  const auto registers = thread.registers();
  const auto& code = program.instructions();
  const size_t code_bytes = code.size() * sizeof code[0];
  if (!registers || code_bytes + 16 > scratch_bytes) return false;
  const GuestAddress at = thread.scratch();
  const GuestAddress header = at + code_bytes;  // struct sock_fprog
  const bool written =
      thread.write(at, {reinterpret_cast<const uint8_t*>(code.data()), code_bytes}) &&
      (registers->cs == narrow_code
           ? thread.write_value(header, std::array<uint32_t, 2>{static_cast<uint32_t>(code.size()),
                                                                static_cast<uint32_t>(at.value)})
           : thread.write_value(header, std::array<uint64_t, 2>{code.size(), at.value}));
  if (!written) return false;
  for (const uint64_t flags : {uint64_t{SECCOMP_FILTER_FLAG_TSYNC}, uint64_t{0}}) {
    const std::array<uint64_t, 3> arguments{SECCOMP_SET_MODE_FILTER, flags, header.value};
    if (thread.inject(Sys::seccomp, arguments).value_or(-1) == 0) return true;
  }
  return false;
}

}  // namespace shikake::sandbox::trace
