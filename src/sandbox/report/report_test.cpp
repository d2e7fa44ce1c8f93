#include <gtest/gtest.h>

#include <regex>

#include "base/bytes.h"
#include "intel/run_example.h"
#include "sandbox/report/page.h"
#include "sandbox/report/style.h"
#include "sandbox/report/text.h"
#include "sandbox/report/words.h"

namespace shikake::sandbox::report {
namespace {

using intel::full_run;
using intel::RunRecord;

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// Each text of the record that comes from outside, set to `text`.
RunRecord run_of(const std::string& text) {
  RunRecord run = full_run();
  run.sample.name = run.sample.type = run.sample.mime = text;
  run.sample.facts = {{"strings", boost::json::array{text}}};
  run.outcome_detail = run.user = run.profile = text;
  run.limits_hit = run.remarks = run.arguments = run.environment = run.network.leaks = {text};
  for (auto& interface : run.network.interfaces) interface.name = text, interface.addresses = {text};
  for (auto& question : run.dns) question.name = question.type = text, question.answers = {text};
  for (auto& process : run.processes) {
    process.exe = process.cwd = process.how_ended = text;
    process.argv = process.env = {text};
  }
  for (auto& file : run.files) file.path = file.to = file.type = file.why_not = text;
  for (auto& dump : run.dumps) dump.why = dump.type = text;
  for (auto& flow : run.flows) {
    flow.local = flow.remote = flow.host = flow.sni = flow.ja3 = flow.protocol = flow.decision = text;
    flow.urls = flow.evidence = {text};
  }
  for (auto& behaviour : run.behaviours) behaviour.object = behaviour.proof = text;
  for (auto& note : run.notes) note.text = text;
  for (auto& found : run.recognised) found.source = found.name = found.detail = text;
  for (auto& child : run.children) child.name = child.why = text;
  for (auto& bound : run.bounds) bound.name = bound.value = bound.held_by = text;
  return run;
}

TEST(Text, TellsWhatConvictsFirst) {
  const std::string text = render_text(full_run());
  EXPECT_LT(text.find("recognises Bot_Strings"), text.find("adds a cron job: /etc/cron.d/x  ×2"));
  EXPECT_LT(text.find("adds a cron job"), text.find("speaks TLS"));
  EXPECT_LT(text.find("speaks TLS"), text.find("timed out: still running after 60 s (1 min 0 s, 1 h 0 min"));
  EXPECT_TRUE(has(text, "T1053.003"));
  EXPECT_TRUE(has(text, "hxxps://c2[.]example/gate.php?id=7"));
  EXPECT_TRUE(has(text, "0 left this machine"));
  EXPECT_FALSE(has(text, "https://c2.example"));
}

TEST(Text, AGateAndCoarseOffsetsAreSaidOnScreenAndPage) {
  struct Row {
    const char* name;
    std::optional<intel::Role> role;
    bool gate, coarsened;
  };
  const Row rows[] = {
      {"neither", {}, false, false},
      {"a gate", {}, true, false},
      {"a command whose bytes are not known well", intel::Role::c2, false, true},
      {"a gate whose bytes are not known well", {}, true, true},
      {"merged labels of a flow that is nothing", {}, false, true},
  };
  for (const Row& row : rows) {
    RunRecord run = full_run();
    run.flows.resize(1);
    run.flows[0].role = row.role;
    run.flows[0].gate = row.gate;
    run.flows[0].evidence.clear();
    if (row.role) run.flows[0].evidence = {"c2: bytes 4-9"};
    run.flows[0].coarsened = row.coarsened;
    run.flows[0].decisions = {{.offsets = {{4, 9}}, .module = "/home/u/bot", .offset = 0x1234}};
    for (const std::string& text : {render_text(run), render_page(run)}) {
      EXPECT_EQ(has(text, "go or no-go, no command (bytes 4-9 at bot+0x1234)"), row.gate) << row.name;
      EXPECT_EQ(has(text, "offsets are coarse"), row.coarsened && (row.gate || row.role)) << row.name;
    }
    EXPECT_EQ(has(render_text(run), "[gate]"), row.gate) << row.name;
  }
}

TEST(Text, NothingOfARunsReachesTheTerminalRaw) {
  const std::string text = render_text(run_of("\033[2J\r\nfake line\u202e\x07"));
  EXPECT_FALSE(has(text, "\033"));
  EXPECT_FALSE(has(text, "\r"));
  EXPECT_FALSE(has(text, "\n fake"));
  EXPECT_FALSE(has(text, "\nfake"));
  EXPECT_FALSE(has(text, "\u202e"));
  EXPECT_FALSE(has(text, "\x07"));
}

TEST(Text, FitsAScreenWhateverTheRunDid) {
  RunRecord run = full_run();
  for (const intel::BehaviourRow& row : intel::behaviour_table())
    run.behaviours.push_back({.kind = row.kind});
  for (uint32_t i = 2; i < 3000; ++i) {
    run.processes.push_back({.id = i, .parent = i - 1, .pid = i});
    run.flows.push_back(run.flows[0]);
    run.files.push_back(run.files[0]);
    run.dns.push_back({run.start, "n" + std::to_string(i) + ".example", "A", {}});
    run.remarks.push_back("remark " + std::to_string(i));
  }
  const std::string text = render_text(run);
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 85);
  EXPECT_TRUE(has(text, "… and"));
}

TEST(Page, NothingOfARunsBecomesMarkup) {
  const std::string page = render_page(run_of("<script>alert(1)</script>\"'><img src=x onerror=y>&#x3c;"));
  EXPECT_FALSE(has(page, "<script"));
  EXPECT_FALSE(has(page, "<img"));
  EXPECT_FALSE(has(page, "&#x3c;"));  // an entity of theirs would be text again
  EXPECT_TRUE(has(page, "&lt;script&gt;"));
  // Quotes that would end an attribute.
  EXPECT_FALSE(has(page, "\"'>"));
}

TEST(Page, NeedsNothingFromOutside) {
  const std::string page = render_page(full_run(), {});
  // Nothing that loads, leads away or runs.
  for (const char* what :
       {"src=", "href=", "url(", "@import", "<script", "<link", "<iframe", "<object", "style=\""})
    EXPECT_FALSE(has(page, what)) << what;
  EXPECT_FALSE(has(page, "https://c2.example"));
}

TEST(Page, ItsPolicyNamesTheStyleSheetItHas) {
  const std::string page = render_page(full_run());
  const size_t from = page.find("<style>") + 7, to = page.find("</style>");
  ASSERT_LT(from, to);
  const std::string hash = base::to_base64(base::sha256(page.substr(from, to - from)).bytes);
  EXPECT_TRUE(has(page, "default-src 'none'; style-src 'sha256-" + hash + "'"));
}

TEST(Page, ElementsAreClosed) {
  const std::string page = render_page(full_run(), {});
  for (const char* name :
       {"div", "table", "tr", "td", "ul", "li", "details", "summary", "dl", "svg", "section", "h2"}) {
    const std::regex open("<" + std::string(name) + "[ >]"), close("</" + std::string(name) + ">");
    const auto count = [&](const std::regex& what) {
      return std::distance(std::sregex_iterator(page.begin(), page.end(), what), {});
    };
    EXPECT_EQ(count(open), count(close)) << name;
  }
}

TEST(Page, IsBoundedWhateverTheRunDid) {
  RunRecord run = full_run();
  for (uint32_t i = 2; i < 20'000; ++i) {
    run.processes.push_back({.id = i, .parent = i - 1, .pid = i});
    run.flows.push_back(run.flows[0]);
    run.files.push_back(run.files[0]);
    run.behaviours.push_back(run.behaviours[0]);
  }
  const std::string page = render_page(run);
  EXPECT_LT(page.size(), 2u << 20);
  EXPECT_TRUE(has(page, "more, in the record"));
}

TEST(Page, AnEmptyRecordIsAPageToo) {
  EXPECT_TRUE(has(render_page(RunRecord{}), "</html>"));
  EXPECT_FALSE(render_text(RunRecord{}).empty());
}

struct SizeRow {
  const char* name;
  uint64_t bytes;
  const char* text;
};
TEST(Words, Sizes) {
  for (const SizeRow& row : {SizeRow{"none", 0, "0 B"},
                             {"bytes", 1023, "1023 B"},
                             {"first unit", 1024, "1.0 KiB"},
                             {"million", 1 << 20, "1.0 MiB"},
                             {"most", UINT64_MAX, "16777216.0 TiB"}})
    EXPECT_EQ(size_text(row.bytes), row.text) << row.name;
}

struct DurationRow {
  int64_t us;
  const char* text;
};
TEST(Words, Durations) {
  for (const DurationRow& row : {DurationRow{-5, "0 ms"},
                                 {12'345, "12 ms"},
                                 {3'400'000, "3.4 s"},
                                 {65'000'000, "1 min 5 s"},
                                 {3'900'000'000, "1 h 5 min"},
                                 {90'000'000'000, "1 d 1 h"}})
    EXPECT_EQ(duration_text(base::Duration(row.us)), row.text);
}

TEST(Words, AProcessThatIsItsOwnAncestorIsShownOnce) {
  RunRecord run;
  run.processes = {{.id = 0, .parent = 1}, {.id = 1, .parent = 0}};
  const auto tree = process_tree(run);
  EXPECT_EQ(tree.at(SIZE_MAX), std::vector<size_t>{0});
  EXPECT_EQ(tree.at(0), std::vector<size_t>{1});
}

}  // namespace
}  // namespace shikake::sandbox::report
