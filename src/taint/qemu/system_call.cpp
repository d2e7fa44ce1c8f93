#include "taint/qemu/system_call.h"

#include <array>
#include <unordered_map>

namespace shikake::taint::qemu {
namespace {

constexpr int absent = -1;

// Numbers from each architecture's unistd.h: x86-64, i386, ARM (EABI), AArch64, MIPS (o32, less 4000).
struct Row {
  Call call;
  const char* name;
  std::array<int, 5> number;
};
constexpr Row all_rows[] = {
    {Call::read, "read", {0, 3, 3, 63, 3}},
    {Call::write, "write", {1, 4, 4, 64, 4}},
    {Call::readv, "readv", {19, 145, 145, 65, 145}},
    {Call::writev, "writev", {20, 146, 146, 66, 146}},
    {Call::pread, "pread64", {17, 180, 180, 67, 200}},
    {Call::pwrite, "pwrite64", {18, 181, 181, 68, 201}},
    {Call::preadv, "preadv", {295, 333, 361, 69, 330}},
    {Call::pwritev, "pwritev", {296, 334, 362, 70, 331}},
    {Call::preadv, "preadv2", {327, 378, 392, 286, 361}},
    {Call::pwritev, "pwritev2", {328, 379, 393, 287, 362}},
    {Call::sendfile, "sendfile", {40, 187, 187, 71, 207}},
    {Call::sendfile64, "sendfile64", {absent, 239, 239, absent, 237}},
    {Call::splice, "splice", {275, 313, 340, 76, 304}},
    {Call::tee, "tee", {276, 315, 342, 77, 306}},
    {Call::vmsplice, "vmsplice", {278, 316, 343, 75, 307}},
    {Call::copy_file_range, "copy_file_range", {326, 377, 391, 285, 360}},
    {Call::socket, "socket", {41, 359, 281, 198, 183}},
    {Call::socketpair, "socketpair", {53, 360, 288, 199, 184}},
    {Call::socketcall, "socketcall", {absent, 102, absent, absent, 102}},
    {Call::bind, "bind", {49, 361, 282, 200, 169}},
    {Call::listen, "listen", {50, 363, 284, 201, 174}},
    {Call::accept, "accept", {43, absent, 285, 202, 168}},
    {Call::accept4, "accept4", {288, 364, 366, 242, 334}},
    {Call::connect, "connect", {42, 362, 283, 203, 170}},
    {Call::getsockname, "getsockname", {51, 367, 286, 204, 172}},
    {Call::getpeername, "getpeername", {52, 368, 287, 205, 171}},
    {Call::getsockopt, "getsockopt", {55, 365, 295, 209, 173}},
    {Call::send, "send", {absent, absent, 289, absent, 178}},
    {Call::sendto, "sendto", {44, 369, 290, 206, 180}},
    {Call::sendmsg, "sendmsg", {46, 370, 296, 211, 179}},
    {Call::sendmmsg, "sendmmsg", {307, 345, 374, 269, 343}},
    {Call::recv, "recv", {absent, absent, 291, absent, 175}},
    {Call::recvfrom, "recvfrom", {45, 371, 292, 207, 176}},
    {Call::recvmsg, "recvmsg", {47, 372, 297, 212, 177}},
    {Call::recvmmsg, "recvmmsg", {299, 337, 365, 243, 335}},
    {Call::recvmmsg, "recvmmsg_time64", {absent, 417, 417, absent, 417}},
    {Call::msgsnd, "msgsnd", {69, 400, 301, 189, 400}},
    {Call::msgrcv, "msgrcv", {70, 401, 302, 188, 401}},
    {Call::open, "open", {2, 5, 5, absent, 5}},
    {Call::openat, "openat", {257, 295, 322, 56, 288}},
    {Call::openat2, "openat2", {437, 437, 437, 437, 437}},
    {Call::creat, "creat", {85, 8, 8, absent, 8}},
    {Call::unlink, "unlink", {87, 10, 10, absent, 10}},
    {Call::unlinkat, "unlinkat", {263, 301, 328, 35, 294}},
    {Call::rename, "rename", {82, 38, 38, absent, 38}},
    {Call::renameat, "renameat", {264, 302, 329, 38, 295}},
    {Call::renameat2, "renameat2", {316, 353, 382, 276, 351}},
    {Call::mkdir, "mkdir", {83, 39, 39, absent, 39}},
    {Call::mkdirat, "mkdirat", {258, 296, 323, 34, 289}},
    {Call::chmod, "chmod", {90, 15, 15, absent, 15}},
    {Call::fchmodat, "fchmodat", {268, 306, 333, 53, 299}},
    {Call::mount, "mount", {165, 21, 21, 40, 21}},
    {Call::execve, "execve", {59, 11, 11, 221, 11}},
    {Call::execveat, "execveat", {322, 358, 387, 281, 356}},
    {Call::fork, "fork", {57, 2, 2, absent, 2}},
    {Call::vfork, "vfork", {58, 190, 190, absent, absent}},
    {Call::clone, "clone", {56, 120, 120, 220, 120}},
    {Call::exit_group, "exit_group", {231, 252, 248, 94, 246}},
    {Call::kill, "kill", {62, 37, 37, 129, 37}},
    {Call::tkill, "tkill", {200, 238, 238, 130, 236}},
    {Call::tgkill, "tgkill", {234, 270, 268, 131, 266}},
    {Call::ptrace, "ptrace", {101, 26, 26, 117, 26}},
    {Call::mmap, "mmap", {9, absent, absent, 222, 90}},
    {Call::old_mmap, "mmap", {absent, 90, absent, absent, absent}},
    {Call::mmap2, "mmap2", {absent, 192, 192, absent, 210}},
    {Call::munmap, "munmap", {11, 91, 91, 215, 91}},
    {Call::mremap, "mremap", {25, 163, 163, 216, 167}},
    {Call::msync, "msync", {26, 144, 144, 227, 144}},
    {Call::ipc, "ipc", {absent, 117, absent, absent, 117}},
    {Call::shmat, "shmat", {30, 397, 305, 196, 397}},
    {Call::signal, "signal", {absent, 48, absent, absent, 48}},
    {Call::sigaction, "sigaction", {absent, 67, 67, absent, 67}},
    {Call::rt_sigaction, "rt_sigaction", {13, 174, 174, 134, 194}},
    {Call::brk, "brk", {12, 45, 45, 214, 45}},
    {Call::sigreturn, "sigreturn", {absent, 119, 119, absent, 119}},
    {Call::rt_sigreturn, "rt_sigreturn", {15, 173, 173, 139, 193}},
    {Call::reboot, "reboot", {169, 88, 88, 142, 88}},
    {Call::init_module, "init_module", {175, 128, 128, 105, 128}},
    {Call::finit_module, "finit_module", {313, 350, 379, 273, 348}},
};

}  // namespace

size_t column_of(Architecture architecture) {
  switch (architecture) {
    case Architecture::x86_64: return 0;
    case Architecture::i386: return 1;
    case Architecture::arm: return 2;
    case Architecture::aarch64: return 3;
    default: return 4;
  }
}

int64_t first_number(Architecture architecture) {
  constexpr int64_t of_mips = 4000;
  return column_of(architecture) == 4 ? of_mips : 0;
}

Call call_of(Architecture architecture, int64_t number) {
  static std::unordered_map<int64_t, Call> known = [architecture] {
    std::unordered_map<int64_t, Call> calls;
    const size_t c = column_of(architecture);
    for (const Row& row : all_rows)
      if (row.number[c] != absent) calls.emplace(row.number[c] + first_number(architecture), row.call);
    return calls;
  }();
  const auto found = known.find(number);
  return found == known.end() ? Call::other : found->second;
}

const char* name(Call call) {
  for (const Row& row : all_rows)
    if (row.call == call) return row.name;
  return "other";
}

}  // namespace shikake::taint::qemu
