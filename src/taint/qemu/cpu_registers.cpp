#include "taint/qemu/cpu_registers.h"

#include <cstddef>

extern "C" {
struct CPUState;
// GLib's, as its documentation gives it.
struct GByteArray {
  uint8_t* data;
  unsigned length;
};
GByteArray* g_byte_array_new();

using ReadRegister = int(CPUState*, GByteArray*, int);
// One of these is in the emulator that loaded the plugin.
[[gnu::weak]] ReadRegister x86_cpu_gdb_read_register;
[[gnu::weak]] ReadRegister arm_cpu_gdb_read_register;
[[gnu::weak]] ReadRegister aarch64_cpu_gdb_read_register;
[[gnu::weak]] ReadRegister mips_cpu_gdb_read_register;
extern __thread CPUState* thread_cpu;
}

namespace shikake::taint::qemu {

std::optional<uint64_t> cpu_register(int gdb_number, bool big_endian) {
  // qemu-aarch64 has ARM's function too.
  ReadRegister* read = aarch64_cpu_gdb_read_register != nullptr ? aarch64_cpu_gdb_read_register
                       : arm_cpu_gdb_read_register != nullptr   ? arm_cpu_gdb_read_register
                       : x86_cpu_gdb_read_register != nullptr   ? x86_cpu_gdb_read_register
                                                                : mips_cpu_gdb_read_register;
  if (read == nullptr || thread_cpu == nullptr) return std::nullopt;
  static thread_local GByteArray* const bytes = g_byte_array_new();  // one for all: asked for often
  bytes->length = 0;
  const int size = read(thread_cpu, bytes, gdb_number);
  std::optional<uint64_t> value;
  if (size > 0 && size <= 8 && bytes->length >= static_cast<unsigned>(size)) {
    value = 0;
    for (int i = 0; i < size; ++i)
      *value |= uint64_t{bytes->data[i]} << 8 * (big_endian ? size - 1 - i : i);
  }
  return value;
}

uint8_t stack_number(Architecture architecture) {
  static constexpr uint8_t numbers[] = {7, 4, 13, 31, 29, 29};
  return numbers[static_cast<size_t>(architecture)];
}

std::optional<uint64_t> stack_pointer(Architecture architecture) {
  return cpu_register(stack_number(architecture), architecture == Architecture::mips);
}

}  // namespace shikake::taint::qemu
