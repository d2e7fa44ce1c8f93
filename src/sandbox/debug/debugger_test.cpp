// Scripts run against real guests.
#include "sandbox/debug/debugger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/debug/unpack_watch.h"
#include "sandbox/trace/testing.h"
#include "sandbox/trace/tracer.h"

namespace shikake::sandbox::debug {
namespace {

using base::Deadline;
using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const std::string guest = std::string(SHIKAKE_BUILD_DIR) + "/src/sandbox/debug_guest";
const std::string stripped = std::string(SHIKAKE_BUILD_DIR) + "/src/sandbox/debug_guest_stripped";
const std::string specimens = std::string(SHIKAKE_BUILD_DIR) + "/specimens/";

class Keeping : public DebugSink {
 public:
  void note(trace::Thread& thread, std::string text) override {
    notes.push_back(std::move(text));
    processes.push_back(thread.process().id.value);
    tids.insert(thread.tid().value);
  }
  void dump(trace::Thread&, MemoryDump one) override { dumps.push_back(std::move(one)); }
  void stop() override { tracer->stop(); }

  trace::Tracer* tracer = nullptr;
  std::vector<std::string> notes;
  std::vector<uint32_t> processes;
  std::set<pid_t> tids;
  std::vector<MemoryDump> dumps;
};

class Ending : public trace::Hook {
 public:
  void on_process_end(const trace::Process& process, const trace::Ending& ending) override {
    if (process.parent.value == 0) status = ending.status;
  }
  base::WaitStatus status{base::WaitStatus::How::killed, -1};
};

struct Outcome {
  std::vector<std::string> notes, remarks;
  std::vector<uint32_t> processes;
  std::set<pid_t> tids;
  std::vector<MemoryDump> dumps;
  base::WaitStatus status;
  bool stopped = false;
};

Outcome run(const std::string& script, const std::vector<std::string>& argv,
            const std::vector<std::string>& environment = {"GUEST_SECRET=orders",
                                                           "SHIKAKE_SPECIMEN=in-a-cell"}) {
  Outcome outcome;
  auto parsed = parse_script(script);
  EXPECT_TRUE(parsed) << parsed.error().message();
  if (!parsed) return outcome;
  Keeping sink;
  Debugger debugger(std::move(*parsed), sink);
  Ending ending;
  auto tracer = trace::Tracer::make({});
  EXPECT_TRUE(tracer);
  sink.tracer = &*tracer;
  tracer->add(debugger);
  tracer->add(ending);
  auto child = trace::start_guest(*tracer, argv, {.environment = environment});
  EXPECT_TRUE(child) << child.error().message();
  auto end = tracer->run(Deadline::after(30s));
  EXPECT_TRUE(end);
  outcome.stopped = debugger.stopped();
  tracer->kill_all();
  outcome.notes = std::move(sink.notes);
  outcome.processes = std::move(sink.processes);
  outcome.tids = std::move(sink.tids);
  outcome.dumps = std::move(sink.dumps);
  outcome.remarks = debugger.remarks();
  outcome.status = ending.status;
  return outcome;
}

constexpr base::WaitStatus exited(int status) {
  return {base::WaitStatus::How::exited, status};
}

TEST(Debugger, StopsAtAFunctionOfAPositionIndependentProgram) {
  Outcome outcome = run(R"(
[[break]]
at = "guest_greet"
log = ["string arg1", "value arg1", "memory arg1 8", "registers", "arguments"]
)",
                        {guest, "functions"});
  EXPECT_EQ(outcome.status, exited(0));
  ASSERT_EQ(outcome.notes.size(), 1u);
  EXPECT_THAT(outcome.notes[0], StartsWith("program!guest_greet: arg1 = \"analyst\"; arg1 = 0x"));
  EXPECT_THAT(outcome.notes[0], HasSubstr("61 6e 61 6c 79 73 74 00 |analyst.|"));
  EXPECT_THAT(outcome.notes[0], HasSubstr("rip=0x"));
  EXPECT_THAT(outcome.remarks, IsEmpty());
}

TEST(Debugger, SeesAFunctionsEndAndItsResult) {
  Outcome outcome =
      run("[[break]]\nat = \"guest_greet\"\nwhen = \"end\"\nlog = [\"value result\", \"string arg1\"]\n",
          {guest, "functions"});
  EXPECT_EQ(outcome.status, exited(0));
  EXPECT_THAT(outcome.notes, ElementsAre("end of guest_greet: result = 0xa; arg1 = \"analyst\""));
}

TEST(Debugger, TellsTheCallsOfARecursionApart) {
  Outcome outcome =
      run("[[break]]\nat = \"guest_count_down\"\nwhen = \"end\"\nlog = [\"value arg1\", \"value result\"]\n",
          {guest, "recursion"});
  EXPECT_EQ(outcome.status, exited(0));
  EXPECT_THAT(outcome.notes, ElementsAre("end of guest_count_down: arg1 = 0x0; result = 0x0",
                                         "end of guest_count_down: arg1 = 0x1; result = 0x1",
                                         "end of guest_count_down: arg1 = 0x2; result = 0x2",
                                         "end of guest_count_down: arg1 = 0x3; result = 0x3",
                                         "end of guest_count_down: arg1 = 0x4; result = 0x4",
                                         "end of guest_count_down: arg1 = 0x5; result = 0x5"));
}

TEST(Debugger, SetsWhatAFunctionGivesWithoutRunningIt) {
  Outcome outcome = run("[[break]]\nat = \"guest_add\"\nresult = 77\n", {guest, "functions"},
                        {"PATH=/bin"});  // without the secret its status is guest_add(40, 2)
  EXPECT_EQ(outcome.status, exited(77));
  outcome = run("[[break]]\nat = \"guest_add\"\nwhen = \"end\"\nresult = 78\n", {guest, "functions"},
                {"PATH=/bin"});
  EXPECT_EQ(outcome.status, exited(78));
}

TEST(Debugger, TracesLibraryCallsByName) {
  Outcome outcome = run("[[trace]]\nfunctions = [\"getenv\", \"libc!strlen\"]\n", {guest, "functions"});
  EXPECT_EQ(outcome.status, exited(0));
  EXPECT_THAT(outcome.notes,
              Contains(StartsWith("getenv(\"GUEST_SECRET\") = \"orders\" from program!main+0x")));
  EXPECT_THAT(outcome.notes, Contains(StartsWith("strlen(\"analyst\") = 7 from program!guest_greet+0x")));
  EXPECT_THAT(outcome.remarks, IsEmpty());
}

TEST(Debugger, TracesLibraryCallsOfAStrippedProgram) {
  Outcome outcome = run("[[trace]]\nfunctions = [\"getenv\"]\n", {stripped, "functions"});
  EXPECT_EQ(outcome.status, exited(0));
  EXPECT_THAT(outcome.notes, Contains(StartsWith("getenv(\"GUEST_SECRET\") = \"orders\" from program+0x")));
}

TEST(Debugger, StopsAtAddressesOfAStrippedProgram) {
  // The address of guest_add, from the same program with symbols: both are linked alike.
  Outcome named = run("[[break]]\nat = \"guest_add\"\nlog = [\"value rip\"]\n", {guest, "functions"});
  ASSERT_FALSE(named.notes.empty());
  ImageSymbols symbols = ImageSymbols::parse([] {
    std::string bytes;
    FILE* file = std::fopen(guest.c_str(), "rb");
    char buffer[4096];
    while (size_t got = std::fread(buffer, 1, sizeof buffer, file)) bytes.append(buffer, got);
    std::fclose(file);
    return bytes;
  }());
  const auto found = symbols.by_name.find("guest_add");
  ASSERT_NE(found, symbols.by_name.end());
  char where[32];
  std::snprintf(where, sizeof where, "program+0x%llx",
                static_cast<unsigned long long>(symbols.functions[found->second].address));
  Outcome outcome =
      run("[[break]]\nat = \"" + std::string(where) + "\"\nlog = [\"value arg1\", \"value arg2\"]\n",
          {stripped, "functions"});
  EXPECT_THAT(outcome.notes, ElementsAre(std::string(where) + ": arg1 = 0x1; arg2 = 0x2"));
}

TEST(Debugger, FollowsThreads) {
  Outcome outcome = run("[[break]]\nat = \"guest_add\"\nlog = [\"value arg1\"]\n", {guest, "threads"});
  EXPECT_EQ(outcome.status, exited(0));
  EXPECT_EQ(outcome.notes.size(), 150u);
  EXPECT_EQ(outcome.tids.size(), 3u);
}

TEST(Debugger, FollowsForks) {
  Outcome outcome =
      run("[[break]]\nat = \"guest_add\"\nlog = [\"value arg1\"]\n[[trace]]\nfunctions = [\"_exit\"]\n",
          {guest, "fork"});
  EXPECT_EQ(outcome.status, exited(0));
  EXPECT_THAT(outcome.notes, testing::UnorderedElementsAre("program!guest_add: arg1 = 0x14",
                                                           "program!guest_add: arg1 = 0x1"));
  EXPECT_THAT(outcome.processes, testing::UnorderedElementsAre(1u, 2u));
}

TEST(Debugger, IsNotSeenInTheProgramsCode) {
  Outcome outcome = run("[[break]]\nat = \"guest_add\"\n", {guest, "look-at-code"});
  EXPECT_EQ(outcome.status, exited(0));
  EXPECT_EQ(outcome.notes.size(), 1u);
  EXPECT_THAT(outcome.remarks, IsEmpty());
}

TEST(Debugger, SaysWhenTheProgramCouldHaveSeenIt) {
  // More places than there are debug registers.
  Outcome outcome =
      run("[[break]]\nat=\"main\"\n[[break]]\nat=\"guest_greet\"\n[[break]]\nat=\"guest_count_down\"\n"
          "[[break]]\nat=\"guest_add\"\n",
          {guest, "functions"});
  EXPECT_EQ(outcome.status, exited(0));
  EXPECT_THAT(outcome.notes, ElementsAre("program!main", "program!guest_greet", "program!guest_add"));
  EXPECT_THAT(outcome.remarks, ElementsAre(HasSubstr("where it can see them")));
}

TEST(Debugger, LeavesAProgramItsOwnTraps) {
  Outcome outcome =
      run("[[break]]\nat = \"guest_add\"\n[[trace]]\nfunctions = [\"signal\"]\n", {guest, "own-trap"});
  EXPECT_EQ(outcome.status, exited(0));
}

TEST(Debugger, LogsSystemCallsBeforeAndAfterAndSetsResults) {
  Outcome outcome = run(R"(
[[call]]
name = "getuid"
when = "after"
log = ["value result"]
result = 4711
)",
                        {guest, "ask-for-id"});
  EXPECT_EQ(outcome.status, exited(0));
  ASSERT_EQ(outcome.notes.size(), 1u);
  EXPECT_THAT(outcome.notes[0], StartsWith("after getuid: result = 0x"));
  EXPECT_THAT(outcome.notes[0], HasSubstr("[result set to 4711]"));

  outcome = run("[[call]]\nname = \"openat\"\nlog = [\"string arg2\"]\nresult = \"ENOENT\"\n",
                {"/bin/cat", "/etc/hostname"});
  EXPECT_NE(outcome.status, exited(0));
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("before openat: arg2 = \"/etc/")));
}

TEST(Debugger, DumpsMemory) {
  Outcome outcome =
      run("[[break]]\nat = \"guest_greet\"\ndump = [\"arg1 7\", \"0x10 4\"]\n", {guest, "functions"});
  ASSERT_EQ(outcome.dumps.size(), 1u);  // nothing is at 0x10
  EXPECT_EQ(outcome.dumps[0].bytes, "analyst");
  EXPECT_EQ(outcome.dumps[0].why, "dump arg1 7: program!guest_greet");
}

TEST(Debugger, StopsTheRun) {
  Outcome outcome = run("[[break]]\nat = \"guest_greet\"\nstop = true\n", {guest, "functions"});
  EXPECT_TRUE(outcome.stopped);
  EXPECT_EQ(outcome.status, (base::WaitStatus{base::WaitStatus::How::killed, SIGKILL}));
  EXPECT_THAT(outcome.notes, ElementsAre(HasSubstr("the script stops the run here")));
}

TEST(Debugger, TakesActionsSoOftenOnly) {
  Outcome outcome = run("[[break]]\nat = \"guest_add\"\ncount = 5\n", {guest, "threads"});
  EXPECT_EQ(outcome.status, exited(0));
  EXPECT_EQ(outcome.notes.size(), 5u);
}

TEST(Debugger, LeavesAPlaceWhereNothingMoreIsToBeDone) {
  // The fourth place is an int3, which goes while three threads run into it.
  Outcome outcome =
      run("[[break]]\nat=\"main\"\n[[break]]\nat=\"guest_greet\"\n"
          "[[break]]\nat=\"guest_count_down\"\n[[break]]\nat=\"guest_add\"\ncount=20\n",
          {guest, "threads"});
  EXPECT_EQ(outcome.status, exited(0));
  EXPECT_EQ(std::count(outcome.notes.begin(), outcome.notes.end(), "program!guest_add"), 20);
}

TEST(Debugger, SaysWhatItDidNotFind) {
  Outcome outcome = run("[[break]]\nat = \"no_such_function\"\n[[trace]]\nfunctions = [\"libm!sin\"]\n",
                        {guest, "functions"});
  EXPECT_EQ(outcome.status, exited(0));
  EXPECT_THAT(outcome.remarks, ElementsAre(HasSubstr("\"no_such_function\""), HasSubstr("\"libm!sin\"")));
}

TEST(Debugger, ReadsStaticAndNarrowPrograms) {
  for (const std::string& name : {specimens + "plain_static", specimens + "plain_32bit"}) {
    if (::access(name.c_str(), X_OK) != 0) {
      std::printf("skipped: %s was not built\n", name.c_str());
      continue;
    }
    Outcome outcome =
        run("[[break]]\nat = \"main\"\nlog = [\"value arg1\"]\n"
            "[[break]]\nat = \"getenv\"\nwhen = \"end\"\nlog = [\"string arg1\", \"string result\"]\n",
            {name}, {"SHIKAKE_SPECIMEN=elsewhere"});
    EXPECT_EQ(outcome.status, exited(77)) << name;
    EXPECT_THAT(outcome.notes, Contains("program!main: arg1 = 0x1")) << name;
    EXPECT_THAT(outcome.notes, Contains("end of getenv: arg1 = \"SHIKAKE_SPECIMEN\"; result = \"elsewhere\""))
        << name;
  }
}

TEST(Debugger, DoesTheSameInProgramsOf32Bits) {
  const std::string narrow = guest + "_32bit";
  if (::access(narrow.c_str(), X_OK) != 0)
    GTEST_SKIP() << "no i686-linux-gnu-gcc was there to build " << narrow;
  Outcome outcome = run(R"(
[[break]]
at = "guest_greet"
log = ["string arg1", "string *rsp+4"]
[[break]]
at = "guest_count_down"
when = "end"
log = ["value arg1", "value result"]
[[trace]]
functions = ["getenv"]
[[call]]
name = "exit_group"
log = ["value arg1"]
)",
                        {narrow, "functions"});
  EXPECT_EQ(outcome.status, exited(0));
  EXPECT_THAT(outcome.notes, Contains("program!guest_greet: arg1 = \"analyst\"; *rsp+4 = \"analyst\""));
  EXPECT_THAT(outcome.notes,
              Contains(StartsWith("getenv(\"GUEST_SECRET\") = \"orders\" from program!main+0x")));
  EXPECT_THAT(outcome.notes, Contains("before exit_group: arg1 = 0x0"));

  outcome = run("[[break]]\nat = \"guest_count_down\"\nwhen = \"end\"\nlog = [\"value result\"]\n",
                {narrow, "recursion"});
  EXPECT_EQ(outcome.status, exited(0));
  EXPECT_EQ(outcome.notes.size(), 6u);
  outcome = run("[[break]]\nat = \"guest_add\"\nresult = 77\n", {narrow, "functions"}, {"PATH=/bin"});
  EXPECT_EQ(outcome.status, exited(77));
  outcome = run("[[break]]\nat = \"guest_add\"\n", {narrow, "look-at-code"});
  EXPECT_EQ(outcome.status, exited(0));
}

struct ScriptRow {
  const char* name;
  const char* text;
  const char* error;  // part of it
  unsigned line;
};

TEST(Script, SaysWhatIsWrongAndWhere) {
  const ScriptRow rows[] = {
      {"no TOML", "[[break]\n", "", 1},
      {"unknown table", "[[brake]]\nat = \"main\"\n", "\"brake\" is no key", 1},
      {"unknown key", "[[break]]\nat = \"main\"\nlgo = []\n", "\"lgo\" is no key of [[break]]", 3},
      {"no place", "[[break]]\nlog = []\n", "[[break]] needs \"at\"", 1},
      {"a number as place", "[[break]]\nat = 4711\n", "at is a text", 2},
      {"a place with blanks", "[[break]]\nat = \"a b\"\n", "is no place", 2},
      {"a module without a function", "[[break]]\nat = \"libc!\"\n", "is no place", 2},
      {"unknown log", "[[break]]\nat = \"main\"\nlog = [\"everything\"]\n", "there are: registers", 3},
      {"unknown register", "[[break]]\nat = \"main\"\nlog = [\"value eax\"]\n", "\"eax\" is no register", 3},
      {"argument seven", "[[break]]\nat = \"main\"\nlog = [\"value arg7\"]\n", "\"arg7\" is no register", 3},
      {"too few words", "[[break]]\nat = \"main\"\nlog = [\"memory arg1\"]\n", "memory takes 2 words", 3},
      {"too much memory", "[[break]]\nat = \"main\"\nlog = [\"memory arg1 9999999\"]\n", "1 to 4096", 3},
      {"log is no list", "[[break]]\nat = \"main\"\nlog = \"registers\"\n", "a list of texts", 3},
      {"when of calls", "[[break]]\nat = \"main\"\nwhen = \"before\"\n", "\"entry\" or \"end\"", 3},
      {"unknown call", "[[call]]\nname = \"conect\"\n", "that of a system call", 2},
      {"unknown error name", "[[call]]\nname = \"connect\"\nresult = \"EWHATEVER\"\n", "name of an error", 3},
      {"count of nothing", "[[break]]\nat = \"main\"\ncount = 0\n", "a number from 1", 3},
      {"not doubled brackets", "[break]\nat = \"main\"\n", "[[break]]", 1},
  };
  for (const ScriptRow& row : rows) {
    SCOPED_TRACE(row.name);
    auto script = parse_script(row.text);
    ASSERT_FALSE(script);
    EXPECT_THAT(script.error().what, HasSubstr(row.error));
    EXPECT_EQ(script.error().line, row.line);
  }
}

TEST(Script, ReadsPlaces) {
  auto location = parse_location("libc.so.6!connect");
  ASSERT_TRUE(location);
  EXPECT_EQ(location->module, "libc.so.6");
  EXPECT_EQ(location->symbol, "connect");
  location = parse_location("libstdc++.so.6+0x1139");
  ASSERT_TRUE(location);
  EXPECT_EQ(location->module, "libstdc++.so.6");
  EXPECT_EQ(location->address, 0x1139u);
  location = parse_location("0x401139");
  ASSERT_TRUE(location);
  EXPECT_EQ(location->address, 0x401139u);
  EXPECT_EQ(location->symbol, "");
  EXPECT_TRUE(parse_script(""));
}

}  // namespace
}  // namespace shikake::sandbox::debug
