#include "runs.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/blobs.h"
#include "visits.h"

namespace shikake::app {

namespace run = sandbox::run;

Result<base::Digest> RunBlobs::put(std::string_view bytes) {
  return store_.blobs().put(bytes);
}

std::filesystem::path guests_of(const std::filesystem::path& home) {
  return home;
}

Result<base::UniqueFd> open_sample(const std::filesystem::path& path) {
  // Without O_NONBLOCK a pipe that nobody writes to would hold us here.
  base::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return fail_errno(Module::app, "cannot open " + path.string());
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return fail_errno(Module::app, "cannot look at " + path.string());
  if (S_ISREG(status.st_mode)) return file;
  const char* what = S_ISDIR(status.st_mode) ? "a folder" : "a device or a pipe";
  return fail(Module::app, ErrorCode::invalid_input,
              path.string() + " is " + what + ", not a file that could be analysed");
}

Result<base::UniqueFd> stored_sample(store::Store& store, const base::Digest& sha256) {
  SHIKAKE_ASSIGN(const std::string bytes, store.blobs().get(sha256));
  base::UniqueFd file(::memfd_create("sample", MFD_CLOEXEC));
  if (!file) return fail_errno(Module::app, "cannot make a file in memory");
  SHIKAKE_TRY(base::write_all(file.get(), bytes, "a file in memory"));
  return file;
}

Result<std::vector<run::Analysed>> analyse(int fd, const std::string& name,
                                           const run::AnalysisOptions& options, store::Store* store,
                                           run::Keep& keep, const intel::PolicySettings& settings) {
  const std::string from = options.conditions.network == intel::RunNetwork::open ? vantage() : "";
  run::Take take;
  if (store) {
    take = [&](const run::Analysed& analysed) -> Result<std::optional<base::Digest>> {
      store::Intake intake(*store, settings);
      SHIKAKE_ASSIGN(const base::Digest id, intake.take(run::to_observation(analysed, from)));
      return std::optional(id);
    };
  }
  return run::analyse(fd, name, options, keep, take);
}

}  // namespace shikake::app
