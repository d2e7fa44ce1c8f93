#include "publish/temporary.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace shikake::publish {

Result<base::UniqueFd> temporary_file() {
  const char* set = std::getenv("TMPDIR");
  std::string folder = set && *set ? set : "/tmp";
  base::UniqueFd file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file) return file;
  // Not every file system has O_TMPFILE (overlayfs before Linux 6.1).
  std::string path = folder + "/shikake-XXXXXX";
  file.reset(::mkostemp(path.data(), O_CLOEXEC));
  if (!file) {
    auto failure = fail_errno(Module::publish, "no temporary file (set TMPDIR to a folder with room)");
    return tl::unexpected<Error>(std::move(failure.value()).in(folder));
  }
  ::unlink(path.c_str());
  return file;
}

}  // namespace shikake::publish
