#include "publish/import.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <vector>

#include "base/deadline.h"
#include "base/file.h"
#include "base/wire.h"
#include "cell/reader.h"
#include "publish/reader_answer.h"
#include "publish/reader_protocol.h"
#include "publish/temporary.h"

namespace shikake::publish {
namespace {

using base::Deadline;

// A document is parsed between two frames; 256 MiB of JSON take some seconds.
constexpr std::chrono::minutes patience{5};
// The largest JSON document as text, as values, and as a frame.
constexpr uint64_t reader_memory = uint64_t{6} << 30;

// STIX bundles are read twice, and a pipe only once: what is no file is put into one without a name.
Result<base::UniqueFd> seekable(base::UniqueFd source) {
  struct stat status {};
  if (::fstat(source.get(), &status) != 0) return fail_errno(Module::publish, "the feed can't be read");
  if (S_ISREG(status.st_mode)) return source;
  if (S_ISDIR(status.st_mode))
    return fail(Module::publish, ErrorCode::invalid_usage, "this is a folder; name the files in it");
  SHIKAKE_ASSIGN(base::UniqueFd copy, temporary_file());
  std::vector<char> buffer(size_t{1} << 20);
  for (;;) {
    ssize_t got = ::read(source.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(Module::publish, "the feed could not be read");
    if (got == 0) break;
    SHIKAKE_TRY(base::write_all(copy.get(), {buffer.data(), static_cast<size_t>(got)}, "a temporary file"));
  }
  if (::lseek(copy.get(), 0, SEEK_SET) < 0)
    return fail_errno(Module::publish, "the temporary file can't be read");
  return copy;
}

Result<base::UniqueFd> open_feed(const std::filesystem::path& path) {
  bool standard_input = path == "-";
  base::UniqueFd file(standard_input ? ::dup(STDIN_FILENO)
                                     : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) {
    Error error{Module::publish, errno == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                "the feed can't be opened"};
    error.system_errno = errno;
    return fail(std::move(error));
  }
  return seekable(std::move(file));
}

// One question to a reader, and all of its answer. `usable`: whether it can be asked another afterwards.
Result<ImportReport> ask(cell::ReaderProcess& reader, const Question& question, const ImportSinks& sinks,
                         base::TimePoint time, bool& usable) {
  usable = false;
  auto sent = reader.channel.send(static_cast<uint8_t>(ReaderMessage::question), base::to_wire(question),
                                  Deadline::after(patience));
  if (!sent) return fail(reader.failure(Module::publish));
  ReaderAnswer answer(sinks, time);
  for (;;) {
    auto frame = reader.channel.receive(Deadline::after(patience));
    if (!frame && frame.error().code == ErrorCode::timeout)
      return fail(Module::publish, ErrorCode::timeout,
                  "the confined reader made no headway in five minutes and was stopped");
    if (!frame) return fail(reader.failure(Module::publish));
    auto report = answer.take(*frame);
    usable = answer.over();
    if (!report) return fail(std::move(report).error());
    if (*report) return std::move(**report);
  }
}

Result<> check_options(const ReadOptions& read) {
  if (!read.role.empty() && !intel::role(read.role))
    return fail(Module::publish, ErrorCode::invalid_usage, "there is no role \"" + read.role + "\"");
  if (!read.tlp.empty() && !intel::tlp(read.tlp))
    return fail(Module::publish, ErrorCode::invalid_usage,
                "there is no TLP \"" + read.tlp + "\"; there are: clear, green, amber, amber+strict, red");
  return {};
}

// Files and the confined process that reads them. All are opened before it is started, for it can't.
class Session {
 public:
  explicit Session(std::span<const std::filesystem::path> paths) : paths_(paths.begin(), paths.end()) {
    for (const auto& path : paths_) files_.push_back(open_feed(path));
  }

  Result<ImportReport> read(size_t i, const ImportOptions& options, const ImportSinks& sinks) {
    auto report = read_unnamed(i, options, sinks);
    if (!report) return fail(std::move(report).error().in(paths_[i].string()));
    return report;
  }

 private:
  Result<ImportReport> read_unnamed(size_t i, const ImportOptions& options, const ImportSinks& sinks) {
    if (!files_[i]) return fail(files_[i].error());
    SHIKAKE_TRY(check_options(options.read));
    if (!reader_) SHIKAKE_TRY(start());
    Question question{numbers_.at(i), options.read};
    question.options.file = paths_[i].filename().string();
    std::error_code ignored;
    question.options.folder = std::filesystem::absolute(paths_[i], ignored).parent_path().filename().string();
    bool usable = false;
    auto report =
        ask(*reader_, question, sinks, (options.clock ? *options.clock : base::system_clock()).now(), usable);
    if (!usable) reader_.reset();
    files_[i]->reset();  // read once; a reader that is started later needs it no more
    return report;
  }

  Result<> start() {
    std::vector<int> inputs;
    for (size_t i = 0; i < files_.size(); ++i) {
      if (!files_[i] || !*files_[i]) continue;
      numbers_[i] = static_cast<uint32_t>(inputs.size());
      inputs.push_back(files_[i]->get());
    }
    SHIKAKE_ASSIGN(auto reader,
                   cell::ReaderProcess::start(reader_program, inputs, max_reader_frame, reader_memory));
    reader_.emplace(std::move(reader));
    return {};
  }

  std::vector<std::filesystem::path> paths_;
  std::vector<Result<base::UniqueFd>> files_;  // an error: could not be opened; empty: has been read
  std::map<size_t, uint32_t> numbers_;         // of each file among the reader's inputs
  std::optional<cell::ReaderProcess> reader_;
};

Result<ImportReport> read_into(store::Store& store, const intel::PolicySettings& settings, Session& session,
                               size_t i, const ImportOptions& options) {
  ImportOptions complete = options;
  if (!complete.clock) complete.clock = &store.clock();
  SHIKAKE_ASSIGN(auto batch, store.batch());
  store::Intake intake(store, settings);
  std::vector<store::Sighting> sightings;  // added once their indicators are there
  ImportSinks sinks;
  sinks.observation = [&](intel::Observation&& observation) -> Result<> {
    SHIKAKE_TRY(intake.take(std::move(observation)));
    return {};
  };
  sinks.guard = [&](intel::GuardList&& list) { return store.put_guard(list); };
  sinks.sighting = [&](store::Sighting&& sighting) -> Result<> {
    sightings.push_back(std::move(sighting));
    return {};
  };
  SHIKAKE_ASSIGN(ImportReport report, session.read(i, complete, sinks));
  for (const store::Sighting& sighting : sightings) {
    auto known = store.show(sighting.key);
    bool counted = known && std::any_of(known->sightings.begin(), known->sightings.end(),
                                        [&](const auto& one) { return one.source == sighting.source; });
    if (!counted) SHIKAKE_TRY(store.add_sighting(sighting));
  }
  SHIKAKE_TRY(batch.commit());
  return report;
}

}  // namespace

Result<ImportReport> import_file(const std::filesystem::path& path, const ImportOptions& options,
                                 const ImportSinks& sinks) {
  return Session({&path, 1}).read(0, options, sinks);
}

Result<ImportReport> import_into(store::Store& store, const intel::PolicySettings& settings,
                                 const std::filesystem::path& path, const ImportOptions& options) {
  Session session({&path, 1});
  return read_into(store, settings, session, 0, options);
}

Result<> import_all(store::Store& store, const intel::PolicySettings& settings,
                    std::span<const std::filesystem::path> paths, const ImportOptions& options,
                    const EachFile& each) {
  while (!paths.empty()) {
    auto some = paths.first(std::min(paths.size(), files_a_reader));
    paths = paths.subspan(some.size());
    Session session(some);
    for (size_t i = 0; i < some.size(); ++i)
      SHIKAKE_TRY(each(some[i], read_into(store, settings, session, i, options)));
  }
  return {};
}

}  // namespace shikake::publish
