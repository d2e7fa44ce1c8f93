// Where things lie in the process that shellcode believes to be in: as in a browser's on Windows XP SP3.
#pragma once

#include <cstdint>

namespace shikake::honeyclient::shellcode {

inline constexpr uint32_t page_bytes = 0x1000;
inline constexpr uint32_t stack_base = 0x0010'0000, stack_bytes = 0x4'0000;
inline constexpr uint32_t loader_base = 0x0025'0000, loader_bytes = 0x1'0000;  // PEB_LDR_DATA and its lists
inline constexpr uint32_t program_base = 0x0040'0000;
// What it allocates, upwards.
inline constexpr uint32_t heap_base = 0x0100'0000, heap_bytes = 0x0100'0000;
// Sprayed code is jumped to at addresses such as 0x0C0C0C0C.
inline constexpr uint32_t code_base = 0x0C0C'0000;
// kernel32 and ntdll lie where they lay; of the others only the order is kept.
inline constexpr uint32_t kernel_base = 0x7C80'0000, kernel_bytes = 0x10'0000;
inline constexpr uint32_t native_base = 0x7C90'0000;
inline constexpr uint32_t modules_base = 0x7CA0'0000;
inline constexpr uint32_t module_bytes = 0x1'0000;  // loaders place modules at multiples of it
inline constexpr uint32_t peb_base = 0x7FFD'E000, teb_base = 0x7FFD'F000;
// Where code returns to when it is done, in kernel32 (whose base is searched from there), and where its
// exception handlers do, in ntdll: no functions.
inline constexpr uint32_t return_offset = 0xF000;
// The kernel's half, which a program can't read: segment descriptors.
inline constexpr uint32_t descriptors_base = 0xC000'0000;

}  // namespace shikake::honeyclient::shellcode
