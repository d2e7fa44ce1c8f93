#include "cell/forked.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <csignal>

#include "cell/testing.h"

namespace shikake::cell {
namespace {

using namespace std::chrono_literals;

TEST(ForkedChild, ExitsWithItsStatus) {
  auto child = ForkedChild::start({.keep = {}, .max_frame_bytes = 64}, [](base::FrameChannel&) { return 7; });
  ASSERT_TRUE(child) << child.error().message();
  auto status = child->wait(base::Deadline::after(30s));
  ASSERT_TRUE(status) << status.error().message();
  EXPECT_EQ(*status, (base::WaitStatus{base::WaitStatus::How::exited, 7})) << status->describe();
}

class Forked : public testing::TestWithParam<Attempt> {};

TEST_P(Forked, CanNot) {
  SHIKAKE_SKIP_ATTEMPTS_OF_SANITIZERS(GetParam());
  auto child = ForkedChild::start({.keep = {}, .max_frame_bytes = 64},
                                  [](base::FrameChannel&) { return GetParam().action(); });
  ASSERT_TRUE(child) << child.error().message();
  auto status = child->wait(base::Deadline::after(30s));
  ASSERT_TRUE(status) << status.error().message();
  EXPECT_EQ(*status, GetParam().end) << status->describe();
}

INSTANTIATE_TEST_SUITE_P(Attempts, Forked, testing::ValuesIn(forbidden_attempts),
                         [](const auto& row) { return row.param.name; });

TEST(ForkedChild, ReadsWhatItKeepsAndAnswers) {
  int ends[2], others[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  ASSERT_EQ(pipe2(others, O_CLOEXEC), 0);
  base::UniqueFd in(ends[0]), out(ends[1]), other_in(others[0]), other_out(others[1]);
  ASSERT_EQ(write(out.get(), "abc", 3), 3);
  const std::string shared = "in memory";
  auto child =
      ForkedChild::start({.keep = {in.get()}, .max_frame_bytes = 64}, [&](base::FrameChannel& parent) {
        char text[3];
        if (read(in.get(), text, 3) != 3) return 1;
        if (read(other_in.get(), text, 3) != -1 || errno != EBADF) return 2;
        return parent.send(9, std::string(text, 3) + " " + shared, base::Deadline::never()) ? 0 : 3;
      });
  ASSERT_TRUE(child) << child.error().message();
  auto frame = child->channel().receive(base::Deadline::after(30s));
  ASSERT_TRUE(frame) << frame.error().message();
  EXPECT_EQ(frame->type, 9);
  EXPECT_EQ(frame->body, "abc in memory");
  auto status = child->wait(base::Deadline::after(30s));
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->success()) << status->describe();
}

TEST(ForkedChild, HasNoMoreMemoryAndTimeThanItMay) {
  const ForkedChild::Options options{
      .keep = {}, .max_frame_bytes = 64, .limits = {.data = uint64_t{64} << 20, .cpu_seconds = 1}};
  auto allocate = [](uint64_t bytes) {
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? errno : 0;
  };
  for (const auto& [megabytes, status] : {std::pair{16, 0}, {256, ENOMEM}}) {
    auto child = ForkedChild::start(options, [&allocate, size = uint64_t(megabytes) << 20](base::FrameChannel&) {
      return allocate(size);
    });
    ASSERT_TRUE(child) << child.error().message();
    auto end = child->wait(base::Deadline::after(30s));
    ASSERT_TRUE(end) << end.error().message();
    EXPECT_EQ(*end, (base::WaitStatus{base::WaitStatus::How::exited, status})) << end->describe();
  }
  auto child = ForkedChild::start(options, [](base::FrameChannel&) {
    for (std::atomic<uint64_t> i = 0;; ++i) {}
    return 0;
  });
  ASSERT_TRUE(child) << child.error().message();
  auto end = child->wait(base::Deadline::after(120s));
  ASSERT_TRUE(end) << end.error().message();
  EXPECT_EQ(*end, (base::WaitStatus{base::WaitStatus::How::killed, SIGXCPU})) << end->describe();
}

TEST(ForkedChild, IsKilledWithItsOwner) {
  pid_t pid;
  {
    auto child = ForkedChild::start({.keep = {}, .max_frame_bytes = 64}, [](base::FrameChannel& parent) {
      auto never = parent.receive(base::Deadline::never());
      return never ? 0 : 1;
    });
    ASSERT_TRUE(child);
    EXPECT_FALSE(child->wait(base::Deadline::now()));
    pid = child->pid();
  }
  EXPECT_EQ(kill(pid, 0), -1);
}

}  // namespace
}  // namespace shikake::cell
