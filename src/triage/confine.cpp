#include "triage/confine.h"

#include <cerrno>
#include <clocale>
#include <ctime>

#include "cell/limits.h"
#include "cell/seccomp.h"
#include "triage/hashes.h"
#include "url/suffix.h"
#include "url/url.h"

namespace shikake::triage {

void warm_up() {
  // Archives name their members in whatever encoding; without this libarchive gives no name at all for some.
  std::setlocale(LC_ALL, "C.UTF-8");
  ::tzset();
  (void)Hasher(0).finish();
  (void)url::is_listed_suffix("com");
  (void)url::Url::parse(
      "http://b\xC3\xBC"
      "cher.example/");
}

Result<> confine_worker(uint32_t cpu_seconds) {
  auto policy = cell::SeccompPolicy::pure_computation();
  // libarchive asks iconv for character sets, which lie in files, and goes on without.
  policy.answer(EACCES, "openat").answer(EACCES, "access").answer(EACCES, "readlink");
  SHIKAKE_ASSIGN(const auto program, policy.compile());
  SHIKAKE_TRY(cell::forbid_tracing());
  cell::Limits limits;
  limits.file_size = 0;
  limits.cpu_seconds = cpu_seconds;
  SHIKAKE_TRY(cell::apply(limits));
  return program.install();
}

}  // namespace shikake::triage
