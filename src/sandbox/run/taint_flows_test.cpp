#include "sandbox/run/taint_flows.h"

#include <gtest/gtest.h>

#include "sandbox/run/influence.h"

namespace shikake::sandbox::run {
namespace {

// A client that asks 203.0.113.7 what to do, gets EXEC, and runs a program; and one that is told where to go.
constexpr std::string_view events =
    R"({"event":"source","pid":7,"source":1,"kind":"flow","protocol":"tcp","local":"10.0.0.2:4000","remote":"203.0.113.7:80"})"
    "\n"
    R"({"event":"received","pid":7,"source":1,"offset":0,"count":4,"data":"45584543"})"
    "\n"
    R"({"event":"decision","pid":7,"number":1,"address":4198400,"place":{"module":"/home/u/bot","offset":4660},"indirect":true,"taken":1,"other_branches":0,"other_calls":0,"label":[[1,0,3,0]]})"
    "\n"
    R"({"event":"action","pid":7,"kind":"exec","object":"/bin/true","arguments":"true x","within":[1],"label":[],"content":[]})"
    "\n"
    R"({"event":"source","pid":7,"source":2,"kind":"flow","protocol":"tcp","local":"0.0.0.0:4001","remote":"203.0.113.8:81"})"
    "\n"
    R"({"event":"action","pid":7,"kind":"connect","object":"203.0.113.8:81","source":2,"within":[],"label":[[1,8,11,0]]})"
    "\n";

intel::RunRecord record() {
  intel::RunRecord run;
  run.processes.push_back({.id = 0, .pid = 7, .exe = "/home/u/bot"});
  run.flows.push_back({.id = 5, .local = "10.0.0.2:4000", .remote = "203.0.113.7:80", .transport = "tcp"});
  run.flows.push_back({.id = 6, .local = "10.0.0.2:4001", .remote = "203.0.113.8:81", .transport = "tcp"});
  run.flows.push_back({.id = 7, .local = "10.0.0.2:4002", .remote = "203.0.113.9:81", .transport = "tcp"});
  return run;
}

taint::report::Run judged(std::string_view lines) {
  taint::report::Run taint = taint::report::read_events(lines);
  taint::report::judge(taint);
  return taint;
}

TEST(TaintFlows, JoinsRolesDecisionsAndParents) {
  intel::RunRecord run = record();
  add_taint(run, judged(events));
  const intel::RunFlow& commanding = run.flows[0];
  EXPECT_EQ(commanding.role, intel::Role::c2);
  ASSERT_FALSE(commanding.evidence.empty());
  EXPECT_NE(commanding.evidence[0].find("EXEC"), std::string::npos) << commanding.evidence[0];
  EXPECT_NE(commanding.evidence[0].find("/home/u/bot+0x1234"), std::string::npos) << commanding.evidence[0];
  ASSERT_EQ(commanding.decisions.size(), 1U);
  EXPECT_EQ(commanding.decisions[0].bytes, "EXEC");
  EXPECT_EQ(commanding.decisions[0].process, 0U);
  ASSERT_EQ(commanding.decisions[0].effects.size(), 1U);
  EXPECT_EQ(commanding.decisions[0].effects[0].object, "true x");
  EXPECT_EQ(run.flows[1].parent_flow, 5U);
  EXPECT_FALSE(run.flows[1].role);
  EXPECT_FALSE(run.flows[2].role || run.flows[2].parent_flow);
}

TEST(TaintFlows, ForeignEventsDoNotStayInTheWay) {
  // A guest writes what it likes: numbers that are none, flows that are not there, text that is none.
  const char* rows[] = {"", "\n\n", "{}\n", "nonsense\n",
                        R"({"event":"action","pid":7,"kind":"exec","within":[9],"label":[[9,5,1,0]]})",
                        R"({"event":"source","source":70000,"kind":"flow","remote":"x"})"};
  for (const char* row : rows) {
    intel::RunRecord run = record();
    add_taint(run, judged(row));
    for (const intel::RunFlow& flow : run.flows) EXPECT_FALSE(flow.role) << row;
  }
}

TEST(Influence, BothWays) {
  const intel::RunRecord run = record();
  const auto forward = influenced_by(run, events, 5, 2, 3);
  ASSERT_EQ(forward.size(), 1U);
  EXPECT_EQ(forward[0].how, "decided");
  EXPECT_EQ(forward[0].effect.kind, "exec");
  EXPECT_EQ(forward[0].place, "/home/u/bot+0x1234");
  EXPECT_EQ(influenced_by(run, events, 5, 8, 8).size(), 1U);  // the address
  EXPECT_TRUE(influenced_by(run, events, 5, 4, 7).empty());
  EXPECT_TRUE(influenced_by(run, events, 6, 0, 100).empty());
  const auto back = influences_on(run, events, "203.0.113.8");
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].flow, 5U);
  EXPECT_EQ(back[0].bytes[0].first, 8U);
}

}  // namespace
}  // namespace shikake::sandbox::run
