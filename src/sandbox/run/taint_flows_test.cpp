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
    R"({"event":"decision","pid":7,"number":1,"address":4198400,"place":{"module":"/home/u/bot","offset":4660,"symbol":"obey"},"indirect":true,"taken":1,"other_branches":0,"other_calls":0,"label":[[1,0,3,0]]})"
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
  EXPECT_NE(commanding.evidence[0].find("in obey at /home/u/bot+0x1234"), std::string::npos) << commanding.evidence[0];
  ASSERT_EQ(commanding.decisions.size(), 1U);
  EXPECT_EQ(commanding.decisions[0].bytes, "EXEC");
  EXPECT_EQ(commanding.decisions[0].symbol, "obey");
  EXPECT_EQ(commanding.decisions[0].process, 0U);
  ASSERT_EQ(commanding.decisions[0].effects.size(), 1U);
  EXPECT_EQ(commanding.decisions[0].effects[0].object, "true x");
  EXPECT_EQ(run.flows[1].parent_flow, 5U);
  EXPECT_FALSE(run.flows[1].role);
  EXPECT_FALSE(run.flows[2].role || run.flows[2].parent_flow);
}

// A socket that takes datagrams asks a name server and a commander.
TEST(TaintFlows, OfADatagramSocketsPeersTheOneThatCommandsIsConvicted) {
  struct Row {
    const char* name;
    std::string remote;     // as the events have it
    std::vector<bool> c2;   // of the record's flows
  };
  const Row rows[] = {
      {"the commander", "203.0.113.7:4444", {false, true, false}},
      {"nobody knows who", "", {false, false, false}},
      {"somebody else", "203.0.113.99:53", {false, false, false}},
  };
  for (const Row& row : rows) {
    intel::RunRecord run;
    run.processes.push_back({.id = 0, .pid = 7, .exe = "/home/u/bot"});
    run.flows.push_back({.id = 1, .local = "10.0.0.2:5000", .remote = "10.0.0.1:53", .transport = "udp"});
    run.flows.push_back({.id = 2, .local = "10.0.0.2:5000", .remote = "203.0.113.7:4444", .transport = "udp"});
    run.flows.push_back({.id = 3, .local = "10.0.0.2:5001", .remote = "203.0.113.7:4444", .transport = "udp"});
    std::string lines(events);
    lines.replace(lines.find("\"tcp\",\"local\":\"10.0.0.2:4000\",\"remote\":\"203.0.113.7:80\""), 55,
                  "\"udp\",\"local\":\"0.0.0.0:5000\",\"remote\":\"" + row.remote + "\"");
    const taint::report::Run taint = judged(lines);
    ASSERT_EQ(taint.flows.at(1).protocol, "udp") << row.name;
    ASSERT_EQ(taint.bad_lines, 0U) << row.name;
    add_taint(run, taint);
    for (size_t i = 0; i < row.c2.size(); ++i)
      EXPECT_EQ(run.flows[i].role == intel::Role::c2, row.c2[i]) << row.name << ", flow " << i;
  }
}

TEST(TaintFlows, ForeignEventsConvictNobody) {
  // A guest writes what it likes among true events: one line is taken away, or another one added.
  std::vector<std::string> whole;
  for (size_t at = 0; at < events.size(); at = events.find('\n', at) + 1)
    whole.emplace_back(events.substr(at, events.find('\n', at) + 1 - at));
  constexpr size_t source = 0, received = 1, decision = 2, action = 3;
  struct Row {
    const char* name;
    size_t line;
    std::string instead;
    bool convicts;
  };
  const auto with = [&](size_t line, std::string_view was, std::string_view is) {
    std::string text = whole[line];
    return text.replace(text.find(was), was.size(), is);
  };
  const Row rows[] = {
      {"nothing changed", source, whole[source], true},
      {"no content", received, "\n\n", true},
      {"nonsense among them", received, "nonsense\n{}\n", true},
      {"no source", source, "", false},
      {"a source past 16 bits that would be this one", source, with(source, "\"source\":1", "\"source\":65537"), false},
      {"a flow that the record does not have", source, with(source, "10.0.0.2:4000", "10.0.0.2:4999"), false},
      {"another protocol", source, with(source, "\"tcp\"", "\"udp\""), false},
      {"a decision on nobody's bytes", decision, with(decision, "[[1,0,3,0]]", "[[9,0,3,0]]"), false},
      {"a decision on a range that ends before it begins", decision, with(decision, "[[1,0,3,0]]", "[[1,5,1,0]]"), false},
      {"within a decision that is not there", action, with(action, "[1]", "[9]"), false},
  };
  for (const Row& row : rows) {
    std::string lines;
    for (size_t i = 0; i <= action; ++i) lines += i == row.line ? row.instead : whole[i];
    intel::RunRecord run = record();
    add_taint(run, judged(lines));
    EXPECT_EQ(run.flows[0].role.has_value(), row.convicts) << row.name;
    EXPECT_FALSE(run.flows[1].role || run.flows[2].role) << row.name;
  }
}

TEST(TaintFlows, WhatIsMissingIsSaid) {
  struct Row {
    const char* line;
    const char* remark;  // begins one; nullptr: none is made
  };
  const Row rows[] = {
      {"", nullptr},
      {"nonsense\n", "taint: 1 of its events make no sense"},
      {"{\"event\":\"lost\",\"what\":\"labels of a block\"}\n", "taint: not everything was followed: labels of a block (1 times)"},
  };
  for (const Row& row : rows) {
    intel::RunRecord run = record();
    add_taint(run, judged(std::string(events) + row.line));
    ASSERT_EQ(run.remarks.size(), row.remark == nullptr ? 0U : 1U) << row.line;
    for (const std::string& remark : run.remarks) EXPECT_TRUE(remark.starts_with(row.remark)) << remark;
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
