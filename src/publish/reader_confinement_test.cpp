// The feed reader as it runs: confined before it looks at a feed.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/wire.h"
#include "cell/reader.h"
#include "cell/testing.h"
#include "publish/reader_protocol.h"

namespace shikake::publish {
namespace {

using namespace std::chrono_literals;

TEST(FeedReader, HasItsChannelAndItsInputsAndNothingElse) {
  constexpr std::string_view feed = "a.example\nb.example\n";
  base::UniqueFd file(memfd_create("feed", MFD_CLOEXEC));
  ASSERT_EQ(::write(file.get(), feed.data(), feed.size()), static_cast<ssize_t>(feed.size()));
  const int input = file.get();
  auto reader = cell::ReaderProcess::start(reader_program, {&input, 1}, max_reader_frame, 1 << 30);
  ASSERT_TRUE(reader) << reader.error().message();
  ASSERT_TRUE(reader->channel.send(static_cast<uint8_t>(ReaderMessage::question), base::to_wire(Question{}),
                                   base::Deadline::after(30s)));
  for (;;) {
    auto frame = reader->channel.receive(base::Deadline::after(30s));
    ASSERT_TRUE(frame) << frame.error().message();
    if (frame->type == static_cast<uint8_t>(ReaderMessage::report)) break;
  }
  // It waits for the next question.
  const cell::Confinement seen = cell::confinement_of(reader->child.pid());
  EXPECT_TRUE(seen.filtered && seen.no_new_privs);
  for (const auto& [number, target] : seen.descriptors) {
    if (number == cell::reader_channel_fd)
      EXPECT_TRUE(target.starts_with("socket:")) << target;
    else if (number == cell::reader_first_input_fd)
      EXPECT_TRUE(target.starts_with("/memfd:feed")) << target;
    else
      EXPECT_EQ(target, "/dev/null") << number;
  }
}

}  // namespace
}  // namespace shikake::publish
