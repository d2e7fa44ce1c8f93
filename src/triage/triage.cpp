#include "triage/triage.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/deadline.h"
#include "base/unique_fd.h"
#include "cell/reader.h"
#include "triage/protocol.h"

namespace shikake::triage {
namespace {

using base::Deadline;

// The file's examined part, one unpacked member, decoders' windows (LZMA takes up to some hundred MiB where
// asked) and libraries' tables.
constexpr uint64_t worker_memory = uint64_t{1} << 30;

Result<> check_file(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return fail_errno(Module::triage, "the file can't be looked at");
  if (S_ISDIR(info.st_mode))
    return fail(Module::triage, ErrorCode::invalid_usage, "this is a folder; name the files in it");
  if (!S_ISREG(info.st_mode))
    return fail(Module::triage, ErrorCode::invalid_usage, "this is no ordinary file");
  if (static_cast<uint64_t>(info.st_size) > max_file_bytes) {
    return fail(Module::triage, ErrorCode::limit,
                "the file is larger than " + std::to_string(max_file_bytes >> 30) + " GiB");
  }
  return {};
}

Question question_of(const Options& options) {
  Question question;
  question.name = options.name;
  for (const auto& folder : options.rule_folders) question.rule_folders.push_back(folder.string());
  question.own_rules = options.own_rules;
  question.passwords = options.passwords;
  question.open_archive = options.depth < max_archive_depth;
  question.send_members = static_cast<bool>(options.on_member);
  question.cpu_seconds = static_cast<uint32_t>(options.patience.count());
  return question;
}

// What a worker says, believed no further than its bounds.
class Listening {
 public:
  Listening(cell::ReaderProcess& worker, const Options& options) : worker_(worker), options_(options) {}

  Result<Triage> listen() {
    const Deadline deadline = Deadline::after(options_.patience);
    while (true) {
      auto frame = worker_.channel.receive(deadline);
      if (!frame && frame.error().code == ErrorCode::timeout)
        return cut_short("time: the worker took too long");
      if (!frame) return lost();
      SHIKAKE_ASSIGN(bool more, take(*frame));
      if (!more) return std::move(*facts_);
    }
  }

 private:
  // Members of an archive, and parts of the document that the archive is.
  static constexpr uint64_t most_bytes = 2 * max_unpacked_bytes;
  static constexpr size_t most_members = 2 * max_members;

  Result<bool> take(base::Frame& frame) {
    switch (static_cast<WorkerMessage>(frame.type)) {
      case WorkerMessage::facts: {
        SHIKAKE_ASSIGN(facts_, base::from_wire<Triage>(frame.body));
        return true;
      }
      case WorkerMessage::member: {
        SHIKAKE_ASSIGN(member_, base::from_wire<Member>(frame.body));
        content_.clear();
        return true;
      }
      case WorkerMessage::member_bytes:
        taken_ += frame.body.size();
        content_ += frame.body;
        if (!member_ || content_.size() > max_member_bytes || taken_ > most_bytes) return nonsense();
        return true;
      case WorkerMessage::member_end:
        if (!member_ || !options_.on_member) return nonsense();
        if (++members_ > most_members) return nonsense();
        SHIKAKE_TRY(options_.on_member(*std::exchange(member_, std::nullopt), std::move(content_)));
        content_ = {};
        return true;
      case WorkerMessage::done:
        if (!facts_) return nonsense();
        return false;
      case WorkerMessage::failed:
        return fail(Module::triage, ErrorCode::unavailable, "the triage worker gave up: " + frame.body);
      case WorkerMessage::question:
        break;
    }
    return nonsense();
  }

  static tl::unexpected<Error> nonsense() {
    return fail(Module::triage, ErrorCode::invalid_input, "the triage worker answered nonsense");
  }

  Result<Triage> lost() {
    Error error = worker_.failure(Module::triage);
    if (!facts_) return fail(std::move(error));
    if (error.code == ErrorCode::limit) return cut_short("memory: the worker used more than it may");
    return cut_short("the worker ended early: " + error.what);
  }

  Result<Triage> cut_short(std::string why) {
    if (!facts_) return fail(Module::triage, ErrorCode::timeout, std::move(why));
    facts_->complete = false;
    facts_->limits_hit.push_back(std::move(why));
    return std::move(*facts_);
  }

  cell::ReaderProcess& worker_;
  const Options& options_;
  std::optional<Triage> facts_;
  std::optional<Member> member_;
  std::string content_;
  uint64_t taken_ = 0;
  size_t members_ = 0;
};

}  // namespace

Result<Triage> triage_fd(int fd, const Options& options) {
  SHIKAKE_TRY(check_file(fd));
  const int inputs[] = {fd};
  SHIKAKE_ASSIGN(auto worker,
                 cell::ReaderProcess::start(worker_program, inputs, max_worker_frame, worker_memory));
  auto sent = worker.channel.send(static_cast<uint8_t>(WorkerMessage::question),
                                  base::to_wire(question_of(options)), Deadline::after(options.patience));
  if (!sent) return fail(worker.failure(Module::triage));
  return Listening(worker, options).listen();
}

Result<Triage> triage_file(const std::filesystem::path& path, Options options) {
  // O_NONBLOCK: a named pipe would wait for its writer.
  base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) {
    const int saved = errno;
    return fail(Error{Module::triage,
                      saved == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                      "the file can't be opened",
                      path.string(),
                      {},
                      {},
                      saved});
  }
  if (options.name.empty()) options.name = path.filename().string();
  auto facts = triage_fd(fd.get(), options);
  if (!facts) return fail(std::move(facts).error().in(path.string()));
  return facts;
}

}  // namespace shikake::triage
