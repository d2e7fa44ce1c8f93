#include "sandbox/debug/unpack_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/debug/memory_map.h"
#include "sandbox/trace/testing.h"
#include "sandbox/trace/tracer.h"

namespace shikake::sandbox::debug {
namespace {

using base::Deadline;
using namespace std::chrono_literals;
using testing::HasSubstr;

const std::string guest = std::string(SHIKAKE_BUILD_DIR) + "/src/sandbox/debug_guest";

// How the first process ended.
class Ending : public trace::Hook {
 public:
  void on_process_end(const trace::Process& process, const trace::Ending& ending) override {
    if (process.parent.value == 0) status = ending.status;
  }
  base::WaitStatus status{base::WaitStatus::How::killed, -1};
};

struct Outcome {
  std::vector<CodeDump> dumps;
  base::WaitStatus status;
};

Outcome run(const std::vector<std::string>& argv) {
  Outcome outcome;
  UnpackWatch watch([&](trace::Thread&, CodeDump&& dump) { outcome.dumps.push_back(std::move(dump)); });
  Ending ending;
  auto tracer = trace::Tracer::make({});
  EXPECT_TRUE(tracer);
  tracer->add(watch);
  tracer->add(ending);
  auto child = trace::start_guest(*tracer, argv, {.environment = {"SHIKAKE_SPECIMEN=in-a-cell"}});
  EXPECT_TRUE(child) << child.error().message();
  auto end = tracer->run(Deadline::after(30s));
  EXPECT_TRUE(end);
  EXPECT_EQ(*end, trace::RunEnd::all_gone);
  outcome.status = ending.status;
  return outcome;
}

constexpr base::WaitStatus well{base::WaitStatus::How::exited, 0};

TEST(UnpackWatch, DumpsWhatAPackedProgramDecodes) {
  Outcome outcome = run({std::string(SHIKAKE_BUILD_DIR) + "/specimens/packed"});
  EXPECT_EQ(outcome.status, well);
  ASSERT_EQ(outcome.dumps.size(), 1u);
  const CodeDump& dump = outcome.dumps[0];
  EXPECT_EQ(dump.bytes.substr(0, 6), std::string("\xB8\x2A\0\0\0\xC3", 6));
  EXPECT_THAT(dump.bytes, HasSubstr("http://unpacked.example/second-stage"));
  EXPECT_EQ(dump.instruction, dump.address);
  EXPECT_THAT(dump.why, HasSubstr("written, then executed at 0x"));
}

TEST(UnpackWatch, ShowsWhatMemoryBecameThatIsWritableAndExecutable) {
  Outcome outcome = run({guest, "code-twice"});
  EXPECT_EQ(outcome.status, well);
  ASSERT_EQ(outcome.dumps.size(), 2u);
  EXPECT_EQ(outcome.dumps[0].bytes.size(), 6u);
  EXPECT_EQ(outcome.dumps[1].bytes.size(), 5006u);
  EXPECT_EQ(outcome.dumps[1].instruction, 0u);
}

TEST(UnpackWatch, FollowsAFork) {
  Outcome outcome = run({guest, "code-in-child"});
  EXPECT_EQ(outcome.status, well);
  ASSERT_EQ(outcome.dumps.size(), 1u);
  EXPECT_EQ(outcome.dumps[0].process.value, 2u);
}

TEST(UnpackWatch, SeesProgramsOf32BitsToo) {
  const std::string narrow = guest + "_32bit";
  if (::access(narrow.c_str(), X_OK) != 0)
    GTEST_SKIP() << "no i686-linux-gnu-gcc was there to build " << narrow;
  Outcome outcome = run({narrow, "code-twice"});
  EXPECT_EQ(outcome.status, well);
  ASSERT_EQ(outcome.dumps.size(), 2u);
  EXPECT_EQ(outcome.dumps[1].bytes.size(), 5006u);
  outcome = run({narrow, "code-in-child"});
  EXPECT_EQ(outcome.status, well);
  EXPECT_EQ(outcome.dumps.size(), 1u);
}

TEST(UnpackWatch, LeavesAFaultToItsProgram) {
  Outcome outcome = run({guest, "run-data"});
  EXPECT_EQ(outcome.status, (base::WaitStatus{base::WaitStatus::How::killed, SIGSEGV}));
  EXPECT_TRUE(outcome.dumps.empty());
}

TEST(UnpackWatch, SaysNothingOfOrdinaryPrograms) {
  for (const std::vector<std::string>& argv : {std::vector<std::string>{"/bin/ls", "/"},
                                               {guest, "threads"},
                                               {"/bin/sh", "-c", "/bin/true; /bin/true"}}) {
    Outcome outcome = run(argv);
    EXPECT_EQ(outcome.status, well) << argv[0];
    EXPECT_TRUE(outcome.dumps.empty()) << argv[0];
  }
}

struct MapRow {
  const char* name;
  const char* text;
  size_t mappings;
};

TEST(MemoryMap, ReadsTheKernelsLines) {
  const MapRow rows[] = {
      {"none", "", 0},
      {"file", "55d0c0a00000-55d0c0a21000 r-xp 00001000 08:01 1234                       /usr/bin/a b\n", 1},
      {"anonymous", "7f0000000000-7f0000001000 rw-p 00000000 00:00 0 \n", 1},
      {"no line end", "7f0000000000-7f0000001000 rw-p 00000000 00:00 0", 1},
      {"no numbers", "x-y rw-p 00000000 00:00 0\n", 0},
      {"ends before it begins", "2000-1000 rw-p 00000000 00:00 0\n", 0},
      {"cut", "1000-2000 rw", 0},
  };
  for (const MapRow& row : rows) EXPECT_EQ(parse_memory_map(row.text).size(), row.mappings) << row.name;
  const Mapping mapping = parse_memory_map(rows[1].text).at(0);
  EXPECT_EQ(mapping.path, "/usr/bin/a b");
  EXPECT_EQ(mapping.offset, 0x1000u);
  EXPECT_TRUE(mapping.executable && !mapping.writable);
  EXPECT_FALSE(memory_map({::getpid()}).empty());
}

}  // namespace
}  // namespace shikake::sandbox::debug
