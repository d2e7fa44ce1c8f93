#include "honeyclient/shellcode/confine.h"

#include "base/bytes.h"
#include "cell/landlock.h"
#include "cell/limits.h"
#include "cell/seccomp.h"
#include "honeyclient/shellcode/run.h"

namespace shikake::honeyclient::shellcode {
namespace {

// Of all questions of a visit together; each is bounded by what it may run.
constexpr uint64_t max_cpu_seconds = 60;

}  // namespace

void warm_up() {
  (void)run(base::as_bytes("\xC3"));
}

Result<> confine_worker() {
  auto policy = cell::SeccompPolicy::pure_computation();
  policy.allow_executable_memory();
  SHIKAKE_ASSIGN(const auto program, policy.compile());
  SHIKAKE_TRY(cell::forbid_tracing());
  SHIKAKE_TRY(cell::allow_reading_only({}));
  cell::Limits limits;
  limits.file_size = 0;
  limits.cpu_seconds = max_cpu_seconds;
  SHIKAKE_TRY(cell::apply(limits));
  return program.install();
}

}  // namespace shikake::honeyclient::shellcode
