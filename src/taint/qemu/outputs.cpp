#include "taint/qemu/outputs.h"

#include <sys/ioctl.h>
#include <sys/prctl.h>

#include <algorithm>
#include <iterator>

namespace shikake::taint::qemu {
namespace {

// By column_of(): x86-64, i386, ARM, AArch64, MIPS.
using Sizes = std::array<uint16_t, 5>;
// Struct stat, statfs and the like from each architecture's asm/ headers.
constexpr Sizes stat_bytes = {144, 64, 64, 128, 144}, stat64_bytes = {0, 96, 104, 0, 104};
constexpr Sizes statfs_bytes = {120, 64, 64, 120, 68}, sysinfo_bytes = {112, 64, 64, 112, 64};
constexpr Sizes sigaction_bytes = {32, 20, 20, 32, 24}, old_sigaction_bytes = {0, 16, 16, 0, 24};
constexpr Sizes id_bytes = {4, 2, 2, 4, 4}, epoll_bytes = {12, 12, 16, 16, 16};

enum class Extent : uint8_t {
  bytes,     // `n`
  words,     // `n` of the program's
  sized,     // as `sizes` says
  argument,  // as many bytes as argument `n` says
  counted,   // for each that the call's result counts, at most argument `n`: as `sizes` says, or one byte
  told,      // at most the room that the number at argument `n` said before; and that number of four bytes itself
};

struct Output {
  uint8_t pointer;  // the argument that says where
  Extent extent;
  uint16_t n = 0;
  const Sizes* sizes = nullptr;
};

constexpr size_t max_outputs = 4;
constexpr Output none{0, Extent::bytes, 0, nullptr};
using Outputs = std::array<Output, max_outputs>;

constexpr Output bytes(uint8_t pointer, uint16_t count) { return {pointer, Extent::bytes, count, nullptr}; }
constexpr Output words(uint8_t pointer, uint16_t count) { return {pointer, Extent::words, count, nullptr}; }
constexpr Output sized(uint8_t pointer, const Sizes& sizes) { return {pointer, Extent::sized, 0, &sizes}; }
constexpr Output argument(uint8_t pointer, uint16_t which) { return {pointer, Extent::argument, which, nullptr}; }
constexpr Output counted(uint8_t pointer, uint16_t most, const Sizes* each = nullptr) {
  return {pointer, Extent::counted, most, each};
}
constexpr Output told(uint8_t pointer, uint16_t length) { return {pointer, Extent::told, length, nullptr}; }

// Sets of signals and answers about file systems are smaller; what a program says is not believed beyond.
constexpr uint64_t largest_set = 256;

constexpr int absent = -1;
struct Row {
  std::array<int, 5> number;  // as in system_call.cpp
  Outputs outputs;
};
constexpr Sizes four = {4, 4, 4, 4, 4}, two = {2, 2, 2, 2, 2};

constexpr Row all_rows[] = {
    // Files.
    {{4, 106, 106, absent, 106}, {sized(1, stat_bytes), none, none, none}},                    // stat
    {{6, 107, 107, absent, 107}, {sized(1, stat_bytes), none, none, none}},                    // lstat
    {{5, 108, 108, 80, 108}, {sized(1, stat_bytes), none, none, none}},                        // fstat
    {{262, absent, absent, 79, absent}, {sized(2, stat_bytes), none, none, none}},             // newfstatat
    {{absent, 195, 195, absent, 213}, {sized(1, stat64_bytes), none, none, none}},             // stat64
    {{absent, 196, 196, absent, 214}, {sized(1, stat64_bytes), none, none, none}},             // lstat64
    {{absent, 197, 197, absent, 215}, {sized(1, stat64_bytes), none, none, none}},             // fstat64
    {{absent, 300, 327, absent, 293}, {sized(2, stat64_bytes), none, none, none}},             // fstatat64
    {{332, 383, 397, 291, 366}, {bytes(4, 256), none, none, none}},                            // statx
    {{137, 99, 99, 43, 99}, {sized(1, statfs_bytes), none, none, none}},                       // statfs
    {{138, 100, 100, 44, 100}, {sized(1, statfs_bytes), none, none, none}},                    // fstatfs
    {{absent, 268, 266, absent, 255}, {argument(2, 1), none, none, none}},                     // statfs64
    {{absent, 269, 267, absent, 256}, {argument(2, 1), none, none, none}},                     // fstatfs64
    {{79, 183, 183, 17, 203}, {counted(0, 1), none, none, none}},                              // getcwd
    {{78, 141, 141, absent, 141}, {counted(1, 2), none, none, none}},                          // getdents
    {{217, 220, 217, 61, 219}, {counted(1, 2), none, none, none}},                             // getdents64
    {{89, 85, 85, absent, 85}, {counted(1, 2), none, none, none}},                             // readlink
    {{267, 305, 332, 78, 298}, {counted(2, 3), none, none, none}},                             // readlinkat
    {{191, 229, 229, 8, 227}, {counted(2, 3), none, none, none}},                              // getxattr
    {{192, 230, 230, 9, 228}, {counted(2, 3), none, none, none}},                              // lgetxattr
    {{193, 231, 231, 10, 229}, {counted(2, 3), none, none, none}},                             // fgetxattr
    {{194, 232, 232, 11, 230}, {counted(1, 2), none, none, none}},                             // listxattr
    {{195, 233, 233, 12, 231}, {counted(1, 2), none, none, none}},                             // llistxattr
    {{196, 234, 234, 13, 232}, {counted(1, 2), none, none, none}},                             // flistxattr
    {{absent, 140, 140, absent, 140}, {bytes(3, 8), none, none, none}},                        // _llseek
    {{22, 42, 42, absent, absent}, {bytes(0, 8), none, none, none}},                           // pipe; MIPS gives it in registers
    {{293, 331, 359, 59, 328}, {bytes(0, 8), none, none, none}},                               // pipe2
    // What is ready. select's sets and poll's answers: see below.
    {{23, 142, 142, absent, 142}, {words(4, 2), none, none, none}},                            // select, _newselect
    {{270, 308, 335, 72, 301}, {words(4, 2), none, none, none}},                               // pselect6
    {{absent, 413, 413, absent, 413}, {bytes(4, 16), none, none, none}},                       // pselect6_time64
    {{271, 309, 336, 73, 302}, {words(2, 2), none, none, none}},                               // ppoll
    {{absent, 414, 414, absent, 414}, {bytes(2, 16), none, none, none}},                       // ppoll_time64
    {{232, 256, 252, absent, 250}, {counted(1, 2, &epoll_bytes), none, none, none}},           // epoll_wait
    {{281, 319, 346, 22, 313}, {counted(1, 2, &epoll_bytes), none, none, none}},               // epoll_pwait
    {{441, 441, 441, 441, 441}, {counted(1, 2, &epoll_bytes), none, none, none}},              // epoll_pwait2
    // The system, and times.
    {{63, 122, 122, 160, 122}, {bytes(0, 390), none, none, none}},                             // uname
    {{99, 116, 116, 179, 116}, {sized(0, sysinfo_bytes), none, none, none}},                   // sysinfo
    {{103, 103, 103, 116, 103}, {counted(1, 2), none, none, none}},                            // syslog
    {{318, 355, 384, 278, 353}, {counted(0, 1), none, none, none}},                            // getrandom
    {{309, 318, 345, 168, 312}, {bytes(0, 4), bytes(1, 4), none, none}},                       // getcpu
    {{96, 78, 78, 169, 78}, {words(0, 2), bytes(1, 8), none, none}},                           // gettimeofday
    {{228, 265, 263, 113, 263}, {words(1, 2), none, none, none}},                              // clock_gettime
    {{absent, 403, 403, absent, 403}, {bytes(1, 16), none, none, none}},                       // clock_gettime64
    {{229, 266, 264, 114, 264}, {words(1, 2), none, none, none}},                              // clock_getres
    {{absent, 406, 406, absent, 406}, {bytes(1, 16), none, none, none}},                       // clock_getres_time64
    {{201, 13, absent, absent, 13}, {words(0, 1), none, none, none}},                          // time
    {{100, 43, 43, 153, 43}, {words(0, 4), none, none, none}},                                 // times
    {{36, 105, 105, 102, 105}, {words(1, 4), none, none, none}},                               // getitimer
    {{38, 104, 104, 103, 104}, {words(2, 4), none, none, none}},                               // setitimer
    {{222, 259, 257, 107, 257}, {bytes(2, 4), none, none, none}},                              // timer_create
    {{224, 261, 259, 108, 259}, {words(1, 4), none, none, none}},                              // timer_gettime
    {{absent, 408, 408, absent, 408}, {bytes(1, 32), none, none, none}},                       // timer_gettime64
    {{223, 260, 258, 110, 258}, {words(3, 4), none, none, none}},                              // timer_settime
    {{absent, 409, 409, absent, 409}, {bytes(3, 32), none, none, none}},                       // timer_settime64
    {{287, 326, 354, 87, 322}, {words(1, 4), none, none, none}},                               // timerfd_gettime
    {{absent, 410, 410, absent, 410}, {bytes(1, 32), none, none, none}},                       // timerfd_gettime64
    {{286, 325, 353, 86, 323}, {words(3, 4), none, none, none}},                               // timerfd_settime
    {{absent, 411, 411, absent, 411}, {bytes(3, 32), none, none, none}},                       // timerfd_settime64
    // Processes.
    {{61, 114, 114, 260, 114}, {bytes(1, 4), words(3, 18), none, none}},                       // wait4
    {{absent, 7, absent, absent, 7}, {bytes(1, 4), none, none, none}},                         // waitpid
    {{247, 284, 280, 95, 278}, {bytes(2, 128), words(4, 18), none, none}},                     // waitid
    {{98, 77, 77, 165, 77}, {words(1, 18), none, none, none}},                                 // getrusage
    {{97, 76, absent, 163, 76}, {words(1, 2), none, none, none}},                              // getrlimit
    {{absent, 191, 191, absent, absent}, {words(1, 2), none, none, none}},                     // ugetrlimit
    {{302, 340, 369, 261, 338}, {bytes(3, 16), none, none, none}},                             // prlimit64
    {{115, absent, absent, 158, 80}, {counted(1, 0, &four), none, none, none}},                // getgroups
    {{absent, 80, 80, absent, absent}, {counted(1, 0, &two), none, none, none}},               // getgroups, of 16 bits
    {{absent, 205, 205, absent, absent}, {counted(1, 0, &four), none, none, none}},            // getgroups32
    {{118, 165, 165, 148, 186}, {sized(0, id_bytes), sized(1, id_bytes), sized(2, id_bytes), none}},  // getresuid
    {{120, 171, 171, 150, 191}, {sized(0, id_bytes), sized(1, id_bytes), sized(2, id_bytes), none}},  // getresgid
    {{absent, 209, 209, absent, absent}, {bytes(0, 4), bytes(1, 4), bytes(2, 4), none}},       // getresuid32
    {{absent, 211, 211, absent, absent}, {bytes(0, 4), bytes(1, 4), bytes(2, 4), none}},       // getresgid32
    {{204, 242, 242, 123, 240}, {counted(2, 1), none, none, none}},                            // sched_getaffinity
    {{143, 155, 155, 121, 159}, {bytes(1, 4), none, none, none}},                              // sched_getparam
    {{125, 184, 184, 90, 204}, {bytes(1, 24), none, none, none}},                              // capget
    // Signals.
    {{absent, 126, 126, absent, 126}, {words(2, 1), none, none, none}},                        // sigprocmask
    {{14, 175, 175, 135, 195}, {argument(2, 3), none, none, none}},                            // rt_sigprocmask
    {{131, 186, 186, 132, 206}, {words(1, 3), none, none, none}},                              // sigaltstack
    {{127, 176, 176, 136, 196}, {argument(0, 1), none, none, none}},                           // rt_sigpending
    {{128, 177, 177, 137, 197}, {bytes(1, 128), none, none, none}},                            // rt_sigtimedwait
    {{absent, 421, 421, absent, 421}, {bytes(1, 128), none, none, none}},                      // rt_sigtimedwait_time64
    // POSIX message queues: what goes through them has no labels.
    {{243, 280, 277, 183, 274}, {counted(1, 2), bytes(3, 4), none, none}},                     // mq_timedreceive
    {{absent, 419, 419, absent, 419}, {counted(1, 2), bytes(3, 4), none, none}},               // mq_timedreceive_time64
    {{245, 282, 279, 185, 276}, {words(2, 8), none, none, none}},                              // mq_getsetattr
};

// Of calls that have a name of their own, and may come through another one's number.
const Outputs* of_call(Call call) {
  static constexpr Outputs address = {told(1, 2), none, none, none}, sender = {told(4, 5), none, none, none};
  static constexpr Outputs option = {told(3, 4), none, none, none}, ends = {bytes(3, 8), none, none, none};
  static constexpr Outputs handler = {sized(2, sigaction_bytes), none, none, none};
  static constexpr Outputs old_handler = {sized(2, old_sigaction_bytes), none, none, none};
  switch (call) {
    case Call::accept: case Call::accept4: case Call::getsockname: case Call::getpeername: return &address;
    case Call::recvfrom: return &sender;
    case Call::getsockopt: return &option;
    case Call::socketpair: return &ends;
    case Call::rt_sigaction: return &handler;
    case Call::sigaction: return &old_handler;
    default: return nullptr;
  }
}

const Outputs* row_of(Architecture architecture, const CallArguments& call) {
  if (call.call != Call::other) return of_call(call.call);
  const size_t c = column_of(architecture);
  const auto is_it = [&](const Row& row) { return row.number[c] != absent && row.number[c] + first_number(architecture) == call.number; };
  const auto* const found = std::ranges::find_if(all_rows, is_it);
  return found == std::end(all_rows) ? nullptr : &found->outputs;
}

size_t word_bytes(Architecture architecture) {
  return architecture == Architecture::x86_64 || architecture == Architecture::aarch64 ? 8 : 4;
}

// How many bytes of an ioctl's argument are written: newer requests say so themselves (asm-generic/ioctl.h, and
// MIPS's own), of the older ones those are here that programs ask.
Piece of_request(Architecture architecture, uint32_t request, Address at) {
  const bool mips = column_of(architecture) == 4;
  const bool wide = word_bytes(architecture) == 8;
  constexpr uint32_t reads = 2;
  const uint32_t direction = mips ? request >> 29 : request >> 30, size = request >> 16 & (mips ? 0x1fff : 0x3fff);
  if (direction != 0) return {at, (direction & reads) != 0 ? size : 0};
  constexpr uint32_t mips_tcgets = 0x540d, mips_fionread = 0x467f;
  if (request == (mips ? mips_tcgets : uint32_t{TCGETS})) return {at, mips ? 40u : 36u};
  if (request == (mips ? mips_fionread : uint32_t{FIONREAD})) return {at, 4};
  if (!mips && request == uint32_t{TIOCGWINSZ}) return {at, 8};
  if (!mips && (request == uint32_t{TIOCGPGRP} || request == uint32_t{TIOCOUTQ})) return {at, 4};
  // Of network interfaces: a name of 16 bytes, and the answer.
  constexpr uint64_t name = 16;
  if (request == SIOCGIFNAME) return {at, name};
  const bool asks = request >= SIOCGIFFLAGS && request <= SIOCGIFINDEX && request % 2 == 1 && request != SIOCSIFNAME;
  return {at + name, asks ? wide ? 24u : 16u : 0u};
}

// Calls whose arguments say what is written in ways of their own.
void special(Architecture architecture, const CallArguments& call, const NumberReader& number, std::vector<Piece>& to) {
  const auto& a = call.a;
  const size_t w = word_bytes(architecture);
  const auto is = [&](const std::array<int, 5>& numbers) {
    const int wanted = numbers[column_of(architecture)];
    return wanted != absent && call.number == wanted + first_number(architecture);
  };
  constexpr uint64_t most_descriptors = 65536;
  if (is({7, 168, 168, absent, 188}) || is({271, 309, 336, 73, 302}) || is({absent, 414, 414, absent, 414})) {
    // struct pollfd: the last two of eight bytes are the answer.
    for (uint64_t i = 0; i < std::min(a[1], most_descriptors); ++i) to.push_back({a[0] + 8 * i + 6, 2});
  } else if (is({23, 142, 142, absent, 142}) || is({270, 308, 335, 72, 301}) || is({absent, 413, 413, absent, 413})) {
    const uint64_t bits = 8 * w;
    for (size_t set = 1; set <= 3; ++set) to.push_back({a[set], (std::min(a[0], most_descriptors) + bits - 1) / bits * w});
  } else if (is({16, 54, 54, 29, 54})) {
    to.push_back(of_request(architecture, static_cast<uint32_t>(a[1]), a[2]));
    if (static_cast<uint32_t>(a[1]) == SIOCGIFCONF) {
      to.push_back({a[2], 4});
      to.push_back({number(a[2] + w, w), number(a[2], 4)});
    }
  } else if (is({157, 172, 172, 167, 192})) {
    if (a[0] == PR_GET_NAME) to.push_back({a[1], 16});
    if (a[0] == PR_GET_PDEATHSIG) to.push_back({a[1], 4});
  } else if (is({310, 347, 376, 270, 345})) {  // process_vm_readv
    for (uint64_t i = 0; i < std::min(a[2], max_vector); ++i)
      to.push_back({number(a[1] + 2 * i * w, w), number(a[1] + (2 * i + 1) * w, w)});
  }
}

}  // namespace

uint64_t room(const CallArguments& call, const NumberReader& number) {
  const Outputs* known = of_call(call.call);
  if (known == nullptr || (*known)[0].extent != Extent::told) return 0;
  const Address length = call.a[(*known)[0].n];
  return length == 0 ? 0 : number(length, 4);
}

std::vector<Piece> outputs(Architecture architecture, const CallArguments& call, uint64_t room, int64_t result,
                           const NumberReader& number) {
  std::vector<Piece> found;
  if (result < 0) return found;
  if (call.call == Call::other) special(architecture, call, number, found);
  const size_t c = column_of(architecture);
  if (const Outputs* known = row_of(architecture, call)) {
    for (const Output& output : *known) {
      const Address at = call.a[output.pointer];
      switch (output.extent) {
        case Extent::bytes: found.push_back({at, output.n}); break;
        case Extent::words: found.push_back({at, output.n * word_bytes(architecture)}); break;
        case Extent::sized: found.push_back({at, (*output.sizes)[c]}); break;
        case Extent::argument: found.push_back({at, std::min(call.a[output.n], largest_set)}); break;
        case Extent::counted:
          found.push_back({at, std::min(static_cast<uint64_t>(result), call.a[output.n]) *
                                   (output.sizes == nullptr ? 1 : (*output.sizes)[c])});
          break;
        case Extent::told:
          if (at != 0) found.push_back({at, std::min(room, number(call.a[output.n], 4))});
          found.push_back({call.a[output.n], 4});
          break;
      }
    }
  }
  std::erase_if(found, [](const Piece& piece) { return piece.at == 0 || piece.count == 0; });
  return found;
}

}  // namespace shikake::taint::qemu
