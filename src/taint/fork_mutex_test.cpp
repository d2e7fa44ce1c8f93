#include "taint/fork_mutex.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace shikake::taint {
namespace {

TEST(ForkMutexTest, IsFreeInAChildThatIsForkedWhileAnotherThreadHoldsIt) {
  ForkMutex outer, inner;
  std::atomic<bool> goes_on = true, holds = false;
  std::thread busy([&] {
    while (goes_on) {
      const std::lock_guard first(inner);  // made later, taken first
      const std::lock_guard second(outer);
      holds = true;
      for (int i = 0; i < 1000; ++i) std::atomic_signal_fence(std::memory_order_seq_cst);
    }
  });
  while (!holds) std::this_thread::yield();
  for (int round = 0; round < 50; ++round) {
    const pid_t child = fork();
    if (child == 0) _exit(outer.try_lock() && inner.try_lock() ? 0 : 1);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0) << "held in the child of round " << round;
  }
  goes_on = false;
  busy.join();
  EXPECT_TRUE(outer.try_lock());  // free in the parent too
  outer.unlock();
}

TEST(ForkMutexTest, OneThatIsGoneIsNotTaken) {
  { const ForkMutex gone; }
  const pid_t child = fork();
  if (child == 0) _exit(0);
  int status = 1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace shikake::taint
