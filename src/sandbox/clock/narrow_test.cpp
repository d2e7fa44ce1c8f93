// The 32-bit calls of a 32-bit program, through engine, monitor and clock.
#include <gtest/gtest.h>

#include <filesystem>

#include "sandbox/clock/clock.h"
#include "sandbox/monitor/testing.h"

namespace shikake::sandbox {
namespace {

using namespace std::chrono_literals;

TEST(Narrow, A32BitProgramIsSeenAndItsClockIsAhead) {
  const std::string guest = SHIKAKE_BUILD_DIR "/src/sandbox/narrow_guest";
  if (!std::filesystem::exists(guest)) GTEST_SKIP() << "this compiler makes no 32-bit programs";
  monitor::RememberingSink sink;
  monitor::Monitor monitor({}, sink);
  auto tracer = trace::Tracer::make({});
  clock::VirtualClock clock(*tracer, {}, &monitor);
  tracer->add(monitor);
  tracer->add(clock);
  ASSERT_TRUE(trace::start_guest(*tracer, std::vector<std::string>{guest}));
  EXPECT_EQ(tracer->run(base::Deadline::after(20s)), trace::RunEnd::all_gone);
  monitor.finish();
  ASSERT_EQ(sink.processes.size(), 1u);
  EXPECT_EQ(sink.processes[0].how_ended, "exited 0");
  ASSERT_EQ(sink.processes[0].argv.size(), 1u);
  EXPECT_EQ(sink.processes[0].argv[0], guest);
  EXPECT_NE(sink.find(intel::BehaviourKind::password_file_read, "/etc/shadow"), nullptr) << sink.all();
  EXPECT_NE(sink.find(intel::BehaviourKind::long_sleep, "600 s"), nullptr) << sink.all();
}

}  // namespace
}  // namespace shikake::sandbox
