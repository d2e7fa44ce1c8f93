// shikake-triage: parses a file where a break-out gains nothing. Started by triage.cpp alone.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "base/deadline.h"
#include "base/frame.h"
#include "cell/reader.h"
#include "triage/confine.h"
#include "triage/examine.h"
#include "triage/hashes.h"
#include "triage/protocol.h"

namespace {

using namespace shikake;
using triage::WorkerMessage;

// The parent may write members to a slow disk between frames.
constexpr std::chrono::minutes patience{5};
// Of a worker that only matches: hours of visits; the parent starts another one after it.
constexpr uint32_t matching_cpu_seconds = 3600;
constexpr size_t read_bytes = size_t{1} << 20;
constexpr int input_fd = cell::reader_first_input_fd;

Result<> send(base::FrameChannel& channel, WorkerMessage type, std::string_view body) {
  return channel.send(static_cast<uint8_t>(type), body, base::Deadline::after(patience));
}

// Reads all, by position; keeps the first max_examined_bytes.
Result<std::string> read_and_hash(triage::Triage& triage) {
  std::string kept;
  std::string buffer(read_bytes, '\0');
  triage::Hasher hasher(triage.size);
  kept.reserve(std::min(triage.size, triage::max_examined_bytes));
  uint64_t offset = 0;
  while (true) {
    const ssize_t got = ::pread(input_fd, buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(Module::triage, "the file can't be read");
    if (got == 0) break;
    std::string_view part(buffer.data(), static_cast<size_t>(got));
    hasher.update(base::as_bytes(part));
    kept.append(part.substr(0, std::min<uint64_t>(part.size(), triage::max_examined_bytes - kept.size())));
    offset += part.size();
  }
  triage.size = offset;  // it may have grown since its size was asked for
  triage.hashes = hasher.finish();
  return kept;
}

Result<> send_member(base::FrameChannel& channel, const triage::Member& member, std::string_view bytes) {
  SHIKAKE_TRY(send(channel, WorkerMessage::member, base::to_wire(member)));
  while (!bytes.empty()) {
    SHIKAKE_TRY(send(channel, WorkerMessage::member_bytes, bytes.substr(0, triage::member_part_bytes)));
    bytes.remove_prefix(std::min(bytes.size(), triage::member_part_bytes));
  }
  return send(channel, WorkerMessage::member_end, {});
}

// One body after another, until the parent is gone.
Result<> match_bodies(base::FrameChannel& channel, const triage::Question& question) {
  std::vector<std::filesystem::path> folders(question.rule_folders.begin(), question.rule_folders.end());
  SHIKAKE_ASSIGN(auto rules, triage::Rules::compile(folders, question.own_rules));
  SHIKAKE_TRY(triage::confine_worker(matching_cpu_seconds));
  SHIKAKE_TRY(send(channel, WorkerMessage::done, base::to_wire(triage::MatchAnswer{{}, rules.errors()})));
  for (;;) {
    auto body = channel.receive(base::Deadline::never());
    if (!body) return {};
    triage::Rules::Matches matches = rules.match(base::as_bytes(body->body));
    SHIKAKE_TRY(
        send(channel, WorkerMessage::done, base::to_wire(triage::MatchAnswer{std::move(matches.found), {}})));
  }
}

Result<> work(base::FrameChannel& channel) {
  SHIKAKE_ASSIGN(base::Frame frame, channel.receive(base::Deadline::after(patience)));
  SHIKAKE_ASSIGN(auto question, base::from_wire<triage::Question>(frame.body));
  if (question.rules_alone) return match_bodies(channel, question);
  std::vector<std::filesystem::path> folders(question.rule_folders.begin(), question.rule_folders.end());
  SHIKAKE_ASSIGN(auto types, triage::TypeFinder::open());
  SHIKAKE_ASSIGN(auto rules, triage::Rules::compile(folders, question.own_rules));
  triage::Tools tools{std::move(types), std::move(rules)};
  struct stat info {};
  if (::fstat(input_fd, &info) != 0) return fail_errno(Module::triage, "the file can't be read");
  triage::warm_up();
  SHIKAKE_TRY(triage::confine_worker(question.cpu_seconds));

  const auto start = std::chrono::steady_clock::now();
  triage::Triage facts;
  facts.name = question.name;
  facts.size = static_cast<uint64_t>(info.st_size);
  SHIKAKE_ASSIGN(std::string bytes, read_and_hash(facts));
  auto tell = [&](const triage::Triage& so_far) {
    return send(channel, WorkerMessage::facts, base::to_wire(so_far));
  };
  SHIKAKE_TRY(tell(facts));
  triage::Examination how{question.name, question.passwords, question.open_archive, {}, tell};
  if (question.send_members) {
    how.on_member = [&](const triage::Member& member, const std::string& content) {
      return send_member(channel, member, content);
    };
  }
  SHIKAKE_TRY(triage::examine(tools, how, base::as_bytes(bytes), facts));
  const auto took = std::chrono::steady_clock::now() - start;
  facts.milliseconds =
      static_cast<uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
  SHIKAKE_TRY(tell(facts));
  return send(channel, WorkerMessage::done, {});
}

}  // namespace

int main() {
  base::FrameChannel channel(base::UniqueFd(cell::reader_channel_fd), triage::max_worker_frame);
  if (auto result = work(channel); !result) {
    // Before the file was looked at, the parent is told why; afterwards its death is answer enough.
    (void)send(channel, WorkerMessage::failed, result.error().message());
    ::_exit(1);
  }
  ::_exit(0);  // nothing to tidy up, and less to run
}
