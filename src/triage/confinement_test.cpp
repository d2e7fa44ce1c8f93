// The triage worker tries what it may not do, and is looked at from outside while it works.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "base/wire.h"
#include "cell/reader.h"
#include "cell/testing.h"
#include "triage/confine.h"
#include "triage/protocol.h"
#include "triage/testing.h"

namespace shikake::triage {
namespace {

using namespace std::chrono_literals;

base::WaitStatus end_of(int (*action)()) {
  const pid_t child = ::fork();
  if (child == 0) {
    warm_up();
    if (!confine_worker(10)) ::_exit(cell::status_not_confined);
    ::_exit(action());
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? base::WaitStatus{base::WaitStatus::How::exited, WEXITSTATUS(status)}
                           : base::WaitStatus{base::WaitStatus::How::killed, WTERMSIG(status)};
}

TEST(TriageWorker, CanOnlyCompute) {
  for (const cell::Attempt& attempt : cell::forbidden_attempts) {
    SCOPED_TRACE(attempt.name);
    // Libraries that look for files find none; that is the one difference to readers.
    const bool opens = std::string_view(attempt.name) == "open" || std::string_view(attempt.name) == "create";
    const base::WaitStatus no_file{base::WaitStatus::How::exited, EACCES};
    EXPECT_EQ(end_of(attempt.action), opens ? no_file : attempt.end);
  }
}

TEST(TriageWorker, HasItsChannelAndItsInputAndNothingElse) {
  TemporaryFolder folder;
  // A member of so many bytes that the worker waits for somebody to take them.
  folder.write("large", std::string(30 << 20, 'x'));
  output_of("cd " + folder.path().string() + " && tar cf out.tar large");
  base::UniqueFd file(::open((folder.path() / "out.tar").c_str(), O_RDONLY | O_CLOEXEC));
  const int input = file.get();
  auto worker = cell::ReaderProcess::start(worker_program, {&input, 1}, max_worker_frame, 1 << 30);
  ASSERT_TRUE(worker) << worker.error().message();
  Question question;
  question.send_members = true;
  question.cpu_seconds = 60;
  ASSERT_TRUE(worker->channel.send(static_cast<uint8_t>(WorkerMessage::question), base::to_wire(question),
                                   base::Deadline::after(30s)));
  for (;;) {
    auto frame = worker->channel.receive(base::Deadline::after(30s));
    ASSERT_TRUE(frame) << frame.error().message();
    if (frame->type == static_cast<uint8_t>(WorkerMessage::member)) break;
  }
  const cell::Confinement seen = cell::confinement_of(worker->child.pid());
  EXPECT_TRUE(seen.filtered && seen.no_new_privs);
  size_t ours = 0;
  for (const auto& [number, target] : seen.descriptors) {
    if (number == cell::reader_channel_fd) {
      EXPECT_TRUE(target.starts_with("socket:")) << target;
      ++ours;
    } else if (number == cell::reader_first_input_fd) {
      EXPECT_TRUE(target.ends_with("/out.tar")) << target;
      ++ours;
    } else {
      EXPECT_EQ(target, "/dev/null") << number;
    }
  }
  EXPECT_TRUE(seen.descriptors.empty() || ours == 2);
}

TEST(TriageWorker, IsStoppedWhenItsTimeIsOverAndWhatItSaidStays) {
  TemporaryFolder folder;
  for (const char* name : {"a", "b"}) folder.write(name, std::string(7 << 20, 'x'));
  output_of("cd " + folder.path().string() + " && tar czf out.tgz a b");
  Options options;
  options.patience = 5s;
  options.on_member = [](const Member&, const std::string&) -> Result<> {
    std::this_thread::sleep_for(5100ms);  // a slow disk
    return {};
  };
  auto facts = triage_file(folder.path() / "out.tgz", options);
  ASSERT_TRUE(facts) << facts.error().message();
  EXPECT_EQ(facts->hashes.sha256.size(), 64u);
  EXPECT_EQ(facts->kind, FileKind::archive);
  EXPECT_FALSE(facts->complete);
  EXPECT_FALSE(facts->limits_hit.empty());
}

}  // namespace
}  // namespace shikake::triage
