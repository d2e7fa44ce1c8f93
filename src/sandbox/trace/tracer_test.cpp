#include "sandbox/trace/tracer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "sandbox/trace/testing.h"

namespace shikake::sandbox::trace {
namespace {

using base::Deadline;
using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;

class Listing : public Hook {
 public:
  std::vector<Interest> interests() const override { return {{.sys = Sys::openat}, {.sys = Sys::open}}; }
  void on_process(Thread& thread) override {
    parents[thread.process().id.value] = thread.process().parent.value;
  }
  void on_execution(Thread& thread, const Execution& execution) override {
    executions.push_back(execution);
    by.push_back(thread.process().id.value);
  }
  CallAction on_call(Thread& thread, const Call& call) override {
    opened.push_back(thread.read_string(GuestAddress{call[call.sys == Sys::open ? 0 : 1]}).value_or("?"));
    return {.want_return = true};
  }
  void on_return(Thread&, const Call&, int64_t result) override { results.push_back(result); }
  void on_process_end(const Process& process, const Ending& ending) override {
    endings[process.id.value] = ending.status;
  }

  std::map<uint32_t, uint32_t> parents;
  std::vector<Execution> executions;
  std::vector<uint32_t> by;
  std::vector<std::string> opened;
  std::vector<int64_t> results;
  std::map<uint32_t, base::WaitStatus> endings;
};

TEST(Tracer, TreeOfAShell) {
  Listing listing;
  auto tracer = Tracer::make({});
  ASSERT_TRUE(tracer);
  tracer->add(listing);
  auto child = start_guest(*tracer, {"/bin/sh", "-c", "/bin/cat /etc/hostname; (/bin/true); exit 3"},
                           {.environment = {"PATH=/bin", "A=b"}});
  ASSERT_TRUE(child) << child.error().message();
  auto end = tracer->run(Deadline::after(20s));
  ASSERT_TRUE(end) << end.error().message();
  EXPECT_EQ(*end, RunEnd::all_gone);

  ASSERT_EQ(listing.executions.size(), 3u);
  EXPECT_THAT(listing.executions[0].arguments, ElementsAre("/bin/sh", "-c", testing::StartsWith("/bin/cat")));
  EXPECT_THAT(listing.executions[0].environment, ElementsAre("PATH=/bin", "A=b"));
  EXPECT_THAT(listing.executions[1].arguments, ElementsAre("/bin/cat", "/etc/hostname"));
  EXPECT_THAT(listing.executions[2].arguments, ElementsAre("/bin/true"));
  EXPECT_FALSE(listing.executions[0].truncated);
  EXPECT_THAT(listing.opened, Contains("/etc/hostname"));
  EXPECT_EQ(listing.opened.size(), listing.results.size());
  EXPECT_EQ(listing.parents[1], 0u);
  EXPECT_EQ(listing.parents[2], 1u);
  EXPECT_EQ(listing.endings.at(1), (base::WaitStatus{base::WaitStatus::How::exited, 3}));
  EXPECT_EQ(listing.endings.size(), listing.parents.size());
}

}  // namespace
}  // namespace shikake::sandbox::trace
