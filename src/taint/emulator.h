// Which of Debian's qemu-user emulators runs a program, and with which of their options.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "taint/lift.h"

namespace shikake::taint {

// Bytes at a program's start that architecture_of() looks at.
inline constexpr size_t elf_head_bytes = 20;

// The architecture of an ELF program by its head (the System V ABI's e_ident and e_machine); nothing when it
// is no ELF program or one that taint does not follow.
std::optional<Architecture> architecture_of(std::span<const uint8_t> head);

// The same as the kernel sees it: by the machine and the size of the program headers. What a header says else of class,
// byte order, version and its own size may be anything, and an emulator wants it right.
std::optional<Architecture> started_as(std::span<const uint8_t> head);
// Puts that right in a header of the architecture's. False: it was.
bool put_header_right(Architecture architecture, std::span<uint8_t> head);
// Whether a header of the architecture's is of something that runs (e_type), at a fixed address or any.
bool is_executable(Architecture architecture, std::span<const uint8_t> head);

// Of a script, from its beginning: the interpreter and its one argument, as the kernel reads them (execve(2)); empty
// where it is none.
std::vector<std::string> interpreter_of(std::string_view head);

// "qemu-arm": the name of Debian's emulator.
std::string emulator_name(Architecture architecture);

// Options that go before the program: a processor whose instructions all have rules.
std::vector<std::string> emulator_options(Architecture architecture);

}  // namespace shikake::taint
