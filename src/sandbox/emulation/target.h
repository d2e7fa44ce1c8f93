// Which emulator runs a program.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace shikake::sandbox::emulation {

// How much of a program is_program() and target_of() look at.
inline constexpr size_t head_bytes = 256;

// "arm", "aarch64", "mips", "mipsel", "x86_64", "i386", as in qemu-arm: of an ELF file's header, as the kernel reads it
// (taint::started_as). Nothing for others. Also "ppc", "riscv64", "sh4" and more, which taint has no rules for.
std::optional<std::string_view> target_of(base::ByteSpan head);
// Whether this machine runs its programs itself.
bool is_own(std::string_view target);

// "/usr/bin/qemu-arm", looked for along PATH; nothing where it is not installed (Debian's package qemu-user
// has it).
std::optional<std::filesystem::path> find_emulator(std::string_view target);

// Where this machine keeps the C library of another instruction set, as Debian's cross packages lay it; ""
// where they do not have one.
std::string library_folder(std::string_view target);
// The package that has it.
std::string_view library_package(std::string_view target);
// Where a system that runs such programs itself has their loader; "" where the path does not tell targets
// apart.
std::string_view loader(std::string_view target);

}  // namespace shikake::sandbox::emulation
