#include "cell/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "base/unique_fd.h"
#include "cell/limits.h"

namespace shikake::cell {
namespace {

constexpr uint64_t reading_files = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr uint64_t reading_folders = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

// All that the running kernel can refuse. Every version's rights are those of the last and more.
uint64_t every_right(long version) {
  uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;  // the last of version 1
  if (version >= 2) rights |= LANDLOCK_ACCESS_FS_REFER;
  constexpr uint64_t truncate = 1 << 14;  // version 3; newer than Debian 12's headers
  if (version >= 3) rights |= truncate;
  return rights;
}

Result<> allow(const base::UniqueFd& ruleset, const std::string& path) {
  base::UniqueFd file(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!file && (errno == ENOENT || errno == EACCES || errno == ENOTDIR)) return {};
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0)
    return fail_errno(Module::cell, fmt::format("{} cannot be looked at", path));
  landlock_path_beneath_attr rule{};
  rule.allowed_access = S_ISDIR(info.st_mode) ? reading_folders : reading_files;
  rule.parent_fd = file.get();
  if (::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
    return fail_errno(Module::cell, fmt::format("access to {} cannot be kept", path));
  return {};
}

}  // namespace

Result<bool> allow_reading_only(const std::vector<std::string>& paths) {
  long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return false;
  landlock_ruleset_attr handled{};
  handled.handled_access_fs = every_right(version);
  base::UniqueFd ruleset(static_cast<int>(
      ::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled.handled_access_fs, 0)));
  if (!ruleset) return fail_errno(Module::cell, "files cannot be fenced off");
  for (const std::string& path : paths) SHIKAKE_TRY(allow(ruleset, path));
  SHIKAKE_TRY(forbid_new_privileges());
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
    return fail_errno(Module::cell, "files cannot be fenced off");
  return true;
}

}  // namespace shikake::cell
