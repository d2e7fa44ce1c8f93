#include "taint/report/provenance.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "taint/qemu/recorder.h"

namespace shikake::taint::report {
namespace {

// A client that a server's word EXEC leads to run a program, by a jump that was computed from it.
constexpr std::string_view source =
    R"({"event":"source","pid":7,"source":1,"kind":"flow","protocol":"tcp","remote":"203.0.113.7:80"})";
constexpr std::string_view decision =
    R"({"event":"decision","pid":7,"number":1,"address":4198400,"place":{"module":"/home/u/bot","offset":4660},"indirect":true,"taken":1,"label":[[1,0,3,0]]})";
constexpr std::string_view action =
    R"({"event":"action","pid":7,"thread":0,"kind":"exec","object":"/bin/true","arguments":"true x","within":[1],"label":[],"content":[]})";

Run judged(std::initializer_list<std::string_view> lines) {
  std::string all;
  for (const std::string_view line : lines) (all += line) += '\n';
  report::Run run = read_events(all);
  judge(run);
  return run;
}
bool commands(const Run& run, uint16_t flow = 1) {
  const auto found = run.flows.find(flow);
  return found != run.flows.end() && found->second.roles.contains(Role::c2);
}
std::string with(std::string_view line, std::string_view was, std::string_view is) {
  std::string changed(line);
  changed.replace(changed.find(was), was.size(), is);
  return changed;
}

TEST(Events, NumbersThatCannotBeMakeNoEvent) {
  const report::Run run = judged({source, decision, action});
  ASSERT_TRUE(commands(run));
  ASSERT_EQ(run.bad_lines, 0U);
  struct Row {
    const char* name;
    std::string source, decision, action;
  };
  const std::string s(source), d(decision), a(action);
  const Row rows[] = {
      {"a source past 16 bits", with(s, "\"source\":1", "\"source\":65537"), d, a},
      {"a source below 0", with(s, "\"source\":1", "\"source\":-1"), d, a},
      {"no source", with(s, "\"source\":1", "\"source\":0"), d, a},
      {"a source that is text", with(s, "\"source\":1", "\"source\":\"1\""), d, a},
      {"the mark of labels that lost their source", with(s, "\"source\":1", "\"source\":65535"), d, a},
      {"a decision past 32 bits", s, with(d, "\"number\":1", "\"number\":4294967297"), a},
      {"a decision's pid past Linux's", s, with(d, "\"pid\":7", "\"pid\":4294967303"), a},
      {"a label's source past 16 bits", s, with(d, "[1,0,3,0]", "[65537,0,3,0]"), a},
      {"a label's end before its start", s, with(d, "[1,0,3,0]", "[1,3,0,0]"), a},
      {"a label past 32 bits", s, with(d, "[1,0,3,0]", "[1,0,4294967296,0]"), a},
      {"a label below 0", s, with(d, "[1,0,3,0]", "[1,-4,3,0]"), a},
      {"a label of three numbers", s, with(d, "[1,0,3,0]", "[1,0,3]"), a},
      {"more ranges than a label has", s,
       with(d, "[1,0,3,0]", "[1,0,3,0],[1,0,3,0],[1,0,3,0],[1,0,3,0],[1,0,3,0],[1,0,3,0],[1,0,3,0]"), a},
      {"an offset in the file below 0", s, with(d, "4660", "-4660"), a},
      {"an address that is no number", s, with(d, "4198400", "0.5"), a},
      {"within a decision past 32 bits", s, d, with(a, "[1]", "[4294967297]")},
      {"within a decision below 0", s, d, with(a, "[1]", "[1,-1]")},
      {"within that is no list", s, d, with(a, "[1]", "1")},
      {"an action's pid below 0", s, d, with(a, "\"pid\":7", "\"pid\":-7")},
      {"an action cut off", s, d, a.substr(0, 60)},
  };
  for (const Row& row : rows) {
    const report::Run hostile = judged({row.source, row.decision, row.action});
    EXPECT_EQ(hostile.bad_lines, 1U) << row.name;
    EXPECT_FALSE(commands(hostile)) << row.name;
  }
}

TEST(Events, AFloodIsKeptWithinBoundsAndSaysSo) {
  std::string lines;
  for (int i = 1; i < 65535; ++i) {
    lines += fmt::format("{{\"event\":\"source\",\"source\":{},\"kind\":\"flow\"}}\n", i);
    lines += fmt::format("{{\"event\":\"received\",\"source\":{},\"offset\":65535,\"data\":\"41\"}}\n", i);
  }
  const report::Run run = read_events(lines);
  EXPECT_EQ(run.flows.size(), max_flows);
  size_t kept = 0;
  for (const auto& [number, flow] : run.flows) kept += flow.received.size();
  EXPECT_LE(kept, max_received_all);
  EXPECT_EQ(run.limits, (std::set<std::string>{"flows", "received"}));

  const report::Run far = read_events("{\"event\":\"source\",\"source\":1}\n"
                              "{\"event\":\"received\",\"source\":1,\"offset\":9223372036854775807,\"data\":\"4141\"}\n");
  EXPECT_TRUE(far.flows.at(1).received.empty());
  EXPECT_EQ(read_events(std::string(max_line + 1, '[')).bad_lines, 1U);
}

TEST(Events, WhatAnActionDependsOnIsBounded) {
  std::string within = "1";
  while (within.size() < max_line / 2) within += ",1";
  std::string lines;
  for (int i = 0; i < 80; ++i) lines += fmt::format("{{\"event\":\"action\",\"kind\":\"exec\",\"within\":[{}]}}\n", within);
  const report::Run run = read_events(lines);
  size_t all = 0;
  for (const Action& one : run.actions) all += one.within.size();
  EXPECT_LE(all, max_within);
  EXPECT_TRUE(run.limits.contains("within"));
}

TEST(Judging, EndsWhenItsStepsAreUsedUp) {
  // Each action within 200 decisions on each of six flows, of which none convicts: all pairs are compared.
  std::string lines, within;
  for (int i = 1; i <= 6; ++i) lines += fmt::format("{{\"event\":\"source\",\"source\":{},\"kind\":\"flow\"}}\n", i);
  for (int i = 1; i <= 200; ++i) {
    lines += fmt::format("{{\"event\":\"decision\",\"number\":{},\"address\":{},\"label\":[[1,0,0,0],[2,0,0,0],[3,0,0,0],"
                         "[4,0,0,0],[5,0,0,0],[6,0,0,0]]}}\n", i, i);
    within += fmt::format("{}{}", i == 1 ? "" : ",", i);
  }
  for (int i = 0; i < 100; ++i) lines += fmt::format("{{\"event\":\"action\",\"kind\":\"exec\",\"within\":[{}]}}\n", within);
  report::Run run = read_events(lines);
  judge(run, 1'000'000);
  EXPECT_TRUE(run.limits.contains("judging"));
  report::Run few = judged({source, decision, action});
  judge(few, 100);
  EXPECT_TRUE(few.limits.empty());
}

TEST(Judging, OnlyTheGuestsOwnLibrariesAreNoChoiceOfTheProgram) {
  struct Row {
    const char* name;
    std::string module;
    bool commands;
  };
  const Row rows[] = {
      {"the program", "/home/u/bot", true},
      {"a program called like a loader", "/home/u/ld-x", true},
      {"a program called like the C library", "/tmp/libc-update", true},
      {"a library of the program's own", "/home/u/libc.so.6", true},
      {"a program in a library folder", "/usr/lib/libc-update", true},
      {"another library", "/usr/lib/x86_64-linux-gnu/libcurl.so.4", true},
      {"a folder that looks like one", "/usr/-linux-/../../home/u/libc.so.6", true},
      {"code in memory", "", true},
      {"the C library", "/usr/lib/x86_64-linux-gnu/libc.so.6", false},
      {"an older one's name", "/lib/libc-2.31.so", false},
      {"the loader", "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", false},
      {"another architecture's", "/usr/arm-linux-gnueabihf/lib/libc.so.6", false},
      {"uClibc", "/lib/libuClibc-1.0.43.so", false},
      {"musl", "/lib/ld-musl-x86_64.so.1", false},
  };
  for (const Row& row : rows)
    EXPECT_EQ(commands(judged({source, with(decision, "/home/u/bot", row.module), action})), row.commands) << row.name;

  const std::string in_library = with(decision, "/home/u/bot", "/usr/lib/libc-2.31.so");
  const char* writes[] = {
      R"({"event":"action","pid":7,"kind":"create","object":"/usr/lib/libc-2.31.so","result":3,"within":[]})",
      R"({"event":"action","pid":7,"kind":"rename","object":"x","arguments":"/usr/lib/libc-2.31.so","result":0,"within":[]})",
  };
  for (const char* write : writes) {
    EXPECT_TRUE(commands(judged({source, write, in_library, action}))) << write;
    EXPECT_FALSE(commands(judged({source, with(write, "\"result\":", "\"result\":-"  "13,\"x\":"), in_library, action}))) << write;
  }
}

TEST(Judging, WhatFailedWasNotDone) {
  const std::string created = with(action, "\"exec\"", "\"create\",\"result\":-13");
  const std::string distributed = with(action, "\"content\":[]", "\"content\":[[1,0,99,0]]");
  constexpr std::string_view failed = R"({"event":"failed","pid":7,"thread":0,"kind":"exec","result":-13})";
  struct Row {
    const char* name;
    std::vector<std::string_view> lines;
    std::set<Role> roles;
  };
  const Row rows[] = {
      {"an exec", {action}, {Role::c2}},
      {"an exec that failed", {action, failed}, {}},
      {"another thread's failure", {action, R"({"event":"failed","pid":7,"thread":1,"kind":"exec"})"}, {Role::c2}},
      {"another kind's failure", {action, R"({"event":"failed","pid":7,"thread":0,"kind":"kill"})"}, {Role::c2}},
      {"the second try along PATH", {action, failed, action}, {Role::c2}},
      {"a file that could not be made", {created}, {}},
      {"received bytes that ran", {distributed}, {Role::distribution}},
      {"received bytes that did not run", {distributed, failed}, {}},
  };
  for (const Row& row : rows) {
    std::string all = fmt::format("{}\n{}\n", source, decision);
    for (const std::string_view line : row.lines) (all += line) += '\n';
    report::Run run = read_events(all);
    judge(run);
    EXPECT_EQ(run.bad_lines, 0U) << row.name;
    std::set<Role> roles;
    for (const auto& [role, evidence] : run.flows.at(1).roles) roles.insert(role);
    EXPECT_EQ(roles, row.roles) << row.name;
  }
}

// A parent tests bytes before it runs the program that came: the program's own, or a word beside it.
TEST(Judging, AWordThatSaysToRunADownloadLiesBesideIt) {
  struct Row {
    const char* name;
    const char* content;
    std::set<Role> roles;
  };
  const Row rows[] = {
      {"the bytes are the program's", "[[1,0,99,0]]", {Role::distribution}},
      {"the bytes lie before the program", "[[1,4,99,0]]", {Role::distribution, Role::c2}},
  };
  for (const Row& row : rows) {
    const report::Run run = judged({source, with(decision, "\"pid\":7", "\"pid\":6"),
                                    with(action, "\"content\":[]", std::string("\"content\":") + row.content)});
    std::set<Role> roles;
    for (const auto& [role, evidence] : run.flows.at(1).roles) roles.insert(role);
    EXPECT_EQ(roles, row.roles) << row.name;
  }
}

// A static program's printf decides on what it prints.
TEST(Judging, PrintingReceivedBytesIsNoGate) {
  struct Row {
    const char* what;
    bool gate;
  };
  const Row rows[] = {{R"("kind":"write","object":"/dev/null","label":[[1,2,9,0]])", false},
                      {R"("kind":"write","object":"/dev/null","label":[[1,2,9,1]])", true},
                      {R"("kind":"write","object":"/dev/null","label":[[1,40,90,0]])", true},
                      {R"("kind":"write","object":"/dev/null","label":[[2,2,9,0]])", true},
                      {R"("kind":"create","object":"x","result":3,"label":[])", true}};
  const std::string tested = with(decision, "\"indirect\":true", "\"indirect\":false");
  for (const Row& row : rows) {
    report::Run run = read_events(fmt::format("{}\n{}\n{{\"event\":\"action\",\"pid\":7,\"within\":[1],{}}}\n", source, tested, row.what));
    judge(run);
    EXPECT_EQ(run.bad_lines, 0U) << row.what;
    EXPECT_FALSE(commands(run)) << row.what;
    EXPECT_EQ(run.flows.at(1).gate, row.gate) << row.what;
  }
}

TEST(Judging, TakingDeliveryOfWhatAFlowSendsIsNoCommand) {
  constexpr std::string_view second = R"({"event":"source","source":2,"kind":"flow","protocol":"tcp","remote":"203.0.113.8:81"})";
  constexpr std::string_view led = R"({"event":"action","kind":"connect","source":2,"within":[],"label":[[1,9,12,0]]})";
  constexpr std::string_view stored = R"({"event":"action","kind":"write","object":"/home/u/text.part","within":[],"label":[[1,20,90,0]]})";
  constexpr std::string_view made = R"({"event":"action","kind":"write","object":"/home/u/text.part","count":5,"within":[],"label":[[1,20,90,1]],"parts":[[4,4,[[1,20,90,1]]]]})";
  constexpr std::string_view found = R"({"event":"action","kind":"write","object":"/home/u/text.part","count":5,"within":[],"label":[[1,20,90,1]],"parts":[[0,3,[[1,20,90,1]]]]})";
  constexpr std::string_view unpacked = R"({"event":"action","kind":"write","object":"/home/u/app/sub/a","within":[],"label":[[1,20,90,0]]})";
  constexpr std::string_view outer = R"({"event":"action","kind":"mkdir","object":"app","result":0,"within":[],"label":[[1,20,30,0]]})";
  struct Row {
    const char* name;
    std::vector<std::string_view> before;
    const char* what;
    bool commands;
  };
  const Row rows[] = {
      {"talks on", {}, R"("kind":"send","source":1)", false},
      {"talks to another", {second}, R"("kind":"send","source":2)", true},
      {"talks to whom it was sent to", {second, led}, R"("kind":"send","source":2)", false},
      {"calls on whom it was sent to", {second}, R"("kind":"connect","source":2,"label":[[1,9,12,0]])", false},
      {"calls on another", {second}, R"("kind":"connect","source":2)", true},
      {"saves what comes", {}, R"("kind":"write","object":"/home/u/text.part","label":[[1,20,90,0]])", false},
      {"writes something else", {}, R"("kind":"write","object":"/home/u/x","label":[])", true},
      {"makes a file of its own words", {made}, R"("kind":"create","object":"text.part","result":3)", true},
      {"makes a file of what was found by search", {found}, R"("kind":"create","object":"text.part","result":3)", false},
      {"makes the file", {stored}, R"("kind":"create","object":"text.part","result":3)", false},
      {"makes the file, named by it", {stored}, R"("kind":"create","object":"./text.part","result":3,"label":[[1,5,9,0]])", false},
      {"makes another file", {stored}, R"("kind":"create","object":"part","result":3)", true},
      {"makes another file, named by it", {stored}, R"("kind":"create","object":"x","result":3,"label":[[1,5,9,0]])", true},
      {"moves it to its place", {stored}, R"("kind":"rename","object":"text.part","arguments":"text","result":0)", false},
      {"drops it", {stored}, R"("kind":"unlink","object":"/home/u/text.part","result":0)", false},
      {"removes another", {stored}, R"("kind":"unlink","object":"/home/v/text.part","result":0)", true},
      {"runs it", {stored}, R"("kind":"exec","object":"text.part")", true},
      {"unpacks its folder", {unpacked}, R"("kind":"mkdirat","object":"app/sub","result":0,"label":[[1,20,30,0]])", false},
      {"unpacks the folder above", {unpacked}, R"("kind":"mkdir","object":"app/","result":0,"label":[[1,20,30,0]])", false},
      {"and an empty one in it", {unpacked, outer}, R"("kind":"mkdir","object":"app/empty","result":0,"label":[[1,20,30,0]])", false},
      {"gives its file a mode", {unpacked}, R"("kind":"fchmodat","object":"app/sub/a","result":0,"label":[[1,20,30,0]])", false},
      {"replaces its file", {unpacked}, R"("kind":"unlinkat","object":"app/sub/a","result":0,"label":[[1,20,30,0]])", false},
      {"makes a folder that nothing of it comes into", {unpacked}, R"("kind":"mkdir","object":"/home/u/other","result":0,"label":[[1,20,30,0]])", true},
      {"makes one of the same name elsewhere", {unpacked}, R"("kind":"mkdir","object":"/tmp/app","result":0,"label":[[1,20,30,0]])", true},
      {"removes a file beside its own", {unpacked, outer}, R"("kind":"unlink","object":"app/b","result":0,"label":[[1,20,30,0]])", true},
      {"moves away the folder that its file is in", {unpacked}, R"("kind":"rename","object":"/home/u","arguments":"/x","result":0,"label":[[1,20,30,0]])", true},
  };
  for (const Row& row : rows) {
    std::string all = fmt::format("{}\n{}\n", source, decision);
    for (const std::string_view line : row.before) (all += line) += '\n';
    all += fmt::format("{{\"event\":\"action\",\"pid\":7,\"within\":[1],{}}}\n", row.what);
    report::Run run = read_events(all);
    judge(run);
    EXPECT_EQ(run.bad_lines, 0U) << row.name;
    EXPECT_EQ(commands(run), row.commands) << row.name;
    EXPECT_TRUE(run.flows.at(1).gate || row.commands) << row.name;
  }
}

TEST(Judging, OneAmongSeveralOnlyWhereThePathsMeetAgain) {
  constexpr std::string_view first =
      R"({"event":"decision","pid":7,"number":1,"address":10,"place":{"module":"/home/u/bot","offset":1},"other_branches":0,"other_calls":1,"meets":true,"label":[[1,0,3,0]]})";
  constexpr std::string_view second =
      R"({"event":"decision","pid":7,"number":2,"address":20,"place":{"module":"/home/u/bot","offset":2},"other_branches":0,"other_calls":1,"meets":true,"label":[[1,0,3,0]]})";
  const std::string both = with(action, "[1]", "[1,2]");
  const std::string wide = with(second, "\"other_branches\":0,\"other_calls\":1", "\"other_branches\":2,\"other_calls\":3");
  const auto apart = [](std::string_view line) { return with(line, "\"meets\":true", "\"meets\":false"); };
  struct Row {
    const char* name;
    std::string first, second;
    bool commands;
  };
  const Row rows[] = {
      {"one word after another", std::string(first), std::string(second), true},
      {"a first one that leaves the function", apart(first), std::string(second), false},
      {"both leave it, and both go on testing and calling otherwise", with(apart(wide), "\"number\":2,\"address\":20", "\"number\":1,\"address\":10"), apart(wide), true},
      {"other bytes", std::string(first), with(second, "[[1,0,3,0]]", "[[1,4,7,0]]"), false},
      {"a first one that does nothing otherwise", with(first, "\"other_calls\":1", "\"other_calls\":0"), std::string(second), false},
      {"the other path goes on testing and calling", apart(first), wide, true},
      {"a short chain that leaves the function", apart(first), apart(wide), true},
      {"the other path is all that comes after", apart(first), with(apart(wide), "\"other_branches\":2", "\"other_branches\":40"), false},
  };
  for (const Row& row : rows) EXPECT_EQ(commands(judged({source, row.first, row.second, both})), row.commands) << row.name;
}

TEST(Judging, BehindANameIsWhoGaveIt) {
  const std::string question = "53490100000100000000000003777777076578616d706c650000010001";
  struct Row {
    const char* name;
    std::string label, data;
    uint16_t parent;
  };
  const Row rows[] = {
      {"a name of the program's own", "[]", question, 0},
      {"a name out of another flow's bytes", "[[1,0,9,0]]", question, 1},
      {"no question", "[[1,0,9,0]]", "474554202f", 3},
      {"an answer", "[[1,0,9,0]]", "5349810000010001" + question.substr(16), 3},
      {"a question without its end", "[[1,0,9,0]]", question.substr(0, question.size() - 8), 3},
      {"a question for more than there is", "[[1,0,9,0]]", question.substr(0, 24) + "3f777777", 3},
  };
  // A datagram is sent before its flow has a number.
  for (const char* to : {"\"source\":3", "\"object\":\"192.0.2.53:53\""})
    for (const Row& row : rows) {
      std::string all;
      for (int i = 1; i <= 3; ++i)
        all += fmt::format("{{\"event\":\"source\",\"source\":{},\"kind\":\"flow\",\"remote\":\"192.0.2.5{}:53\"}}\n", i, i);
      all += fmt::format("{{\"event\":\"action\",\"kind\":\"send\",{},\"label\":{},\"data\":\"{}\"}}\n", to, row.label, row.data);
      all += "{\"event\":\"action\",\"kind\":\"connect\",\"source\":2,\"label\":[[3,40,43,0]]}\n";
      report::Run run = read_events(all);
      judge(run);
      EXPECT_EQ(run.bad_lines, 0U) << row.name;
      EXPECT_EQ(run.flows.at(2).parent, row.parent) << row.name << ' ' << to;
    }
}

// A name server's answer is looked at, connected to and talked to by every client that knows a name.
TEST(Judging, ANameServerDoesNotCommandWhoAsksForAName) {
  const std::string asked = "53490100000100000000000003777777076578616d706c650000010001";
  const std::string over_a_connection = "001d" + asked;
  constexpr std::string_view connects = R"("kind":"connect","source":2,"label":[[1,40,43,0]])";
  struct Row {
    const char* name;
    std::string question, what;
    bool commands;
  };
  const Row rows[] = {
      {"connects to what it gave", asked, std::string(connects), false},
      {"talks to what it gave", asked, R"("kind":"send","source":2)", false},
      {"asked over a connection", over_a_connection, R"("kind":"send","source":2)", false},
      {"saves what that one sent", asked, R"("kind":"create","object":"/tmp/page","result":3)", false},
      {"talks to whom that one led to", asked, R"("kind":"send","source":3)", false},
      {"talks to somebody else", asked, R"("kind":"send","source":4)", true},
      {"runs a program", asked, R"("kind":"exec","object":"/bin/true")", true},
      {"what came is what is run", asked, R"("kind":"exec","object":"/bin/sh","label":[[1,50,60,0]])", true},
      {"no name server", "474554202f", R"("kind":"send","source":4)", true},
  };
  for (const Row& row : rows) {
    std::string all;
    for (int i = 1; i <= 4; ++i)
      all += fmt::format("{{\"event\":\"source\",\"source\":{},\"kind\":\"flow\",\"remote\":\"192.0.2.5{}:53\"}}\n", i, i);
    all += fmt::format("{}\n{{\"event\":\"action\",\"kind\":\"send\",\"source\":1,\"data\":\"{}\"}}\n", decision, row.question);
    all += fmt::format("{{\"event\":\"action\",{}}}\n", connects);
    all += R"({"event":"action","kind":"connect","source":3,"label":[[2,40,43,0]]})" "\n";
    all += R"({"event":"action","kind":"write","object":"/tmp/page","label":[[2,100,103,0]]})" "\n";
    all += fmt::format("{{\"event\":\"action\",\"pid\":7,\"within\":[1],{}}}\n", row.what);
    const report::Run run = judged({all});
    EXPECT_EQ(run.bad_lines, 0U) << row.name;
    EXPECT_EQ(commands(run), row.commands) << row.name;
    EXPECT_FALSE(commands(run, 2)) << row.name;
  }
}

TEST(Judging, ManyFilesOfOneNameAndManyQuestionsEnd) {
  std::string lines;
  for (int i = 1; i <= 16000; ++i)
    lines += fmt::format("{{\"event\":\"source\",\"source\":{},\"kind\":\"flow\",\"remote\":\"192.0.2.1:{}\"}}\n", i, i);
  for (int i = 0; i < 50'000; ++i)
    lines += fmt::format("{{\"event\":\"action\",\"kind\":\"write\",\"object\":\"/{}/x\",\"label\":[[1,0,0,0]]}}\n"
                         "{{\"event\":\"action\",\"kind\":\"send\",\"object\":\"192.0.2.2:1\","
                         "\"data\":\"53490100000100000000000003777777076578616d706c650000010001\"}}\n", i);
  report::Run run = read_events(lines);
  judge(run, 200'000);  // some ten thousand million comparisons, were each to look at all before it
  EXPECT_TRUE(run.limits.empty());
  judge(run, 1'000);
  EXPECT_TRUE(run.limits.contains("judging"));
}

TEST(Judging, ACircleOfRedirectsEnds) {
  std::string all;
  for (int i = 1; i <= 3; ++i) all += fmt::format("{{\"event\":\"source\",\"source\":{},\"kind\":\"flow\"}}\n", i);
  for (int i = 1; i <= 3; ++i)
    all += fmt::format("{{\"event\":\"action\",\"kind\":\"connect\",\"source\":{},\"label\":[[{},0,3,0]]}}\n", i, i % 3 + 1);
  all += fmt::format("{}\n{}\n", decision, R"({"event":"action","pid":7,"kind":"send","source":9,"within":[1]})");
  report::Run run = read_events(all);
  judge(run);
  EXPECT_TRUE(commands(run));
}

TEST(Events, WhatTheEngineCouldNotFollowIsCounted) {
  const report::Run run = judged({R"({"event":"lost","pid":7,"what":"labels of a block"})",
                          R"({"event":"lost","pid":7,"what":"labels of a block"})"});
  EXPECT_EQ(run.lost.at("labels of a block"), 2U);
}

TEST(Events, CoarsenedLabelsAreSaidForActionsToo) {
  auto arena = std::make_unique<LabelArena>();
  Labels labels(*arena);
  const Label precise = labels.source(1, 5), coarse = labels.source(1, 100'000);
  struct Row {
    const char* name;
    Label label, content;
    bool coarsened;
  };
  const Row rows[] = {{"neither", precise, precise, false}, {"arguments", coarse, precise, true}, {"program", precise, coarse, true}};
  for (const Row& row : rows) {
    qemu::Event event("action");
    event.text("kind", "exec").label("label", labels, row.label).label("content", labels, row.content);
    const report::Run run = judged({source, std::move(event).line()});
    EXPECT_EQ(run.bad_lines, 0U) << row.name;
    EXPECT_EQ(run.flows.at(1).coarsened, row.coarsened) << row.name;
  }
}

TEST(Events, PartsOfWhatWasSent) {
  auto arena = std::make_unique<LabelArena>();
  Labels labels(*arena);
  const auto bytes = [&](uint16_t from, uint32_t first, size_t count) {
    std::vector<Label> all;
    for (size_t i = 0; i < count; ++i) all.push_back(from == 0 ? Label{0} : labels.source(from, static_cast<uint32_t>(first + i)));
    return all;
  };
  // Greeting, 20 bytes of a file, 3 of a flow, and a hundred that nobody sent.
  qemu::Parts parts(labels, 50, 129);
  for (const auto& [from, first, count] : {std::tuple(0, 0, 6), {2, 0, 20}, {1, 7, 3}, {0, 0, 100}})
    parts.add(bytes(static_cast<uint16_t>(from), static_cast<uint32_t>(first), static_cast<size_t>(count)));
  qemu::Event event("action");
  event.text("kind", "send").parts("parts", labels, parts.all());
  const report::Run run = judged({source, std::move(event).line()});
  ASSERT_EQ(run.bad_lines, 0U);
  std::vector<std::tuple<uint64_t, uint64_t, uint16_t, uint32_t, uint32_t>> found;
  for (const Part& part : run.actions.at(0).parts) {
    ASSERT_EQ(part.label.size(), 1U);
    found.emplace_back(part.first, part.last, part.label[0].source, part.label[0].first, part.label[0].last);
  }
  EXPECT_EQ(found, (decltype(found){{56, 71, 2, 0, 15}, {72, 75, 2, 16, 19}, {76, 78, 1, 7, 9}}));
}

// However its bytes alternate, an event has so many parts, and nothing is left out of them.
TEST(Events, OfTooManyPartsTheLastTakesTheRest) {
  auto arena = std::make_unique<LabelArena>();
  Labels labels(*arena);
  std::vector<Label> all;
  constexpr size_t count = 1000;
  for (size_t i = 0; i < count; ++i) all.push_back(labels.source(i % 2 == 0 ? 1 : 2, static_cast<uint32_t>(i)));
  qemu::Parts parts(labels, 0, count);
  parts.add(all);
  ASSERT_EQ(parts.all().size(), max_parts);
  EXPECT_EQ(parts.all().back().last, count - 1);
  std::set<uint16_t> sources;
  for (const Range& range : labels.ranges(parts.all().back().label)) sources.insert(range.source);
  EXPECT_EQ(sources, (std::set<uint16_t>{1, 2}));
}

TEST(Events, PartsThatCannotBeMakeNoEvent) {
  for (const char* parts : {"[[5,4,[]]]", "[[0,4]]", "[[0,4,7]]", "[[-1,4,[]]]", "7", "[[0,4,[[1,0,0,2]]]]"}) {
    const std::string line = fmt::format(R"({{"event":"action","kind":"send","parts":{}}})", parts);
    EXPECT_EQ(judged({source, line}).bad_lines, 1U) << parts;
  }
}

TEST(Events, ALongTextIsCut) {
  qemu::Event event("action");
  event.text("kind", "exec").text("arguments", std::string(1 << 20, '\x01'));
  const report::Run run = judged({source, std::move(event).line()});
  EXPECT_EQ(run.bad_lines, 0U);
  ASSERT_EQ(run.actions.size(), 1U);
  EXPECT_EQ(run.actions[0].arguments.size(), qemu::max_event_data);
}

}  // namespace
}  // namespace shikake::taint::report
