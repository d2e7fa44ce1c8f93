// One indicator's evidence as files that anyone can check without this program.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fstream>
#include <map>
#include <set>

#include "intel/fields.h"
#include "intel/json.h"
#include "store/state.h"

namespace shikake::store {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

class BundleWriter {
 public:
  explicit BundleWriter(fs::path directory) : directory_(std::move(directory)) {}

  Result<> add(const std::string& name, std::string_view content) {
    SHIKAKE_TRY(write(name, content));
    files_[name] = {base::sha256(content), content.size()};
    return {};
  }

  // manifest.json over all files so far, and SHA256SUMS over those and the manifest.
  Result<> finish(json::object manifest) {
    json::array files;
    for (const auto& [name, file] : files_)
      files.emplace_back(json::object{{"name", name}, {"sha256", file.digest.hex()}, {"size", file.size}});
    manifest["files"] = std::move(files);
    SHIKAKE_TRY(add("manifest.json", intel::canonical_json(manifest) + "\n"));
    std::string sums;
    for (const auto& [name, file] : files_) sums += file.digest.hex() + "  " + name + "\n";
    return write("SHA256SUMS", sums);
  }

 private:
  struct File {
    base::Digest digest;
    size_t size = 0;
  };

  Result<> write(const std::string& name, std::string_view content) {
    const fs::path path = directory_ / name;
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    std::ofstream file(path, std::ios::binary);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    file.close();
    if (!file) return fail_errno(Module::store, "the bundle's file cannot be written: " + path.string());
    return {};
  }

  fs::path directory_;
  std::map<std::string, File> files_;
};

Result<> make_empty_directory(const fs::path& directory) {
  std::error_code error;
  if (fs::exists(directory, error) && !(fs::is_directory(directory, error) && fs::is_empty(directory, error)))
    return fail(Module::store, ErrorCode::invalid_usage,
                "the bundle's directory is not empty: " + directory.string() + "; name a new one");
  fs::create_directories(directory, error);
  if (error)
    return fail(Module::store, ErrorCode::io,
                "the bundle's directory cannot be made: " + directory.string() + ": " + error.message());
  return {};
}

}  // namespace

Result<> Store::bundle(const intel::IndicatorKey& key, const fs::path& directory) const {
  SHIKAKE_ASSIGN(const Details details, show(key));
  SHIKAKE_TRY(make_empty_directory(directory));
  BundleWriter bundle(directory);
  SHIKAKE_TRY(bundle.add("indicator.json", intel::canonical_json(intel::to_json(details.indicator)) + "\n"));
  json::array missing;
  std::set<base::Digest> blobs;
  for (const intel::Observation& observation : details.observations) {
    const std::string canonical = intel::canonical_json(observation);
    // Without a newline: the file's SHA-256 is the observation's name.
    SHIKAKE_TRY(bundle.add("observations/" + base::sha256(canonical).hex() + ".json", canonical));
    blobs.insert(observation.blobs.begin(), observation.blobs.end());
  }
  for (const base::Digest& blob : blobs) {
    auto bytes = state_->blobs->get(blob);
    if (bytes)
      SHIKAKE_TRY(bundle.add("blobs/" + blob.hex(), *bytes));
    else
      missing.emplace_back(json::object{{"sha256", blob.hex()}, {"why", bytes.error().what}});
  }
  return bundle.finish({{"type", name(key.type)},
                        {"value", key.value},
                        {"made", intel::json_time(state_->clock->now())},
                        {"missing_blobs", std::move(missing)}});
}

}  // namespace shikake::store
