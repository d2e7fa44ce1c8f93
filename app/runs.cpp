#include "runs.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/value.hpp>

#include "base/file.h"
#include "store/blobs.h"
#include "url/url.h"
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

std::string name_in_url(const std::string& address) {
  auto url = url::Url::parse(address);
  const std::string path = url ? std::string(url->pathname()) : "";
  const std::string name = path.substr(path.rfind('/') + 1);
  return name.empty() ? "download" : name;
}

Result<std::vector<intel::Observation>> run_job(store::Store& store, const run::AnalysisOptions& options,
                                                const intel::Job& job) {
  auto sha256 = base::Digest::from_hex(job.subject);
  if (!sha256)
    return fail(Module::app, ErrorCode::invalid_input,
                "a run job names a file by its SHA-256, not " + job.subject);
  SHIKAKE_ASSIGN(const uint64_t earlier,
                 store.count_before(intel::ObservationKind::run, job.subject, store.clock().now()));
  if (earlier > 0) return std::vector<intel::Observation>{};
  SHIKAKE_ASSIGN(const base::UniqueFd file, stored_sample(store, *sha256));
  const auto* url = job.parameters.if_contains("url");
  const std::string name =
      url && url->is_string() ? name_in_url(std::string(url->get_string())) : job.subject;
  RunBlobs blobs(store);
  std::vector<intel::Observation> seen;
  SHIKAKE_TRY(run::analyse(file.get(), name, options, blobs,
                           [&](const run::Analysed& analysed) -> Result<std::optional<base::Digest>> {
                             seen.push_back(run::to_observation(analysed, ""));
                             return std::optional(intel::id_of(seen.back()));
                           }));
  if (options.conditions.stop())
    return fail(Module::app, ErrorCode::cancelled, "stopped in the middle of a run");
  return seen;
}

}  // namespace shikake::app
