#include "transcript.h"

#include <filesystem>

#include "base/digest.h"

namespace shikake::app {

namespace replay = honeyclient::replay;

namespace {

bool is_folder(const std::string& path) {
  std::error_code none;
  return std::filesystem::is_directory(path, none);
}

std::filesystem::path file_for(const std::string& path, const std::string& subject,
                               const std::string& persona, std::string_view extension) {
  if (!is_folder(path)) return path;
  constexpr size_t digits = 16;  // of the subject's hash: a name for what may be no file's name
  return std::filesystem::path(path) /
         (base::sha256(subject).hex().substr(0, digits) + "-" + persona + std::string(extension));
}

}  // namespace

Result<> TranscriptPaths::fit(size_t visits) const {
  if (visits == 1) return {};
  for (const std::string& path : {har, warc})
    if (!path.empty() && !is_folder(path))
      return fail(
          Module::app, ErrorCode::invalid_usage,
          "a HAR or WARC file takes one visit, one URL as one persona: for more name a folder that is there, "
          "for a file each");
  return {};
}

Result<Transcript> Transcript::open(const TranscriptPaths& paths, const std::string& subject,
                                    const replay::Conditions& conditions) {
  Transcript transcript;
  if (!paths.har.empty()) {
    SHIKAKE_ASSIGN(auto writer,
                   replay::write_har(file_for(paths.har, subject, conditions.persona, ".har"), conditions));
    transcript.writers_.push_back(std::move(writer));
  }
  if (!paths.warc.empty()) {
    SHIKAKE_ASSIGN(
        auto writer,
        replay::write_warc(file_for(paths.warc, subject, conditions.persona, ".warc.gz"), conditions));
    transcript.writers_.push_back(std::move(writer));
  }
  return transcript;
}

void Transcript::take(const net::FetchRequest& request, const net::FetchResponse& response) {
  for (auto& writer : writers_)
    if (Result<> put = writer->put({request, response}); !put && !error_) error_ = std::move(put.error());
}

Result<> Transcript::finish() {
  if (error_) return fail(std::move(*error_));
  for (auto& writer : writers_) SHIKAKE_TRY(writer->finish());
  return {};
}

}  // namespace shikake::app
