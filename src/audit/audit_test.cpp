#include "audit/audit.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zstd.h>

#include <boost/json/serialize.hpp>
#include <functional>
#include <map>
#include <numeric>
#include <random>
#include <thread>

#include "audit/test_intelligence.h"
#include "base/bytes.h"
#include "base/gzip.h"
#include "base/unique_fd.h"

namespace shikake::audit {
namespace {

using base::gzip;

AuditReport audit_text(const std::string& log, const Intelligence& intelligence, AuditOptions options = {}) {
  base::UniqueFd file = file_of(log);
  auto report = run({{file.get(), "test.log"}}, intelligence, options);
  EXPECT_TRUE(report) << report.error().message();
  return report ? std::move(*report) : AuditReport{};
}

const Finding* finding_for(const AuditReport& report, std::string_view client) {
  for (const Finding& finding : report.findings)
    if (finding.client == client) return &finding;
  return nullptr;
}

constexpr std::string_view chain_log =
    "1700000000.000     10 192.0.2.10 TCP_MISS/200 512 GET http://blog.example/ aki HIER_DIRECT/198.51.100.1 "
    "text/html\n"
    "1700000001.000     10 192.0.2.10 TCP_MISS/200 512 GET http://exploit.example/e aki "
    "HIER_DIRECT/198.51.100.2 text/html\n"
    "1700000002.000     10 192.0.2.10 TCP_MISS/200 90000 GET http://files.example/a.exe?x=1 aki "
    "HIER_DIRECT/198.51.100.3 application/x-msdownload\n"
    "1700000003.000     10 192.0.2.10 TCP_TUNNEL/200 512 CONNECT c2.example:443 aki HIER_DIRECT/198.51.100.4 "
    "-\n"
    "1700000004.000     10 192.0.2.11 TCP_DENIED/403 512 CONNECT c2.example:443 - HIER_NONE/- -\n"
    "1700000005.000     10 192.0.2.12 TCP_MISS/200 512 GET http://good.example/ - HIER_DIRECT/198.51.100.5 "
    "text/html\n"
    "1700000006.000     10 192.0.2.13 TCP_MISS/200 512 GET http://top.example/ - HIER_DIRECT/198.51.100.6 "
    "text/html\n";

TEST(Audit, FollowsAClientDownTheChain) {
  const Intelligence intelligence = test_intelligence();
  const AuditReport report = audit_text(std::string(chain_log), intelligence);
  ASSERT_EQ(report.findings.size(), 3U);
  const Finding& infected = report.findings[0];
  EXPECT_EQ(infected.client, "192.0.2.10");
  EXPECT_EQ(infected.user, "aki");
  EXPECT_EQ(infected.stage, Stage::infected);
  EXPECT_EQ(infected.level, Level::critical);
  EXPECT_EQ(infected.event_count, 4U);
  ASSERT_EQ(infected.events.size(), 4U);
  EXPECT_EQ(infected.events[3].line, 4U);
  EXPECT_EQ(infected.events[3].indicator, "c2.example");
  EXPECT_EQ(infected.events[3].seen, "c2.example:443");
  EXPECT_EQ(infected.events[2].stage, Stage::fetched);
  EXPECT_EQ(base::to_rfc3339(*infected.first), "2023-11-14T22:13:20Z");
  EXPECT_EQ(base::to_rfc3339(*infected.last), "2023-11-14T22:13:23Z");

  const Finding* denied = finding_for(report, "192.0.2.11");
  ASSERT_NE(denied, nullptr);
  EXPECT_EQ(denied->stage, Stage::exposed) << "what the proxy denied is no infection";
  EXPECT_EQ(denied->level, Level::low);

  const Finding* guarded = finding_for(report, "192.0.2.13");
  ASSERT_NE(guarded, nullptr);
  EXPECT_EQ(guarded->level, Level::info);
  EXPECT_EQ(guarded->score, 0);
  EXPECT_EQ(guarded->event_count, 0U);
  EXPECT_EQ(guarded->guarded_hits, 1U);
  ASSERT_EQ(guarded->reasons.size(), 1U);
  EXPECT_NE(guarded->reasons[0].text.find("'Top sites'"), std::string::npos) << guarded->reasons[0].text;
  EXPECT_EQ(finding_for(report, "192.0.2.12"), nullptr);

  ASSERT_EQ(report.files.size(), 1U);
  EXPECT_EQ(report.files[0].lines, 7U);
  EXPECT_EQ(report.files[0].parsed, 7U);
  EXPECT_EQ(report.files[0].formats, "squid");
  EXPECT_EQ(report.files[0].hits, 5U);
  EXPECT_EQ(report.files[0].guarded, 1U);
}

TEST(Audit, ReasonsAddUpToTheScore) {
  const Intelligence intelligence = test_intelligence();
  std::string log(chain_log);
  for (int i = 0; i < 200; ++i) log += std::string(chain_log);  // enough to reach every bonus and the cap
  for (const std::string& text : {std::string(chain_log), log}) {
    for (const Finding& finding : audit_text(text, intelligence).findings) {
      const int sum =
          std::accumulate(finding.reasons.begin(), finding.reasons.end(), 0,
                          [](int so_far, const Reason& reason) { return so_far + reason.points; });
      EXPECT_EQ(sum, finding.score) << finding.client;
      EXPECT_LE(finding.score, 100);
      EXPECT_EQ(finding.level, level_of(finding.score));
    }
  }
}

// --- whole files, however they come -----------------------------------------------------------------

std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  out.resize(ZSTD_compress2(context, out.data(), out.size(), text.data(), text.size()));
  ZSTD_freeCCtx(context);
  return out;
}

std::string squid(std::string_view client, std::string_view url) {
  return fmt::format("1700000000.000 10 {} TCP_MISS/200 512 GET {} - HIER_DIRECT/198.51.100.1 text/html",
                     client, url);
}

const std::string hit_line = squid("192.0.2.10", "http://c2.example/");
const std::string plain_line = squid("192.0.2.11", "http://good.example/");

std::string damage(std::string bytes, size_t at) {
  bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
  return bytes;
}

// Lines that pack badly, so that a cut file still unpacks to something; the hit stands first.
std::string much_text() {
  std::string text = hit_line + "\n";
  std::mt19937_64 random(5);
  while (text.size() < 600'000)
    text += squid("192.0.2.11", fmt::format("http://good.example/{:x}{:x}", random(), random())) + "\n";
  return text;
}

struct FileRow {
  const char* name;
  std::function<std::string()> bytes;
  uint64_t lines;
  uint64_t hits;
  const char* error;  // a part of it; "" for none
  std::function<void(const FileStats&)> further = {};
};

void PrintTo(const FileRow& row, std::ostream* out) {
  *out << row.name;
}

class WholeFile : public testing::TestWithParam<FileRow> {};

TEST_P(WholeFile, IsReadOrRefusedWithReason) {
  const Intelligence intelligence = test_intelligence();
  const AuditReport report = audit_text(GetParam().bytes(), intelligence);
  ASSERT_EQ(report.files.size(), 1U);
  const FileStats& stats = report.files[0];
  if (GetParam().lines != UINT64_MAX) {
    EXPECT_EQ(stats.lines, GetParam().lines);
  }
  EXPECT_EQ(stats.hits, GetParam().hits);
  EXPECT_EQ(stats.lines, stats.parsed + stats.lenient + stats.unreadable + stats.other);
  EXPECT_EQ(stats.error.empty(), *GetParam().error == '\0') << stats.error;
  EXPECT_NE(stats.error.find(GetParam().error), std::string::npos) << stats.error;
  EXPECT_EQ(report.findings.empty(), GetParam().hits == 0);
  if (GetParam().further) GetParam().further(stats);
}

constexpr uint64_t any = UINT64_MAX;
INSTANTIATE_TEST_SUITE_P(
    Table, WholeFile,
    testing::Values(
        FileRow{"empty", [] { return ""; }, 0, 0, ""},
        FileRow{"one_newline", [] { return "\n"; }, 1, 0, "",
                [](const FileStats& s) { EXPECT_EQ(s.other, 1U); }},
        FileRow{"no_newline_at_the_end", [] { return plain_line + "\n" + hit_line; }, 2, 1, ""},
        FileRow{"carriage_returns", [] { return plain_line + "\r\n" + hit_line + "\r\n"; }, 2, 1, "",
                [](const FileStats& s) { EXPECT_EQ(s.parsed, 2U); }},
        FileRow{"byte_order_mark", [] { return "\xEF\xBB\xBF" + hit_line + "\n"; }, 1, 1, "",
                [](const FileStats& s) { EXPECT_EQ(s.parsed, 1U); }},
        FileRow{"utf16",
                [] {
                  return std::string(
                      "\xFF\xFE"
                      "1\0",
                      4);
                },
                0, 0, "iconv"},
        FileRow{"binary",
                [] {
                  std::string bytes;
                  std::mt19937_64 random(3);
                  while (bytes.size() < 700'000) bytes += static_cast<char>(random());
                  return bytes;
                },
                any, 0, "binary"},
        FileRow{"zeros_before_the_log",  // as a crash leaves them
                [] { return std::string(5000, '\0') + hit_line + "\n" + hit_line + "\n"; }, 2, 2, ""},
        FileRow{"text_of_no_format", [] { return "what\na\nREADME\n"; }, 3, 0, "",
                [](const FileStats& s) {
                  EXPECT_EQ(s.unreadable, 3U);
                  EXPECT_EQ(s.formats, "");
                }},
        FileRow{
            "mixed_formats",
            [] {
              return hit_line + "\n" +
                     R"({"ts":1.5,"id.orig_h":"10.0.0.1","query":"c2.example","rcode_name":"NOERROR"})" +
                     "\n" +
                     R"(10.0.0.3 - - [17/May/2015:10:05:03 +0000] "CONNECT c2.example:443 HTTP/1.1" 200 1)" +
                     "\n";
            },
            3, 3, "", [](const FileStats& s) { EXPECT_EQ(s.formats, "squid, zeek-json, apache"); }},
        FileRow{"ten_megabytes_in_a_line",
                [] {
                  return squid("192.0.2.10", "http://c2.example/" + std::string(10 << 20, 'a')) + "\n" +
                         plain_line + "\n";
                },
                2, 1, "",
                [](const FileStats& s) {
                  EXPECT_EQ(s.too_long, 1U);
                  EXPECT_EQ(s.lenient, 1U);
                  EXPECT_EQ(s.parsed, 1U);
                }},
        FileRow{"ten_megabytes_of_one_json_string",
                [] {
                  return R"({"id.orig_h":"10.0.0.1","query":"c2.example","x":")" +
                         std::string(10 << 20, '"') + "\n" + plain_line + "\n";
                },
                2, 1, "", [](const FileStats& s) { EXPECT_EQ(s.too_long, 1U); }},
        FileRow{"gzip", [] { return gzip(much_text()); }, any, 1, "",
                [](const FileStats& s) {
                  EXPECT_EQ(s.packing, "gzip");
                  EXPECT_GT(s.bytes, 600'000U);
                }},
        FileRow{"gzip_members_and_padding",
                [] {
                  return gzip(hit_line + "\n") + gzip(plain_line + "\n") + gzip("") + std::string(512, '\0');
                },
                2, 1, ""},
        FileRow{"gzip_line_over_two_members",
                [] { return gzip(hit_line.substr(0, 70)) + gzip(hit_line.substr(70)); }, 1, 1, ""},
        FileRow{"gzip_cut_off",
                [] {
                  auto b = gzip(much_text());
                  return b.substr(0, b.size() / 2);
                },
                any, 1, "cut short",
                [](const FileStats& s) {
                  EXPECT_NE(s.error.find(fmt::format("byte {}", s.bytes_in)), std::string::npos) << s.error;
                }},
        FileRow{"gzip_damaged",
                [] {
                  auto b = gzip(much_text());
                  return damage(b, b.size() / 2);
                },
                any, 1, "damaged"},
        FileRow{"gzip_wrong_checksum",
                [] {
                  auto b = gzip(hit_line + "\n");
                  return damage(b, b.size() - 6);
                },
                1, 1, "damaged"},
        FileRow{"gzip_header_alone", [] { return gzip("x").substr(0, 5); }, 0, 0, "cut short"},
        FileRow{"gzip_then_garbage", [] { return gzip(hit_line + "\n") + "garbage"; }, 1, 1, "damaged"},
        FileRow{"gzip_bomb", [] { return gzip(std::string(64 << 20, 'a')); }, 1, 0, "",
                [](const FileStats& s) {
                  EXPECT_EQ(s.too_long, 1U);
                  EXPECT_EQ(s.bytes, 64U << 20);
                }},
        FileRow{"zstd", [] { return zstd(much_text()); }, any, 1, "",
                [](const FileStats& s) { EXPECT_EQ(s.packing, "zstd"); }},
        FileRow{"zstd_frames", [] { return zstd(hit_line + "\n") + zstd(hit_line + "\n"); }, 2, 2, ""},
        FileRow{"zstd_cut_off",
                [] {
                  auto b = zstd(much_text());
                  return b.substr(0, b.size() - 10);
                },
                any, 1, "cut short"},
        FileRow{"zstd_wrong_checksum",
                [] {
                  auto b = zstd(hit_line + "\n");
                  return damage(b, b.size() - 2);
                },
                1, 1, "damaged"},
        FileRow{"zstd_damaged",
                [] {
                  auto b = zstd(much_text());
                  return damage(b, b.size() - 2000);
                },
                any, 1, "damaged"}),
    [](const auto& row) { return row.param.name; });

TEST(Audit, StopsAtTheLimitOfUnpackedBytesAndSaysSo) {
  AuditOptions options;
  options.read.max_unpacked_bytes = 1 << 20;
  const AuditReport report =
      audit_text(gzip(hit_line + "\n" + std::string(8 << 20, '\n')), test_intelligence(), options);
  EXPECT_NE(report.files[0].error.find("max_unpacked_bytes"), std::string::npos) << report.files[0].error;
  EXPECT_EQ(report.findings.size(), 1U) << "what came before the limit stands";
}

TEST(Audit, KeepsTheFirstHundredEventsAndTheHeaviest) {
  std::string log;
  for (int i = 0; i < 300; ++i) log += squid("192.0.2.10", "http://blog.example/") + "\n";
  log += hit_line + "\n" + squid("192.0.2.10", "http://phish.example/") + "\n";
  const AuditReport report = audit_text(log, test_intelligence());
  ASSERT_EQ(report.findings.size(), 1U);
  const Finding& finding = report.findings[0];
  EXPECT_EQ(finding.event_count, 302U);
  ASSERT_EQ(finding.events.size(), max_events);
  EXPECT_EQ(finding.events[98].line, 99U);
  EXPECT_EQ(finding.events[99].line, 301U);
  EXPECT_EQ(finding.events[99].stage, Stage::infected);
}

TEST(Audit, CountsWhatItsLimitsLeaveOut) {
  std::string log;
  for (int i = 0; i < 50; ++i) log += squid(fmt::format("192.0.2.{}", i), "http://c2.example/") + "\n";
  AuditOptions options;
  options.correlation.max_clients = 20;
  options.correlation.max_event_bytes = 1;
  const AuditReport report = audit_text(log, test_intelligence(), options);
  EXPECT_EQ(report.findings.size(), 20U);
  ASSERT_EQ(report.limits_hit.size(), 2U);
  EXPECT_NE(report.limits_hit[0].find("max_clients: 30 "), std::string::npos) << report.limits_hit[0];
  EXPECT_NE(report.limits_hit[1].find("max_event_bytes"), std::string::npos);
  for (const Finding& finding : report.findings) EXPECT_EQ(finding.events.size(), 1U) << "the heaviest stays";
}

TEST(Audit, SeveralFilesMakeOneFindingAClient) {
  const Intelligence intelligence = test_intelligence();
  const base::UniqueFd first = file_of(squid("192.0.2.10", "http://blog.example/") + "\n");
  const base::UniqueFd second = file_of(gzip(hit_line + "\n"));
  const auto report = run({{first.get(), "a.log"}, {second.get(), "b.log.gz"}}, intelligence, {});
  ASSERT_TRUE(report) << report.error().message();
  ASSERT_EQ(report->files.size(), 2U);
  EXPECT_EQ(report->files[1].name, "b.log.gz");
  ASSERT_EQ(report->findings.size(), 1U);
  EXPECT_EQ(report->findings[0].log_file, "a.log");
  ASSERT_EQ(report->findings[0].events.size(), 2U);
  EXPECT_EQ(report->findings[0].events[1].log_file, "b.log.gz");
}

TEST(Audit, AFileThatCannotBeReadStopsNothingElse) {
  const Intelligence intelligence = test_intelligence();
  const base::UniqueFd folder(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), log = file_of(hit_line);
  const auto report = run({{folder.get(), "folder"}, {log.get(), "log"}}, intelligence, {});
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_NE(report->files[0].error.find("folder"), std::string::npos) << report->files[0].error;
  EXPECT_EQ(report->findings.size(), 1U);
}

TEST(Audit, ReadsAPipe) {
  const Intelligence intelligence = test_intelligence();
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  base::UniqueFd in(ends[0]), out(ends[1]);
  std::jthread writer([&] {
    for (const std::string& part : {hit_line.substr(0, 20), hit_line.substr(20) + "\n"})
      if (write(out.get(), part.data(), part.size()) < 0) break;
    out.reset();
  });
  const auto report = run({{in.get(), "-"}}, intelligence, {});
  // The child has a copy of neither end but the one it reads.
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->findings.size(), 1U);
}

// A bad address that comes in: in a web server's log it is the client, in Zeek's it came to one of ours.
TEST(Audit, SaysWhoCameToWhom) {
  const AuditReport report = audit_text(
      "203.0.113.200 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1\n"
      R"({"ts":1.5,"id.orig_h":"203.0.113.200","id.resp_h":"10.0.0.5","id.resp_p":22,"conn_state":"SF"})"
      "\n",
      test_intelligence());
  ASSERT_EQ(report.findings.size(), 2U);
  const Finding *visitor = finding_for(report, "203.0.113.200"), *server = finding_for(report, "10.0.0.5");
  ASSERT_TRUE(visitor && server);
  EXPECT_NE(visitor->reasons[0].text.find("is itself an attacker's host"), std::string::npos);
  EXPECT_NE(server->reasons[0].text.find("was contacted by an attacker's host"), std::string::npos);
  EXPECT_EQ(server->stage, Stage::exposed);
}

TEST(Audit, TellsHowFarItIs) {
  uint64_t told = 0;
  AuditOptions options;
  options.progress = [&](uint64_t bytes) { told += bytes; };
  const std::string log(40 << 20, '\n');
  audit_text(log, test_intelligence(), options);
  EXPECT_GE(told, log.size() - Reader::progress_bytes);
  EXPECT_LE(told, log.size());
}

TEST(Audit, AForcedFormatIsTheOnlyOne) {
  AuditOptions options;
  options.format = "zeek-json";
  const AuditReport report = audit_text(hit_line + "\n", test_intelligence(), options);
  EXPECT_EQ(report.files[0].unreadable, 1U);
  options.format = "nonsense";
  const base::UniqueFd log = file_of(hit_line);
  const auto refused = run({{log.get(), "log"}}, test_intelligence(), options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_usage);
  EXPECT_NE(refused.error().what.find("zeek-json"), std::string::npos) << "it names those there are";
}

TEST(Audit, SaysTheSameEachTimeConfinedOrNot) {
  std::string log;
  std::mt19937_64 random(11);
  for (int i = 0; i < 3000; ++i)
    log += squid(fmt::format("192.0.2.{}", random() % 200),
                 std::array{"http://c2.example/", "http://blog.example/", "http://good.example/",
                            "http://phish.example/"}[random() % 4]) +
           "\n";
  const auto json = [&](bool confined) {
    AuditOptions options;
    options.confined = confined;
    std::string text;
    for (const Finding& finding : audit_text(log, test_intelligence(), options).findings)
      text += boost::json::serialize(to_json(finding)) + "\n";
    return text;
  };
  const std::string first = json(true);
  EXPECT_GT(first.size(), 10'000U);
  EXPECT_EQ(first, json(true));
  EXPECT_EQ(first, json(false));
}

TEST(Audit, AsksForEvidenceOnceAnIndicator) {
  AuditOptions options;
  std::map<std::string, int> asked;
  options.evidence = [&](const intel::IndicatorKey& key) {
    ++asked[key.value];
    return key.value == "c2.example" ? "seen by our own honeyclient" : "";
  };
  const AuditReport report =
      audit_text(std::string(chain_log) + std::string(chain_log), test_intelligence(), options);
  EXPECT_EQ(asked["c2.example"], 1);
  EXPECT_FALSE(asked.contains("unknown.example"));
  EXPECT_EQ(report.findings[0].events[3].evidence, "seen by our own honeyclient");
  EXPECT_EQ(report.findings[0].events[0].evidence, "test-feed lists it as landing, confidence 90 of 100");
}

// A visitor chooses what stands in a log; no byte of it may reach the terminal or break the JSON.
TEST(Audit, WhatIsShownIsHarmless) {
  const std::string log =
      "1700000000.000 10 \x1b[2Jevil\xFF TCP_MISS/200 512 GET http://c2.example/\x1b]0;x\x07\xFF<script> "
      "\xE2\x80\xAE HIER_NONE/- -\n";
  const AuditReport report = audit_text(log, test_intelligence());
  ASSERT_EQ(report.findings.size(), 1U);
  const std::string text = to_text(report, false);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\x07'), std::string::npos);
  EXPECT_EQ(text.find("\xE2\x80\xAE"), std::string::npos);
  EXPECT_EQ(text.find("http://"), std::string::npos) << text;
  EXPECT_TRUE(base::is_valid_utf8(text));
  EXPECT_TRUE(base::is_valid_utf8(boost::json::serialize(to_json(report.findings[0]))));
}

TEST(Audit, TellsAStrangerWhoHowBadAndWhy) {
  const std::string text = to_text(audit_text(std::string(chain_log), test_intelligence()), false);
  for (const char* part :
       {"critical", "192.0.2.10 user aki", "infected",
        "+85  reached a C&C server: c2.example (test.log, line 4)", "test.log, line 4: c2[.]example:443",
        "→ domain c2[.]example", "→ test-feed lists it as c2, confidence 90 of 100",
        "do: take the host off the network", "1 client met only indicators that a guard list protects",
        "test.log: 7 lines (squid), 5 hits, 1 more guarded"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  EXPECT_NE(to_text({}, false).find("No client met anything"), std::string::npos);
  EXPECT_NE(to_text(audit_text(std::string(chain_log), test_intelligence()), true).find("\x1b[1;31mcritical"),
            std::string::npos);
}

}  // namespace
}  // namespace shikake::audit
