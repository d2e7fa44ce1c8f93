// The corpus reader as it runs: confined before it looks at a row.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "base/wire.h"
#include "cell/reader.h"
#include "cell/testing.h"
#include "neighbourhood/sources/protocol.h"
#include "neighbourhood/sources/source.h"

namespace shikake::neighbourhood {
namespace {

using namespace std::chrono_literals;

TEST(CorpusReader, HasItsChannelAndItsInputAndNothingElse) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  base::UniqueFd input(ends[0]), feeding(ends[1]);
  // More than a batch and no end: once it has answered with the first rows, it waits for more.
  std::string rows;
  while (rows.size() < 2 * batch_bytes) rows += "http://a.example/" + std::to_string(rows.size()) + "\n";
  if (fcntl(feeding.get(), F_SETPIPE_SZ, 1 << 20) < 0)
    GTEST_SKIP() << "no pipe of a megabyte is to be had here (fs.pipe-max-size, or the user's pipes)";
  ASSERT_EQ(::write(feeding.get(), rows.data(), rows.size()), static_cast<ssize_t>(rows.size()));
  const int fd = input.get();
  auto reader = cell::ReaderProcess::start(corpus_reader_program, {&fd, 1}, max_corpus_frame, 1 << 30);
  ASSERT_TRUE(reader) << reader.error().message();
  ASSERT_TRUE(reader->channel.send(static_cast<uint8_t>(CorpusMessage::options),
                                   base::to_wire(SourceOptions{"auto", 20'000}), base::Deadline::after(30s)));
  auto frame = reader->channel.receive(base::Deadline::after(30s));
  ASSERT_TRUE(frame) << frame.error().message();
  EXPECT_EQ(frame->type, static_cast<uint8_t>(CorpusMessage::rows));
  const cell::Confinement seen = cell::confinement_of(reader->child.pid());
  EXPECT_TRUE(seen.filtered && seen.no_new_privs);
  for (const auto& [number, target] : seen.descriptors) {
    if (number == cell::reader_channel_fd)
      EXPECT_TRUE(target.starts_with("socket:")) << target;
    else if (number == cell::reader_first_input_fd)
      EXPECT_TRUE(target.starts_with("pipe:")) << target;
    else
      EXPECT_EQ(target, "/dev/null") << number;
  }
}

}  // namespace
}  // namespace shikake::neighbourhood
