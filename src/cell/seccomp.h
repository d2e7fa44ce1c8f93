// What the calling process may still ask of the kernel: an allow-list of system calls.
//
//   auto policy = SeccompPolicy::pure_computation().allow_threads();
//   SHIKAKE_TRY(policy.install());
//
// A base is strict; every weakening is a call that a reader sees. A system call outside the policy
// kills the whole process with SIGSYS, so that a violation is never mistaken for a failure. See
// seccomp(2) and, for how a filter is evaluated, the kernel's userspace-api/seccomp_filter.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace shikake::cell {

// A compiled filter. Installing it allocates nothing and takes no lock, so a freshly forked child of
// a threaded process may do it; compile once, install in every child.
class SeccompProgram {
 public:
  // For all threads of the process, for ever; sets no_new_privs first.
  Result<> install() const;
  // Of a scmp_filter_ctx, for a filter that is no SeccompPolicy.
  static Result<SeccompProgram> from_libseccomp(void* context);
  // Puts instructions (each a struct sock_filter) before the others; where they don't return, those go on.
  void prepend(const std::vector<uint64_t>& instructions) {
    instructions_.insert(instructions_.begin(), instructions.begin(), instructions.end());
  }

 private:
  std::vector<uint64_t> instructions_;  // one BPF instruction (struct sock_filter) each
};

class SeccompPolicy {
 public:
  // Computing on what it was given: reads, writes and polls descriptors that it already has, manages
  // memory that is its own and not executable, waits on futexes and clocks, handles signals, exits. It gets no new
  // descriptor, thread, process, path or address.
  static SeccompPolicy pure_computation();

  // For a supervisor that needs much: everything but starting programs, executable memory, tracing or
  // reading other processes, namespaces and mounts, kernel modules, keys, BPF and io_uring (whose
  // requests no filter sees).
  static SeccompPolicy everything_but_exec();

  SeccompPolicy& allow_threads();
  // Sockets of the Internet families that connect outwards, pipes and event descriptors. Other families
  // are answered with EAFNOSUPPORT. Not: bind, listen, accept.
  SeccompPolicy& allow_network();
  // Opening and looking at files and folders, never for writing.
  SeccompPolicy& allow_reading_files();
  // Without it, mmap and mprotect with PROT_EXEC are answered with EPERM (a library that a resolver
  // loads late is then refused, and the resolver goes on without it).
  SeccompPolicy& allow_executable_memory();
  // One call by its name in the kernel; with any arguments, and whatever was said of it before.
  SeccompPolicy& allow(std::string_view call);
  // One call gets this errno instead of the process' death.
  SeccompPolicy& answer(int error_number, std::string_view call);

  // ErrorCode::invalid_usage: a name that the kernel does not know; unsupported: no filters here.
  Result<SeccompProgram> compile() const;
  Result<> install() const;

 private:
  struct Condition {
    enum class Test : uint8_t { equal, masked_equal, less, greater };
    unsigned argument;
    Test test;
    uint64_t value;
    uint64_t mask = 0;
  };
  enum class Verdict : uint8_t { allow, answer, kill };
  struct Rule {
    std::string call;
    Verdict verdict;
    int error_number = 0;
    std::vector<Condition> conditions = {};  // all of them; none: any arguments
  };

  void add(Rule rule);
  void allow_if(std::string_view call, Condition condition);
  void answer_if(int error_number, std::string_view call, Condition condition);
  void allow_all(std::initializer_list<const char*> calls);
  void kill_all(std::initializer_list<const char*> calls);
  Result<> emit(void* context) const;

  Verdict otherwise_ = Verdict::kill;
  bool executable_memory_ = false;
  std::vector<Rule> rules_;
};

}  // namespace shikake::cell
