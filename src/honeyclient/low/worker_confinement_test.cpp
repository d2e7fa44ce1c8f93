// What a page worker can't do, tried from inside one, and seen from outside on one at work.
#include <unistd.h>

#include "cell/testing.h"
#include "honeyclient/low/protocol.h"
#include "honeyclient/low/visit_test.h"
#include "honeyclient/low/zygote.h"

namespace shikake::honeyclient::low {
namespace {

using namespace std::chrono_literals;

// The warm process of all rows, as a run of many visits has it.
base::Zygote& intruders() {
  static Result<base::Zygote> zygote = start_page_zygote(SHIKAKE_BUILD_DIR "/src/honeyclient/page_intruder");
  if (!zygote) {
    ADD_FAILURE() << zygote.error().message();
    std::abort();
  }
  return *zygote;
}

base::WaitStatus end_of_worker_that_tries(std::string name) {
  auto worker = intruders().fork(limits::max_frame);
  EXPECT_TRUE(worker) << worker.error().message();
  if (!worker) return {};
  Start start;
  start.document.body = std::move(name);
  start.persona = *find_persona(default_persona);
  EXPECT_TRUE(worker->channel.send(static_cast<uint8_t>(ToPage::start), base::to_wire(start),
                                   base::Deadline::after(30s)));
  auto end = worker->child.wait(base::Deadline::after(30s));
  EXPECT_TRUE(end) << "still running";
  return end.value_or(base::WaitStatus{});
}

class PageWorkers : public ::testing::TestWithParam<cell::Attempt> {};

TEST_P(PageWorkers, CanNot) {
  SHIKAKE_SKIP_ATTEMPTS_OF_SANITIZERS(GetParam());
  const base::WaitStatus end = end_of_worker_that_tries(GetParam().name);
  EXPECT_EQ(end, GetParam().end) << end.describe();
}

INSTANTIATE_TEST_SUITE_P(Attempts, PageWorkers, ::testing::ValuesIn(cell::forbidden_attempts),
                         [](const auto& row) { return row.param.name; });

// Which allocation fails first is chance: an engine that must have it and aborts is out of memory too.
TEST(PageWorkers, WhoseEngineAbortsForMemorySaySo) {
  const base::WaitStatus end = end_of_worker_that_tries("spends_the_engines_memory");
  EXPECT_EQ(end, (base::WaitStatus{base::WaitStatus::How::exited, memory_spent_status})) << end.describe();
}

// A flaw of ours in what a script called is that script's error, not the page's end.
TEST(PageWorkers, GoOnAfterAFlawInWhatAScriptCalled) {
  const base::WaitStatus end = end_of_worker_that_tries("throws_in_a_native");
  EXPECT_EQ(end, (base::WaitStatus{base::WaitStatus::How::exited, 0})) << end.describe();
}

TEST(PageWorkers, HaveTheirSocketAndNothingElse) {
  VisitOptions options = local_visit("http://page.example/");
  options.offline = true;
  options.content = "<script>for(;;){}</script>";
  options.max_script_time = 60s;  // it is stopped when it has been looked at
  auto browser = Browser::open();
  ASSERT_TRUE(browser) << browser.error().message();
  cell::Confinement seen;
  options.go_on = [&] {
    for (int pid : browser->worker_pids()) {
      const cell::Confinement now = cell::confinement_of(pid);
      if (now.filtered) seen = now;
    }
    return !seen.filtered;
  };
  NoBlobs blobs;
  (void)browser->visit(options, blobs);
  EXPECT_TRUE(seen.filtered && seen.no_new_privs);
  size_t sockets = 0;
  for (const auto& [number, target] : seen.descriptors) {
    if (target.starts_with("socket:"))
      ++sockets;
    else
      EXPECT_EQ(target, "/dev/null") << number;
  }
  EXPECT_EQ(sockets, 1u);
}

}  // namespace
}  // namespace shikake::honeyclient::low
