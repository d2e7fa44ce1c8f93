// What calls are said to write, against what this machine's kernel writes: each call is made twice, on memory that is
// full of one pattern and then of another; what differs from either was written.
#include "taint/qemu/outputs.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>

#include "base/unique_fd.h"

namespace shikake::taint::qemu {
namespace {

using base::UniqueFd;

constexpr size_t place_bytes = 1024, places = 3;

uint64_t number_here(Address address, size_t bytes) {
  uint64_t value = 0;
  std::memcpy(&value, reinterpret_cast<const void*>(address), bytes);
  return value;
}

struct Arena {
  alignas(64) std::array<std::array<uint8_t, place_bytes>, places> memory;
  uint64_t at(size_t i) const { return reinterpret_cast<uint64_t>(memory[i].data()); }
};

struct Row {
  const char* name;
  long number;
  // Arguments; may put what the call reads into the arena.
  std::function<std::array<uint64_t, 6>(Arena&)> arguments;
  bool whole = true;  // all that is said is written
};

class OutputsTest : public testing::Test {
 protected:
  // The bytes of the arena that are said to be written, and those that were.
  static void expect_same(const Row& row) {
    std::array<Arena, 2> before, after;
    std::vector<Piece> said;
    Arena arena;
    int64_t result = -1;
    for (size_t turn = 0; turn < 2; ++turn) {
      for (auto& place : arena.memory) place.fill(turn == 0 ? 0xa5 : 0x5a);
      CallArguments call{call_of(Architecture::x86_64, row.number), row.arguments(arena), row.number};
      before[turn] = arena;
      const uint64_t has_room = room(call, number_here);
      result = syscall(row.number, call.a[0], call.a[1], call.a[2], call.a[3], call.a[4], call.a[5]);
      ASSERT_GE(result, 0) << row.name << ": " << std::strerror(errno);
      after[turn] = arena;
      said = outputs(Architecture::x86_64, call, has_room, result, number_here);
    }
    for (size_t p = 0; p < places; ++p)
      for (size_t i = 0; i < place_bytes; ++i) {
        const bool written = after[0].memory[p][i] != before[0].memory[p][i] || after[1].memory[p][i] != before[1].memory[p][i];
        const uint64_t address = arena.at(p) + i;
        const bool is_said = std::ranges::any_of(said, [&](const Piece& one) { return address - one.at < one.count; });
        EXPECT_TRUE(is_said || !written) << row.name << ": place " << p << ", byte " << i;
        EXPECT_TRUE(written || !is_said || !row.whole) << row.name << ": place " << p << ", byte " << i << " was not written";
      }
  }
};

uint64_t put(Arena& arena, size_t place, uint32_t value) {
  std::memcpy(arena.memory[place].data(), &value, sizeof value);
  return arena.at(place);
}

TEST_F(OutputsTest, SayWhatTheKernelWrites) {
  const UniqueFd folder(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd a(ends[0]), b(ends[1]);
  const UniqueFd named(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "shikake-outputs-%d", getpid());
  ASSERT_EQ(bind(named.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(write(a.get(), "xy", 2), 2);
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  ASSERT_EQ(epoll_ctl(epoll.get(), EPOLL_CTL_ADD, b.get(), &wanted), 0);
  const auto fd = [](const UniqueFd& file) { return static_cast<uint64_t>(file.get()); };
  static const char link[] = "/proc/self/exe", root[] = "/";
  const auto text = [](const char* t) { return reinterpret_cast<uint64_t>(t); };
  const auto simple = [](size_t pointer) {
    return [pointer](Arena& arena) {
      std::array<uint64_t, 6> all{};
      all[pointer] = arena.at(0);
      return all;
    };
  };
  const Row rows[] = {
      {"uname", SYS_uname, simple(0)},
      {"stat", SYS_stat, [&](Arena& m) -> std::array<uint64_t, 6> { return {text(root), m.at(0)}; }},
      {"fstat", SYS_fstat, [&](Arena& m) -> std::array<uint64_t, 6> { return {fd(folder), m.at(0)}; }},
      {"newfstatat", SYS_newfstatat, [&](Arena& m) -> std::array<uint64_t, 6> { return {fd(folder), text(root), m.at(0), 0}; }},
      {"statx", SYS_statx, [&](Arena& m) -> std::array<uint64_t, 6> { return {fd(folder), text(root), 0, 0x7ff, m.at(0)}; }},
      {"statfs", SYS_statfs, [&](Arena& m) -> std::array<uint64_t, 6> { return {text(root), m.at(0)}; }},
      {"sysinfo", SYS_sysinfo, simple(0)},
      {"getcwd", SYS_getcwd, [&](Arena& m) -> std::array<uint64_t, 6> { return {m.at(0), place_bytes}; }},
      {"readlink", SYS_readlink, [&](Arena& m) -> std::array<uint64_t, 6> { return {text(link), m.at(0), place_bytes}; }},
      {"readlinkat", SYS_readlinkat, [&](Arena& m) -> std::array<uint64_t, 6> { return {0, text(link), m.at(0), 6}; }},
      // Between two names it leaves bytes as they were.
      {"getdents64", SYS_getdents64, [&](Arena& m) -> std::array<uint64_t, 6> {
         lseek(folder.get(), 0, SEEK_SET);
         return {fd(folder), m.at(0), place_bytes};
       }, false},
      {"getrandom", SYS_getrandom, [&](Arena& m) -> std::array<uint64_t, 6> { return {m.at(0), 64, 0}; }, false},
      {"pipe2", SYS_pipe2, [&](Arena& m) -> std::array<uint64_t, 6> { return {m.at(0), O_CLOEXEC}; }},
      {"poll", SYS_poll, [&](Arena& m) -> std::array<uint64_t, 6> {
         const pollfd wait[] = {{b.get(), POLLIN, 0x5a5a}, {a.get(), POLLIN, 0x5a5a}};
         std::memcpy(m.memory[0].data(), wait, sizeof wait);
         return {m.at(0), 2, 0};
       }},
      {"select", SYS_select, [&](Arena& m) -> std::array<uint64_t, 6> {
         std::memset(m.memory[0].data(), 0, 128);
         m.memory[0][static_cast<size_t>(b.get()) / 8] |= static_cast<uint8_t>(1 << b.get() % 8);  // which has two bytes to read
         return {static_cast<uint64_t>(b.get()) + 1, m.at(0), 0, 0, 0};
       }, false},
      {"epoll_wait", SYS_epoll_wait, [&](Arena& m) -> std::array<uint64_t, 6> { return {fd(epoll), m.at(0), 8, 0}; }},
      {"getsockname", SYS_getsockname, [&](Arena& m) -> std::array<uint64_t, 6> { return {fd(named), m.at(0), put(m, 1, 200)}; }, false},
      {"getsockname, cut", SYS_getsockname, [&](Arena& m) -> std::array<uint64_t, 6> { return {fd(named), m.at(0), put(m, 1, 12)}; }, false},
      {"getpeername", SYS_getpeername, [&](Arena& m) -> std::array<uint64_t, 6> { return {fd(a), m.at(0), put(m, 1, 100)}; }, false},
      {"getsockopt", SYS_getsockopt, [&](Arena& m) -> std::array<uint64_t, 6> { return {fd(a), SOL_SOCKET, SO_TYPE, m.at(0), put(m, 1, 40)}; }, false},
      {"socketpair", SYS_socketpair, [&](Arena& m) -> std::array<uint64_t, 6> { return {AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, m.at(0)}; }},
      {"recvfrom", SYS_recvfrom, [&](Arena& m) -> std::array<uint64_t, 6> {
         return {fd(b), text(link), 0, MSG_DONTWAIT | MSG_PEEK, m.at(0), put(m, 1, 100)};
       }, false},
      {"gettimeofday", SYS_gettimeofday, [&](Arena& m) -> std::array<uint64_t, 6> { return {m.at(0), m.at(1)}; }},
      {"clock_gettime", SYS_clock_gettime, [&](Arena& m) -> std::array<uint64_t, 6> { return {0, m.at(0)}; }},
      {"clock_getres", SYS_clock_getres, [&](Arena& m) -> std::array<uint64_t, 6> { return {0, m.at(0)}; }},
      {"time", SYS_time, simple(0)},
      {"times", SYS_times, simple(0)},
      {"getitimer", SYS_getitimer, simple(1)},
      {"getrusage", SYS_getrusage, simple(1)},
      {"getrlimit", SYS_getrlimit, simple(1)},
      {"prlimit64", SYS_prlimit64, simple(3)},
      {"getcpu", SYS_getcpu, [&](Arena& m) -> std::array<uint64_t, 6> { return {m.at(0), m.at(1)}; }},
      {"getresuid", SYS_getresuid, [&](Arena& m) -> std::array<uint64_t, 6> { return {m.at(0), m.at(1), m.at(2)}; }},
      {"getgroups, how many", SYS_getgroups, [&](Arena& m) -> std::array<uint64_t, 6> { return {0, m.at(0)}; }},
      {"getgroups", SYS_getgroups, [&](Arena& m) -> std::array<uint64_t, 6> { return {200, m.at(0)}; }},
      {"sched_getaffinity", SYS_sched_getaffinity, [&](Arena& m) -> std::array<uint64_t, 6> { return {0, place_bytes, m.at(0)}; }},
      {"sched_getparam", SYS_sched_getparam, simple(1)},
      {"rt_sigprocmask", SYS_rt_sigprocmask, [&](Arena& m) -> std::array<uint64_t, 6> { return {0, 0, m.at(0), 8}; }},
      {"rt_sigpending", SYS_rt_sigpending, [&](Arena& m) -> std::array<uint64_t, 6> { return {m.at(0), 8}; }},
      {"rt_sigaction", SYS_rt_sigaction, [&](Arena& m) -> std::array<uint64_t, 6> { return {SIGUSR2, 0, m.at(0), 8}; }},
      {"sigaltstack", SYS_sigaltstack, simple(1), false},  // four bytes between its members
      {"ioctl, bytes that wait", SYS_ioctl, [&](Arena& m) -> std::array<uint64_t, 6> { return {fd(b), FIONREAD, m.at(0)}; }},
      {"prctl, the name", SYS_prctl, [&](Arena& m) -> std::array<uint64_t, 6> { return {PR_GET_NAME, m.at(0)}; }},
      {"process_vm_readv", SYS_process_vm_readv, [&](Arena& m) -> std::array<uint64_t, 6> {
         const uint64_t vectors[] = {m.at(1), 9, m.at(1) + 20, 3, text(link), 12};
         std::memcpy(m.memory[0].data(), vectors, sizeof vectors);
         return {static_cast<uint64_t>(getpid()), m.at(0), 2, m.at(0) + 32, 1, 0};
       }},
  };
  for (const Row& row : rows) expect_same(row);
}

TEST(Outputs, CallsThatFailWriteNothing) {
  const CallArguments call{Call::other, {0x1000}, SYS_uname};
  EXPECT_TRUE(outputs(Architecture::x86_64, call, 0, -EFAULT, number_here).empty());
}

TEST(Outputs, NumbersAreTheArchitecturesOwn) {
  // 122 is uname on i386, setfsuid on x86-64; MIPS counts from 4000 on.
  for (const auto& [architecture, number, said] : {std::tuple{Architecture::i386, 122, true}, {Architecture::x86_64, 122, false},
                                                   {Architecture::mips, 4122, true}, {Architecture::mips, 122, false}}) {
    const CallArguments call{Call::other, {0x1000}, number};
    EXPECT_EQ(!outputs(architecture, call, 0, 0, number_here).empty(), said) << number;
  }
}

TEST(Outputs, WhatAProgramSaysOfItsRoomIsNotBelieved) {
  const CallArguments pending{Call::other, {0x1000, ~uint64_t{0}}, SYS_rt_sigpending};
  for (const Piece& piece : outputs(Architecture::x86_64, pending, 0, 0, number_here)) EXPECT_LE(piece.count, 4096u);
  const CallArguments many{Call::other, {0x1000, ~uint64_t{0}}, SYS_poll};
  EXPECT_LE(outputs(Architecture::x86_64, many, 0, 0, number_here).size(), 65536u);
}

}  // namespace
}  // namespace shikake::taint::qemu
