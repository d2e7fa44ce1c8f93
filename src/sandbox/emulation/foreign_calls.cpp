#include "sandbox/emulation/foreign_calls.h"

#include <array>

namespace shikake::sandbox::emulation {
namespace {

using trace::Sys;

// Each table's numbers, from the kernel's asm/unistd.h: x86-64, i386, ARM (EABI), AArch64 (generic), MIPS
// (o32, less its base).
constexpr std::array<std::string_view, 5> tables = {"x86_64", "i386", "arm", "aarch64", "mips"};
constexpr int64_t mips_base = 4000;

struct Row {
  Sys sys;
  std::array<int16_t, 5> numbers;
};
constexpr Row rows[] = {
    {Sys::ptrace, {101, 26, 26, 117, 26}},
    {Sys::init_module, {175, 128, 128, 105, 128}},
    {Sys::finit_module, {313, 350, 379, 273, 348}},
    {Sys::delete_module, {176, 129, 129, 106, 129}},
    {Sys::kexec_load, {246, 283, 347, 104, 311}},
    {Sys::bpf, {321, 357, 386, 280, 355}},
    {Sys::perf_event_open, {298, 336, 364, 241, 333}},
    {Sys::process_vm_readv, {310, 347, 376, 270, 345}},
    {Sys::process_vm_writev, {311, 348, 377, 271, 346}},
    {Sys::add_key, {248, 286, 309, 217, 280}},
    {Sys::request_key, {249, 287, 310, 218, 281}},
    {Sys::keyctl, {250, 288, 311, 219, 282}},
    {Sys::userfaultfd, {323, 374, 388, 282, 357}},
};

}  // namespace

std::optional<Sys> answered_call(std::string_view target, int64_t number) {
  if (target == "mipsel") target = "mips";
  for (size_t table = 0; table < tables.size(); ++table) {
    if (tables[table] != target) continue;
    if (target == "mips") number -= mips_base;
    for (const Row& row : rows)
      if (row.numbers[table] == number) return row.sys;
  }
  return std::nullopt;
}

}  // namespace shikake::sandbox::emulation
