#include "run_folder.h"

#include <unistd.h>

#include <system_error>

#include <boost/json.hpp>

#include "base/file.h"
#include "publish/out/stix_run.h"
#include "sandbox/report/page.h"
#include "store/blobs.h"

namespace shikake::app {

namespace fs = std::filesystem;
namespace run = sandbox::run;

namespace {

Result<> make_folder(const fs::path& folder) {
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (!problem) return {};
  Error error{Module::app, ErrorCode::io, "cannot make the folder " + folder.string()};
  error.system_errno = problem.value();
  return fail(std::move(error));
}

// A sample's name as a part of a path: nothing that leads elsewhere or hides.
std::string folder_name(const intel::RunSample& sample) {
  std::string name = sample.name;
  for (char& c : name) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '.' || c == '-' || c == '_';
    if (!plain) c = '_';
  }
  constexpr size_t most = 60, digits = 12;
  name = name.substr(0, most);
  if (name.empty() || name.starts_with('.')) name = "_" + name;
  return name + "-" + sample.sha256.hex().substr(0, digits);
}

}  // namespace

fs::path RunFolder::waiting() const {
  return folder_ / (".bodies-" + std::to_string(::getpid()));
}

RunFolder::~RunFolder() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(waiting(), ignored);
}

Result<base::Digest> RunFolder::put(std::string_view bytes) {
  const base::Digest digest = base::sha256(bytes);
  if (!folder_.empty()) {
    SHIKAKE_TRY(make_folder(waiting()));
    SHIKAKE_TRY(base::write_file_atomically(waiting() / digest.hex(), bytes));
  }
  if (store_) SHIKAKE_TRY(store_->blobs().put(bytes));
  return digest;
}

Result<> RunFolder::write(const std::vector<run::Analysed>& analysed) {
  if (folder_.empty()) return {};
  for (size_t i = 0; i < analysed.size(); ++i) {
    // What came of it stands behind it, deeper.
    std::vector<const intel::RunRecord*> children;
    for (size_t k = i + 1; k < analysed.size() && analysed[k].depth > analysed[i].depth; ++k)
      children.push_back(&analysed[k].record);
    SHIKAKE_TRY(write_one(analysed[i], children));
  }
  return {};
}

Result<> RunFolder::write_one(const run::Analysed& one,
                              const std::vector<const intel::RunRecord*>& children) {
  const fs::path folder = folder_ / folder_name(one.record.sample);
  SHIKAKE_TRY(make_folder(folder / "bodies"));
  SHIKAKE_TRY(base::write_file_atomically(folder / "report.html",
                                          sandbox::report::render_page(one.record, children)));
  SHIKAKE_TRY(base::write_file_atomically(folder / "run.json",
                                          boost::json::serialize(intel::to_json(one.record)) + "\n"));
  SHIKAKE_TRY(
      base::write_file_atomically(folder / "stix.json", publish::stix_run(one.record, SHIKAKE_VERSION)));
  for (const base::Digest& body : one.blobs) {
    const bool capture = one.record.network.capture == body;
    const fs::path from = waiting() / body.hex();
    const fs::path to = capture ? folder / "capture.pcapng" : folder / "bodies" / body.hex();
    std::error_code problem;
    if (!fs::exists(from, problem)) continue;
    // Two runs may have the same body, so it is linked rather than moved.
    fs::remove(to, problem);
    fs::create_hard_link(from, to, problem);
    if (problem) fs::copy_file(from, to, fs::copy_options::overwrite_existing, problem);
    if (problem) {
      Error error{Module::app, ErrorCode::io, "cannot write " + to.string()};
      error.system_errno = problem.value();
      return fail(std::move(error));
    }
    constexpr fs::perms only_read = fs::perms::owner_read;  // hostile: never to be run or changed by accident
    fs::permissions(to, only_read, problem);
  }
  return {};
}

}  // namespace shikake::app
