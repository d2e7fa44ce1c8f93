#include "cell/seccomp.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>

#include "cell/testing.h"

namespace shikake::cell {
namespace {

using namespace attempts;

constexpr int killed = 1000;  // by SIGSYS
constexpr int not_installed = 99;

// What a forked child meets under the policy: 0, an errno, or `killed`.
int outcome(const SeccompPolicy& policy, const std::function<int()>& action) {
  pid_t pid = fork();
  if (pid == 0) {
    if (!policy.install()) _exit(not_installed);
    _exit(action());
  }
  int status = 0;
  waitpid(pid, &status, 0);
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  return WTERMSIG(status) == SIGSYS ? killed : 2000 + WTERMSIG(status);
}

int compute() {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += static_cast<char>(i);
  timespec now{};
  return errno_of(clock_gettime(CLOCK_MONOTONIC, &now));
}
int print() {
  std::printf("%s", "");
  std::fflush(stdout);
  return errno_of(write(2, "", 0));
}
int abort_is_a_crash() {
  std::abort();
}

SeccompPolicy pure() {
  return SeccompPolicy::pure_computation();
}
SeccompPolicy fetching() {
  return pure().allow_threads().allow_network().allow_reading_files();
}
SeccompPolicy supervising() {
  return SeccompPolicy::everything_but_exec();
}

struct Row {
  const char* name;
  SeccompPolicy policy;
  int (*action)();
  int expected;
};
class Seccomp : public ::testing::TestWithParam<Row> {};
TEST_P(Seccomp, Outcome) {
#ifdef __SANITIZE_ADDRESS__
  for (int (*own)() : {abort_is_a_crash, new_thread}) {
    if (GetParam().action == own)
      GTEST_SKIP() << "the sanitizer handles crashes and threads by calls of its own";
  }
#endif
  EXPECT_EQ(outcome(GetParam().policy, GetParam().action), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Pure, Seccomp,
    ::testing::Values(
        Row{"compute", pure(), compute, 0}, Row{"print", pure(), print, 0}, Row{"map", pure(), map_plain, 0},
        Row{"open", pure(), open_reading, killed}, Row{"stat", pure(), look_at_file, EACCES},
        Row{"socket", pure(), internet_socket, killed}, Row{"exec", pure(), exec_program, killed},
        Row{"execveat", pure(), exec_by_descriptor, killed}, Row{"fork", pure(), new_process, killed},
        Row{"thread", pure(), new_thread, killed}, Row{"dup", pure(), duplicate, killed},
        Row{"kill", pure(), kill_parent, killed}, Row{"ptrace", pure(), trace, killed},
        Row{"map_exec", pure(), map_executable, EPERM}, Row{"mprotect_exec", pure(), make_executable, EPERM},
        Row{"io_uring", pure(), io_uring, killed}, Row{"abort", pure(), abort_is_a_crash, 2000 + SIGSEGV}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Weakened, Seccomp,
    ::testing::Values(Row{"threads", pure().allow_threads(), new_thread, 0},
                      Row{"threads_not_processes", pure().allow_threads(), new_process, killed},
                      Row{"network", pure().allow_network(), internet_socket, 0},
                      Row{"network_not_unix", pure().allow_network(), unix_socket, EAFNOSUPPORT},
                      Row{"network_not_packet", pure().allow_network(), packet_socket, EAFNOSUPPORT},
                      Row{"network_not_listening", pure().allow_network(), listening, killed},
                      Row{"network_not_files", pure().allow_network(), open_reading, killed},
                      Row{"reading", pure().allow_reading_files(), open_reading, 0},
                      Row{"reading_looks", pure().allow_reading_files(), look_at_file, 0},
                      Row{"reading_not_writing", pure().allow_reading_files(), open_writing, killed},
                      Row{"reading_not_creating", pure().allow_reading_files(), open_creating, killed},
                      Row{"executable", pure().allow_executable_memory(), map_executable, 0},
                      Row{"executable_later", pure().allow_executable_memory(), make_executable, 0},
                      Row{"executable_not_exec", pure().allow_executable_memory(), exec_program, killed},
                      Row{"all_three", fetching(), internet_socket, 0},
                      Row{"all_three_thread", fetching(), new_thread, 0},
                      Row{"all_three_exec", fetching(), exec_program, killed},
                      Row{"named", pure().allow("kill"), kill_parent, 0},
                      Row{"answered", pure().answer(ENETDOWN, "socket"), internet_socket, ENETDOWN},
                      Row{"answer_then_allow", pure().answer(ENETDOWN, "socket").allow("socket"), unix_socket,
                          0},
                      Row{"allow_then_answer", pure().allow_network().answer(ENETDOWN, "socket"),
                          internet_socket, ENETDOWN}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(ButExec, Seccomp,
                         ::testing::Values(Row{"open", supervising(), open_writing, 0},
                                           Row{"fork", supervising(), new_process, 0},
                                           Row{"thread", supervising(), new_thread, 0},
                                           Row{"exec", supervising(), exec_program, killed},
                                           Row{"execveat", supervising(), exec_by_descriptor, killed},
                                           Row{"ptrace", supervising(), trace, killed},
                                           Row{"unshare", supervising(), new_user_namespace, killed},
                                           Row{"clone", supervising(), clone_into_user_namespace, killed},
                                           Row{"map_exec", supervising(), map_executable, EPERM},
                                           Row{"io_uring", supervising(), io_uring, killed},
                                           Row{"io_uring_in_fork", supervising(),
                                               [] {
                                                 pid_t pid = fork();  // children inherit the filter
                                                 if (pid == 0) _exit(io_uring());
                                                 int status = 0;
                                                 waitpid(pid, &status, 0);
                                                 return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ? 0
                                                                                                          : 1;
                                               },
                                               0}),
                         [](const auto& row) { return row.param.name; });

// The rows above mean something only if the actions work without a filter.
TEST(SeccompActions, WorkUnfiltered) {
  for (int (*action)() :
       {open_reading, open_creating, look_at_file, internet_socket, unix_socket, new_process, map_plain,
        map_executable, make_executable, new_thread, kill_parent, exec_program, duplicate, trace}) {
    pid_t pid = fork();
    if (pid == 0) _exit(action());
    int status = 0;
    waitpid(pid, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
}

TEST(SeccompPolicy, UnknownCallIsNamed) {
  auto compiled = pure().allow("frobnicate").compile();
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().code, ErrorCode::invalid_usage);
  EXPECT_NE(compiled.error().what.find("frobnicate"), std::string::npos);
}

// Limits come before the filter where a worker confines itself, and one that may write no files must still
// be able to do so.
TEST(SeccompPolicy, InstallsWhereNoFileMayBeWritten) {
  pid_t pid = fork();
  if (pid == 0) {
    const rlimit none{0, 0};
    if (setrlimit(RLIMIT_FSIZE, &none) != 0) _exit(1);
    _exit(pure().install() ? 0 : 2);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

// The filter covers threads that were there before it.
TEST(SeccompPolicy, CoversEarlierThreads) {
  pid_t pid = fork();
  if (pid == 0) {
    int go[2];
    int never[2];
    if (pipe(go) != 0 || pipe(never) != 0) _exit(1);
    std::thread earlier([&go] {
      char byte;
      if (read(go[0], &byte, 1) == 1) (void)!socket(AF_INET, SOCK_STREAM, 0);
      _exit(2);  // outlived its crime
    });
    if (!pure().install()) _exit(3);
    if (write(go[1], "g", 1) != 1) _exit(4);
    char byte;
    (void)!read(never[0], &byte, 1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << status;
}

}  // namespace
}  // namespace shikake::cell
