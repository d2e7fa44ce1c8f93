#include "sandbox/run/taint_flows.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

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

TEST(TaintFlows, RangesAreSortedAndNeverTouch) {
  struct Row {
    const char* name;
    std::vector<intel::RunBytes> added, all;
  };
  const Row rows[] = {
      {"one", {{3, 5}}, {{3, 5}}},
      {"apart", {{10, 12}, {3, 5}}, {{3, 5}, {10, 12}}},
      {"neighbours", {{3, 5}, {6, 7}, {1, 2}}, {{1, 7}}},
      {"inside", {{0, 95}, {34, 35}}, {{0, 95}}},
      {"around all", {{34, 35}, {44, 45}, {62, 71}, {0, 95}}, {{0, 95}}},
      {"a bridge", {{0, 3}, {8, 9}, {20, 21}, {4, 7}}, {{0, 9}, {20, 21}}},
      {"the ends of what there is", {{0, 0}, {UINT64_MAX, UINT64_MAX}}, {{0, 0}, {UINT64_MAX, UINT64_MAX}}},
      {"all of it", {{5, 9}, {0, UINT64_MAX}, {7, 7}}, {{0, UINT64_MAX}}},
  };
  for (const Row& row : rows) {
    std::vector<intel::RunBytes> all;
    for (const intel::RunBytes& one : row.added) add_range(all, one.first, one.last);
    ASSERT_EQ(all.size(), row.all.size()) << row.name;
    for (size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(all[i].first, row.all[i].first) << row.name;
      EXPECT_EQ(all[i].last, row.all[i].last) << row.name;
    }
  }
}

// What none of the record's flows is known to be is told of: nobody shall take silence for innocence.
TEST(TaintFlows, ARoleWithoutAFlowIsSaid) {
  intel::RunRecord placed = record(), unplaced = record();
  unplaced.flows[0].local = "10.0.0.2:4999";
  add_taint(placed, judged(events));
  add_taint(unplaced, judged(events));
  EXPECT_TRUE(placed.remarks.empty());
  ASSERT_EQ(unplaced.remarks.size(), 1U);
  EXPECT_NE(unplaced.remarks[0].find("a flow with 203.0.113.7:80 is c2"), std::string::npos) << unplaced.remarks[0];
}

TEST(TaintFlows, EchoesAreKnownByWhomTheyWentTo) {
  for (const bool same : {true, false}) {
    intel::RunRecord run;
    run.processes.push_back({.id = 0, .pid = 7, .exe = "/home/u/bot"});
    run.flows.push_back({.id = 1, .local = "10.0.0.2:5000", .remote = "203.0.113.9:0", .transport = "icmp"});
    run.flows.push_back({.id = 2, .local = "10.0.0.2:6000", .remote = "203.0.113.7:0", .transport = "icmp"});
    std::string lines(events);
    lines.replace(lines.find("\"tcp\",\"local\":\"10.0.0.2:4000\",\"remote\":\"203.0.113.7:80\""), 55,
                  std::string("\"icmp\",\"local\":\"0.0.0.0:1\",\"remote\":\"203.0.113.") + (same ? "7" : "8") + ":0\"");
    const taint::report::Run taint = judged(lines);
    ASSERT_EQ(taint.flows.at(1).protocol, "icmp");
    add_taint(run, taint);
    EXPECT_FALSE(run.flows[0].role);
    EXPECT_EQ(run.flows[1].role == intel::Role::c2, same);
    EXPECT_EQ(run.remarks.empty(), same);
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
  const auto forward = influenced_by(run, events, {5, "", {2, 3}});
  ASSERT_EQ(forward.size(), 1U);
  EXPECT_EQ(forward[0].how, "decided");
  EXPECT_EQ(forward[0].effect.kind, "exec");
  EXPECT_EQ(forward[0].place, "/home/u/bot+0x1234");
  EXPECT_EQ(influenced_by(run, events, {5, "", {8, 8}}).size(), 1U);  // the address
  EXPECT_TRUE(influenced_by(run, events, {5, "", {4, 7}}).empty());
  EXPECT_TRUE(influenced_by(run, events, {6, "", {0, 100}}).empty());
  const auto back = influences_on(run, events, {std::nullopt, "203.0.113.8"});
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].flow, 5U);
  EXPECT_EQ(back[0].bytes[0].first, 8U);
}

// A client that sends, in one packet, a greeting, what it was told and a stolen file; it writes the file elsewhere too.
TEST(Influence, PacketsAndLoot) {
  const std::string all = std::string(events) +
      R"({"event":"source","pid":7,"source":3,"kind":"file","path":"/home/u/.netrc"})"
      "\n"
      R"({"event":"action","pid":7,"kind":"send","source":2,"object":"203.0.113.8:81","offset":100,"count":60,"data":"48454c4c4f20","within":[1],"label":[[1,4,9,0],[3,0,31,0]],"parts":[[110,119,[[1,4,9,0]]],[120,135,[[3,0,15,0]]],[136,151,[[3,16,31,0]]]]})"
      "\n"
      R"({"event":"action","pid":7,"kind":"write","object":"/home/u/copy","offset":0,"count":8,"within":[],"label":[[3,0,7,0]]})"
      "\n"
      R"({"event":"action","pid":7,"kind":"send","object":"203.0.113.9:81","offset":0,"count":4,"data":"50494e47","within":[],"label":[[3,40,43,0]]})"
      "\n";
  const intel::RunRecord run = record();
  const auto said = [](const std::vector<Influence>& found) {
    std::vector<std::string> rows;
    for (const Influence& one : found) {
      std::string row = one.flow ? "flow " + std::to_string(*one.flow) : one.file;
      for (const auto& range : one.bytes) row += fmt::format(" {}-{}", range.first, range.last);
      row += " " + one.how + " " + one.effect.kind;
      if (one.to_flow) row += fmt::format(" flow {}", *one.to_flow);
      for (const auto& range : one.to_bytes) row += fmt::format(" {}-{}", range.first, range.last);
      rows.push_back(row);
    }
    return rows;
  };
  const std::string decided = "flow 5 0-3 decided send flow 6";
  struct Row {
    const char* name;
    std::vector<Influence> found;
    std::vector<std::string> expected;
  };
  const std::string packet = "/home/u/.netrc 0-31 content send flow 6 120-151", copy = "/home/u/.netrc 0-7 content write 0-7",
                    datagram = "/home/u/.netrc 40-43 content send flow 7 0-3";
  const Row rows[] = {
      {"a packet", influences_on(run, all, {6, ""}), {"flow 5 4-9 content send flow 6 110-119", packet, decided}},
      {"its middle", influences_on(run, all, {6, "", {125, 125}}), {"/home/u/.netrc 0-15 content send flow 6 120-135", decided}},
      {"its greeting", influences_on(run, all, {6, "", {0, 105}}), {decided}},
      {"what was never sent", influences_on(run, all, {6, "", {160, 999}}), {}},
      {"a flow that sent nothing", influences_on(run, all, {5, ""}), {}},
      {"a packet by what it says", influences_on(run, all, {std::nullopt, "HELLO"}), {decided}},
      {"a datagram that nobody answered", influences_on(run, all, {7, ""}), {datagram}},
      {"a file that was written", influences_on(run, all, {std::nullopt, "/home/u/copy", {0, 0}}), {copy}},
      {"loot", influenced_by(run, all, {std::nullopt, "/home/u/.netrc"}), {packet, copy, datagram}},
      {"loot, by the end of its path", influenced_by(run, all, {std::nullopt, "~/.netrc", {40, 40}}), {datagram}},
      {"part of it", influenced_by(run, all, {std::nullopt, ".netrc", {16, 20}}),
       {"/home/u/.netrc 16-31 content send flow 6 136-151"}},
      {"the end of a name is no path", influenced_by(run, all, {std::nullopt, "netrc"}), {}},
      {"received bytes that were sent on", influenced_by(run, all, {5, "", {4, 4}}), {"flow 5 4-9 content send flow 6 110-119"}},
  };
  for (const Row& row : rows) EXPECT_EQ(said(row.found), row.expected) << row.name;
}

}  // namespace
}  // namespace shikake::sandbox::run
