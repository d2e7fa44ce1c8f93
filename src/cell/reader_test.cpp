#include "cell/reader.h"

#include <gtest/gtest.h>

#include "cell/testing.h"

namespace shikake::cell {
namespace {

class Readers : public testing::TestWithParam<Attempt> {};

TEST_P(Readers, CanNot) {
  SHIKAKE_SKIP_ATTEMPTS_OF_SANITIZERS(GetParam());
  const pid_t pid = fork();
  if (pid == 0) {
    if (!confine_reader()) _exit(99);
    _exit(GetParam().action());
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  using How = base::WaitStatus::How;
  const base::WaitStatus end = WIFEXITED(status) ? base::WaitStatus{How::exited, WEXITSTATUS(status)}
                                                 : base::WaitStatus{How::killed, WTERMSIG(status)};
  EXPECT_EQ(end, GetParam().end) << end.describe();
}

INSTANTIATE_TEST_SUITE_P(Attempts, Readers, testing::ValuesIn(forbidden_attempts),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace shikake::cell
