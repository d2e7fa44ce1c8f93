#include "sandbox/trace/filter.h"

#include <fmt/format.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <map>

namespace shikake::sandbox::trace {
namespace {

// x32 numbers carry this bit in the 64-bit table's architecture.
constexpr uint32_t x32_bit = 0x40000000;
// What the verdict is for one number.
struct Verdict {
  std::optional<int> answer;  // errno instead of the call
  bool always = false;
  std::vector<std::vector<ArgumentTest>> when = {};  // any of these
};
using Verdicts = std::map<int, Verdict>;  // by number

constexpr uint8_t to_next = 0xff, to_pass = 0xfe;  // placeholders of jump targets

// The code for one conjunction; jumps to `to_next` (this one fails) or falls through (it holds).
class Assembler {
 public:
  std::vector<sock_filter> code;

  void statement(uint16_t op, uint32_t k) { code.push_back({op, 0, 0, k}); }
  void jump(uint16_t op, uint32_t k, uint8_t yes, uint8_t no) { code.push_back({op, yes, no, k}); }

  void test(const ArgumentTest& argument) {
    const uint32_t at = offsetof(seccomp_data, args) + 8u * argument.index;
    const auto low = [](uint64_t value) { return static_cast<uint32_t>(value); };
    const auto high = [](uint64_t value) { return static_cast<uint32_t>(value >> 32); };
    load(at, low(argument.mask));
    switch (argument.op) {
      case ArgumentTest::Op::equal:
        jump(BPF_JMP | BPF_JEQ | BPF_K, low(argument.value), 0, to_next);
        if (high(argument.mask) == 0) break;
        load(at + 4, high(argument.mask));
        jump(BPF_JMP | BPF_JEQ | BPF_K, high(argument.value), 0, to_next);
        break;
      case ArgumentTest::Op::not_equal:
        if (high(argument.mask) == 0) {
          jump(BPF_JMP | BPF_JEQ | BPF_K, low(argument.value), to_next, 0);
          break;
        }
        jump(BPF_JMP | BPF_JEQ | BPF_K, low(argument.value), 0, to_pass);
        load(at + 4, high(argument.mask));
        jump(BPF_JMP | BPF_JEQ | BPF_K, high(argument.value), to_next, 0);
        resolve(to_pass);
        break;
      case ArgumentTest::Op::at_least_i32:
        jump(BPF_JMP | BPF_JSET | BPF_K, 0x80000000u, to_next, 0);
        jump(BPF_JMP | BPF_JGE | BPF_K, low(argument.value), 0, to_next);
        break;
    }
  }

  // Makes all jumps to `placeholder` go to the end of the code so far.
  void resolve(uint8_t placeholder) {
    for (size_t i = 0; i < code.size(); ++i) {
      const auto distance = static_cast<uint8_t>(code.size() - i - 1);
      if (BPF_CLASS(code[i].code) != BPF_JMP) continue;
      if (code[i].jt == placeholder) code[i].jt = distance;
      if (code[i].jf == placeholder) code[i].jf = distance;
    }
  }

 private:
  void load(uint32_t offset, uint32_t mask) {
    statement(BPF_LD | BPF_W | BPF_ABS, offset);
    if (mask != ~uint32_t{0}) statement(BPF_ALU | BPF_AND | BPF_K, mask);
  }
};

constexpr uint32_t trace = SECCOMP_RET_TRACE | FilterProgram::mark;

std::vector<sock_filter> code_for(const Verdict& verdict) {
  Assembler out;
  if (verdict.answer) {
    out.statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<uint32_t>(*verdict.answer));
  } else if (verdict.always) {
    out.statement(BPF_RET | BPF_K, trace);
  } else {
    for (const auto& conjunction : verdict.when) {
      Assembler one;
      for (const ArgumentTest& argument : conjunction) one.test(argument);
      one.statement(BPF_RET | BPF_K, trace);
      one.resolve(to_next);
      out.code.insert(out.code.end(), one.code.begin(), one.code.end());
    }
    out.statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  }
  return out.code;
}

std::vector<sock_filter> code_for(const Verdicts& verdicts) {
  std::vector<sock_filter> code;
  code.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  code.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~x32_bit));
  for (const auto& [number, verdict] : verdicts) {
    const std::vector<sock_filter> body = code_for(verdict);
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(number), 0,
                            static_cast<uint8_t>(body.size())));
    code.insert(code.end(), body.begin(), body.end());
  }
  code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  return code;
}

std::vector<int> numbers_of(Abi abi, Sys sys) {
  std::vector<int> numbers;
  for (const CallRow& row : call_rows()) {
    const int number = abi == Abi::i386 ? row.i386 : row.x86_64;
    if (row.sys == sys && number >= 0) numbers.push_back(number);
  }
  return numbers;
}

Result<Verdicts> verdicts_of(Abi abi, const std::vector<Interest>& interests,
                             const std::vector<Answer>& answers) {
  Verdicts verdicts;
  for (const Interest& interest : interests) {
    std::vector<int> numbers;
    if (interest.sys != Sys::other) {
      numbers = numbers_of(abi, interest.sys);
    } else {
      if (!call_number(Abi::x86_64, interest.name) && !call_number(Abi::i386, interest.name))
        return fail(Module::sandbox, ErrorCode::invalid_usage,
                    fmt::format("the kernel knows no system call \"{}\"", interest.name));
      if (auto number = call_number(abi, interest.name)) numbers.push_back(*number);
    }
    for (const int number : numbers) {
      Verdict& verdict = verdicts[number];
      if (interest.when.empty())
        verdict.always = true;
      else
        verdict.when.push_back(interest.when);
    }
  }
  for (const Answer& answer : answers)
    for (const int number : numbers_of(abi, answer.sys)) verdicts[number].answer = answer.error;
  return verdicts;
}

}  // namespace

Result<FilterProgram> FilterProgram::compile(const std::vector<Interest>& interests,
                                             const std::vector<Answer>& answers) {
  SHIKAKE_ASSIGN(Verdicts wide, verdicts_of(Abi::x86_64, interests, answers));
  SHIKAKE_ASSIGN(const Verdicts narrow, verdicts_of(Abi::i386, interests, answers));
  wide[knock].always = wide[bell].always = true;

  const std::vector<sock_filter> wide_code = code_for(wide);
  const std::vector<sock_filter> narrow_code = code_for(narrow);
  std::vector<sock_filter> code = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
      BPF_STMT(BPF_JMP | BPF_JA, static_cast<uint32_t>(wide_code.size())),
  };
  code.insert(code.end(), wide_code.begin(), wide_code.end());
  code.insert(code.end(), narrow_code.begin(), narrow_code.end());
  size_t longest = 0;
  for (const Verdicts* table : {static_cast<const Verdicts*>(&wide), &narrow})
    for (const auto& [number, verdict] : *table) longest = std::max(longest, code_for(verdict).size());
  if (code.size() > BPF_MAXINSNS || longest >= to_pass)
    return fail(Module::sandbox, ErrorCode::limit,
                "too many system calls were asked for: a filter holds 4096 steps");

  FilterProgram program;
  program.instructions_.resize(code.size());
  static_assert(sizeof(sock_filter) == sizeof(uint64_t));
  std::memcpy(program.instructions_.data(), code.data(), code.size() * sizeof(sock_filter));
  return program;
}

bool FilterProgram::install_and_wait() const {
  sock_fprog program{static_cast<unsigned short>(instructions_.size()),
                     reinterpret_cast<sock_filter*>(const_cast<uint64_t*>(instructions_.data()))};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) return false;

  timespec began{}, now{};
  clock_gettime(CLOCK_MONOTONIC, &began);
  now = began;
  // Without a tracer a traced call gives ENOSYS; with one, the tracer answers 0.
  constexpr int eager_tries = 2000;  // about a millisecond: the usual time until the tracer is there
  for (int tries = 0; now.tv_sec - began.tv_sec < patience_seconds; ++tries) {
    if (syscall(knock) == 0) return true;
    if (tries < eager_tries)
      sched_yield();
    else
      poll(nullptr, 0, 1);
    clock_gettime(CLOCK_MONOTONIC, &now);
  }
  errno = ETIMEDOUT;
  return false;
}

}  // namespace shikake::sandbox::trace
