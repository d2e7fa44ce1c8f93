// Lists out of a store, each loaded by the program that it is for.
#include "publish/export.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <set>
#include <sstream>

#include "intel/json.h"
#include "publish/import.h"
#include "publish/testing_home.h"

namespace shikake::publish {
namespace {

using intel::Action;
using intel::IndicatorType;
using intel::Point;

// One indicator as policy would assert it, and what is to be special about it.
struct Given {
  IndicatorType type;
  std::string value;
  intel::UseSet uses;
  intel::Tlp tlp = intel::Tlp::clear;
  std::string guarded_by = "";
  uint8_t confidence = 80;
  std::string why = "because";
};

intel::UseSet block_everywhere() {
  return {Action::block, {Point::proxy, Point::dns, Point::firewall, Point::ids}};
}

void put(Home& home, const std::vector<Given>& all) {
  intel::Observation observation;
  observation.kind = intel::ObservationKind::visit;
  observation.subject = "http://test.example.org/";
  observation.sensor = "honeyclient-low";
  observation.time = home.clock.now();
  intel::Derivation derivation;
  for (const Given& given : all) {
    intel::Assertion assertion;
    assertion.key = {given.type, given.value};
    assertion.role = intel::Role::c2;
    assertion.uses = given.uses;
    assertion.tlp = given.tlp;
    assertion.guarded_by = given.guarded_by;
    assertion.confidence = given.confidence;
    assertion.source = "honeyclient-low";
    assertion.why = given.why;
    assertion.first_seen = assertion.last_seen = home.clock.now();
    derivation.assertions.push_back(std::move(assertion));
  }
  ASSERT_TRUE(home.store().put(observation, derivation));
}

struct Exported {
  std::string text;
  ExportReport report;
};
Exported exported(Home& home, ExportOptions options) {
  Exported out;
  auto report = export_to(
      [&](std::string_view bytes) -> Result<> {
        out.text += bytes;
        return {};
      },
      options, home.store());
  EXPECT_TRUE(report) << report.error().message();
  if (report) out.report = *report;
  return out;
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

// Exit status of a command whose output goes to `log`; nothing where the program is missing.
std::optional<int> run(const std::string& program, const std::string& command,
                       const std::filesystem::path& log) {
  if (std::system(("command -v " + program + " >/dev/null").c_str()) != 0) return std::nullopt;
  int status = std::system((command + " >" + log.string() + " 2>&1").c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

TEST(Selection, WhatGoesOutAndWhatStays) {
  Home home;
  put(home, {{IndicatorType::domain, "plain.example.org", block_everywhere()},
             {IndicatorType::domain,
              "guarded.example.org",
              {Action::alert, {Point::dns}},
              intel::Tlp::clear,
              "Known good"},
             {IndicatorType::domain, "red.example.org", block_everywhere(), intel::Tlp::red},
             {IndicatorType::domain, "strict.example.org", block_everywhere(), intel::Tlp::amber_strict},
             {IndicatorType::domain, "amber.example.org", block_everywhere(), intel::Tlp::amber},
             {IndicatorType::domain, "alert.example.org", {Action::alert, {Point::dns}}},
             {IndicatorType::domain, "wrong.example.org", block_everywhere()},
             {IndicatorType::url, "http://url.example.org/", block_everywhere()}});
  ASSERT_TRUE(home.store().judge({{IndicatorType::domain, "wrong.example.org"},
                                  intel::Verdict::false_positive,
                                  "aki",
                                  "ours",
                                  home.clock.now()},
                                 home.settings));
  Exported out = exported(home, {.format = "rpz"});
  EXPECT_TRUE(has_line(out.text, "plain.example.org CNAME ."));
  EXPECT_TRUE(has_line(out.text, "*.plain.example.org CNAME ."));
  EXPECT_TRUE(has_line(out.text, "amber.example.org CNAME ."));
  for (const char* absent : {"guarded", "red.", "strict", "alert.", "wrong", "url."})
    EXPECT_EQ(out.text.find(std::string("\n") + absent), std::string::npos) << absent;
  EXPECT_EQ(out.report.entries, 2U);
  EXPECT_EQ(out.report.guarded, 1U);
  EXPECT_EQ(out.report.above_tlp, 2U);
  EXPECT_EQ(out.report.false_positives, 1U);
  EXPECT_EQ(out.report.without_use, 1U);
  EXPECT_EQ(out.report.inexpressible, 1U);
  EXPECT_NE(out.text.find("; exported 2026-03-01T12:00:00Z, 2 entries for block at dns"), std::string::npos)
      << out.text;
  EXPECT_NE(out.text.find("; left out: 1 guarded, 1 judged false positive"), std::string::npos) << out.text;

  EXPECT_NE(exported(home, {.format = "rpz", .tlp_limit = intel::Tlp::red}).text.find("\nred.example.org"),
            std::string::npos);
  Exported alerts = exported(home, {.format = "rpz", .action = Action::alert});
  EXPECT_TRUE(has_line(alerts.text, "alert.example.org CNAME rpz-passthru."));

  home.clock.advance(std::chrono::hours(24 * 365 * 10));  // by then all has decayed
  Exported later = exported(home, {.format = "rpz"});
  EXPECT_EQ(later.report.entries, 0U);
  EXPECT_EQ(later.text.find("\nplain"), std::string::npos);
}

TEST(Rpz, NamesAndAddressesAreWrittenAsTheFormatAsks) {
  Home home;
  std::string long_name = std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') +
                          "." + std::string(50, 'd') + ".org";
  put(home, {{IndicatorType::domain, "odd$(name);\"@.example.org", block_everywhere()},
             {IndicatorType::domain, "*.example.org", block_everywhere()},
             {IndicatorType::domain, long_name, block_everywhere()},
             {IndicatorType::domain, "xn--fsq.example.org", block_everywhere()},
             {IndicatorType::ip, "198.18.2.3", block_everywhere()},
             {IndicatorType::cidr, "198.18.0.0/15", block_everywhere()},
             {IndicatorType::ip, "2001:db8::1", block_everywhere()},
             {IndicatorType::cidr, "2001:db8:1::/48", block_everywhere()},
             {IndicatorType::ip, "2001:db8:1:2:3:4:5:6", block_everywhere()},
             {IndicatorType::ip, "::", block_everywhere()}});
  Exported out = exported(home, {.format = "rpz", .zone = "rpz.example.com."});
  EXPECT_TRUE(has_line(out.text, R"(odd\$\(name\)\;\"\@.example.org CNAME .)")) << out.text;
  EXPECT_TRUE(has_line(out.text, "32.3.2.18.198.rpz-ip CNAME ."));
  EXPECT_TRUE(has_line(out.text, "15.0.0.18.198.rpz-ip CNAME ."));
  EXPECT_TRUE(has_line(out.text, "128.1.zz.db8.2001.rpz-ip CNAME ."));
  EXPECT_TRUE(has_line(out.text, "48.zz.1.db8.2001.rpz-ip CNAME ."));
  EXPECT_TRUE(has_line(out.text, "128.6.5.4.3.2.1.db8.2001.rpz-ip CNAME ."));
  EXPECT_TRUE(has_line(out.text, "128.zz.rpz-ip CNAME ."));
  EXPECT_TRUE(has_line(out.text, "$ORIGIN rpz.example.com."));
  EXPECT_EQ(out.report.inexpressible, 2U);  // the wildcard's own name, the name that would be too long

  auto zone = home.file("zone", out.text);
  auto status =
      run("named-checkzone", "named-checkzone rpz.example.com " + zone.string(), home.path() / "log");
  if (!status) GTEST_SKIP() << "named-checkzone is not installed (bind9-utils)";
  EXPECT_EQ(*status, 0) << contents(home.path() / "log");
}

TEST(Rpz, AZoneNameMustBeOne) {
  Home home;
  for (const char* zone : {"", "two words", "semi;colon", "a..b"}) {
    auto report =
        export_to([](std::string_view) { return Result<>{}; }, {.format = "rpz", .zone = zone}, home.store());
    ASSERT_FALSE(report) << zone;
    EXPECT_EQ(report.error().code, ErrorCode::invalid_usage);
  }
}

TEST(Squid, NoEntryUnderItsOwnParent) {
  Home home;
  put(home, {{IndicatorType::domain, "example.org", block_everywhere()},
             {IndicatorType::domain, "www.example.org", block_everywhere()},
             {IndicatorType::domain, "a.www.example.org", block_everywhere()},
             {IndicatorType::domain, "notexample.org", block_everywhere()},
             {IndicatorType::domain, "example.org.uk", block_everywhere()},
             {IndicatorType::domain, "x-example.org", block_everywhere()},
             {IndicatorType::ip, "198.18.0.1", block_everywhere()},
             {IndicatorType::cidr, "198.18.0.0/16", block_everywhere()},
             {IndicatorType::ip, "2001:db8::1", block_everywhere()},
             {IndicatorType::ip_port, "198.19.9.9:8080", block_everywhere()},
             {IndicatorType::ip_port, "198.19.9.9:80", block_everywhere()},
             {IndicatorType::ip_port, "[2001:db8::2]:443", block_everywhere()},
             {IndicatorType::url, "http://bad.example.net/a.php?x=(1)|[2]*{3}+^$\\", block_everywhere()},
             {IndicatorType::url, "https://bad.example.net/\"quoted\"'s%20#", block_everywhere()},
             {IndicatorType::domain, "odd$(name).example.net", block_everywhere()},
             {IndicatorType::sha256, std::string(64, 'a'), block_everywhere()}});
  Exported out = exported(home, {.format = "squid"});
  EXPECT_TRUE(has_line(out.text, "acl shikake_domains dstdomain .example.org"));
  EXPECT_TRUE(has_line(out.text, "acl shikake_domains dstdomain .notexample.org"));
  EXPECT_TRUE(has_line(out.text, "acl shikake_domains dstdomain .x-example.org"));
  EXPECT_TRUE(has_line(out.text, "acl shikake_domains dstdomain .example.org.uk"));
  EXPECT_EQ(out.text.find(".www.example.org"), std::string::npos);
  EXPECT_TRUE(has_line(out.text, "acl shikake_addresses dst 198.18.0.0/16"));
  EXPECT_EQ(out.text.find("198.18.0.1\n"), std::string::npos);
  EXPECT_TRUE(has_line(
      out.text,
      R"(acl shikake_urls url_regex ^http://bad\.example\.net/a\.php\?x=\(1\)\|\[2\]\*\{3\}\+\^\$\\$)"))
      << out.text;
  EXPECT_TRUE(has_line(out.text, R"(acl shikake_urls url_regex ^([a-z]+://)?198\.19\.9\.9:8080(/|$))"));
  EXPECT_TRUE(has_line(out.text, "http_access deny shikake_domains"));
  EXPECT_EQ(out.report.subsumed, 3U);
  EXPECT_EQ(out.report.inexpressible, 2U);
  EXPECT_EQ(out.report.entries, 11U);

  auto list = home.file("shikake.conf", out.text);
  auto conf =
      home.file("squid.conf", "http_port 127.0.0.1:3128\nvisible_hostname test\ninclude " + list.string() +
                                  "\nhttp_access allow localhost\nhttp_access deny all\n");
  auto status = run("squid", "PATH=$PATH:/usr/sbin squid -k parse -f " + conf.string(), home.path() / "log");
  if (!status) GTEST_SKIP() << "squid is not installed";
  std::string log = contents(home.path() / "log");
  EXPECT_EQ(*status, 0) << log;
  for (const char* complaint : {"WARNING", "ERROR", "FATAL", "subdomain", "Bungled"})
    EXPECT_EQ(log.find(complaint), std::string::npos) << log;
}

TEST(Squid, NoUrlThatAListedNameOrAddressCovers) {
  struct UrlRow {
    IndicatorType type;
    const char* value;
    bool written;
  };
  const std::vector<UrlRow> rows = {
      {IndicatorType::url, "http://example.org/x", false},
      {IndicatorType::url, "https://a.www.example.org:8443/x", false},
      {IndicatorType::url, "http://notexample.org/x", true},
      {IndicatorType::url, "http://example.org.uk/x", true},
      {IndicatorType::url, "http://org/x", true},
      {IndicatorType::url, "http://zz.example.net/x", true},
      {IndicatorType::url, "http://198.18.3.4/x", false},
      {IndicatorType::url, "http://198.19.3.4/x", true},
      {IndicatorType::url, "http://198.17.255.255/x", true},
      {IndicatorType::url, "http://[2001:db8::1]/x", false},
      {IndicatorType::url, "http://[2001:db8::2]/x", true},
      {IndicatorType::ip_port, "198.18.9.9:8080", false},
      {IndicatorType::ip_port, "198.20.9.9:8080", true},
  };
  Home home;
  std::vector<Given> all = {{IndicatorType::domain, "mm.example.net", block_everywhere()}};
  for (const UrlRow& row : rows) all.push_back({row.type, row.value, block_everywhere()});
  // Behind the URLs in the store's order.
  all.push_back({IndicatorType::domain, "example.org", block_everywhere()});
  all.push_back({IndicatorType::cidr, "198.18.0.0/16", block_everywhere()});
  all.push_back({IndicatorType::ip, "2001:db8::1", block_everywhere()});
  put(home, all);
  Exported out = exported(home, {.format = "squid"});
  uint64_t subsumed = 0;
  for (const UrlRow& row : rows) {
    // As much of the value as has nothing to escape.
    const std::string value(row.value);
    std::string plain;
    for (char c : value.substr(value.find("//") == value.npos ? 0 : value.find("//")))
      plain += (std::string_view(".[]").find(c) != std::string_view::npos ? "\\" : "") + std::string(1, c);
    EXPECT_EQ(out.text.find(plain) != std::string::npos, row.written) << row.value;
    subsumed += !row.written;
  }
  EXPECT_EQ(out.report.subsumed, subsumed);
  EXPECT_EQ(out.report.entries, all.size() - subsumed);
}

TEST(Squid, PatternsAreAListOfTheirOwnWithWhyTheyAreThere) {
  Home home;
  const intel::UseSet alert{Action::alert, {Point::proxy, Point::ids}};
  const std::string why = "all of 8 known URLs are malicious; 3 of 90000 other URLs meet it";
  put(home,
      {{IndicatorType::pattern, "*/kit/x*.php?*", alert, intel::Tlp::clear, "", 60, why},
       {IndicatorType::pattern, "*.bad.example.net/a(b)/*", alert, intel::Tlp::clear, "", 60, "two\nlines"},
       {IndicatorType::pattern, "/gate.php?id=", alert},
       {IndicatorType::pattern, "/panel/login.php", alert},
       {IndicatorType::pattern, "/odd name*", alert},
       {IndicatorType::pattern, "*/blocked/", block_everywhere()},
       {IndicatorType::pattern, "*/secret/", alert, intel::Tlp::red}});
  Exported out = exported(home, {.format = "squid", .action = Action::alert});
  EXPECT_TRUE(has_line(
      out.text, "# " + why + "\n" + R"(acl shikake_patterns url_regex ^[a-z]+://.*/kit/x.*\.php\?.*$)"))
      << out.text;
  EXPECT_TRUE(has_line(out.text,
                       "# two?lines\n"
                       R"(acl shikake_patterns url_regex ^[a-z]+://.*\.bad\.example\.net/a\(b\)/.*$)"))
      << out.text;
  EXPECT_TRUE(has_line(out.text, R"(acl shikake_patterns url_regex ^[a-z]+://[^/]*/gate\.php\?id=)"));
  EXPECT_TRUE(
      has_line(out.text, R"(acl shikake_patterns url_regex ^[a-z]+://[^/]*/panel/login\.php(\?.*)?$)"));
  EXPECT_EQ(out.text.find("secret"), std::string::npos);
  EXPECT_EQ(out.text.find("http_access"), std::string::npos) << "what raises an alarm denies nothing";
  EXPECT_EQ(out.report.entries, 4U);
  EXPECT_EQ(out.report.inexpressible, 1U);
  Exported blocks = exported(home, {.format = "squid"});
  EXPECT_TRUE(has_line(blocks.text, R"(acl shikake_patterns url_regex ^[a-z]+://.*/blocked/$)"))
      << blocks.text;
  EXPECT_TRUE(has_line(blocks.text, "http_access deny shikake_patterns"));

  auto list = home.file("shikake.conf", out.text);
  auto conf =
      home.file("squid.conf", "http_port 127.0.0.1:3128\nvisible_hostname test\ninclude " + list.string() +
                                  "\nhttp_access allow localhost\nhttp_access deny all\n");
  auto status = run("squid", "PATH=$PATH:/usr/sbin squid -k parse -f " + conf.string(), home.path() / "log");
  if (!status) GTEST_SKIP() << "squid is not installed";
  std::string log = contents(home.path() / "log");
  EXPECT_EQ(*status, 0) << log;
  for (const char* complaint : {"WARNING", "ERROR", "FATAL", "Bungled"})
    EXPECT_EQ(log.find(complaint), std::string::npos) << log;
}

TEST(Squid, NothingToBlockIsStillAConfiguration) {
  Home home;
  Exported out = exported(home, {.format = "squid"});
  EXPECT_EQ(out.text.find("acl "), std::string::npos);
  EXPECT_EQ(out.text.find("http_access"), std::string::npos);
}

TEST(Csv, FormulasAreMadeHarmlessAndComeBackAsTheyWere) {
  Home home;
  put(home,
      {{IndicatorType::pattern,
        "=HYPERLINK(\"http://evil/\")",
        {Action::audit, {Point::proxy}},
        intel::Tlp::green,
        "",
        60,
        "a, \"b\"\nc"},
       {IndicatorType::pattern, "@sum", {Action::audit, {Point::proxy}}, intel::Tlp::clear, "", 60, "-1+1"},
       {IndicatorType::domain, "bad.example.org", block_everywhere()}});
  Exported out = exported(home, {.format = "csv"});
  EXPECT_TRUE(
      out.text.starts_with("type,value,role,uses,confidence,score,tlp,source,family,first_seen,last_seen,"
                           "valid_until,sightings,verdict,description\r\n"))
      << out.text;
  EXPECT_NE(out.text.find("\r\npattern,\"'=HYPERLINK(\"\"http://evil/\"\")\",c2,audit:proxy,60,"),
            std::string::npos)
      << out.text;
  EXPECT_NE(out.text.find("\r\npattern,'@sum,"), std::string::npos);
  EXPECT_NE(out.text.find(",'-1+1\r\n"), std::string::npos);
  EXPECT_EQ(out.report.entries, 3U);

  Home other;
  auto report = import_into(other.store(), other.settings, other.file("out.csv", out.text), {});
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->entries, 3U);
  auto found = other.store().find({IndicatorType::pattern, "=HYPERLINK(\"http://evil/\")"});
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->tlp, intel::Tlp::green);
  EXPECT_EQ((*found)->confidence, 60);
  EXPECT_EQ((*found)->roles, std::vector{intel::Role::c2});
}

TEST(Json, OneDocumentThatItsSchemaAccepts) {
  Home home;
  put(home, {{IndicatorType::domain, "bad.example.org", block_everywhere(), intel::Tlp::green, "", 80,
              "quote \" and \x1b escape"},
             {IndicatorType::url, "http://bad.example.org/", block_everywhere()}});
  ASSERT_TRUE(home.store().judge({{IndicatorType::domain, "bad.example.org"},
                                  intel::Verdict::confirmed,
                                  "aki",
                                  "seen it",
                                  home.clock.now()},
                                 home.settings));
  Exported out = exported(home, {.format = "json"});
  auto document = intel::parse_json(out.text);
  ASSERT_TRUE(document) << document.error().message();
  EXPECT_EQ(document->at("indicators").as_array().size(), 2U) << out.text;
  EXPECT_EQ(document->at("export").at("entries").as_int64(), 2);
  auto path = home.file("out.json", out.text);
  std::string schema = SHIKAKE_SOURCE_DIR "/docs/schemas/export.schema.json";
  auto status =
      run("python3", "python3 -m jsonschema -i " + path.string() + " " + schema, home.path() / "log");
  if (!status || contents(home.path() / "log").find("No module named") != std::string::npos)
    GTEST_SKIP() << "python3-jsonschema is not installed";
  EXPECT_EQ(*status, 0) << contents(home.path() / "log");

  // Empty is a document too.
  Home empty;
  EXPECT_TRUE(intel::parse_json(exported(empty, {.format = "json"}).text));
}

TEST(Export, UnknownFormatNamesTheKnownOnes) {
  Home home;
  auto report = export_to([](std::string_view) { return Result<>{}; }, {.format = "xml"}, home.store());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::invalid_usage);
  EXPECT_NE(report.error().what.find("rpz"), std::string::npos);
}

TEST(Export, ASinkThatFailsEndsIt) {
  Home home;
  put(home, {{IndicatorType::domain, "bad.example.org", block_everywhere()}});
  for (const OutputFormat& format : output_formats()) {
    auto report =
        export_to([](std::string_view) -> Result<> { return fail(Module::app, ErrorCode::io, "full"); },
                  {.format = std::string(format.name)}, home.store());
    ASSERT_FALSE(report) << format.name;
    EXPECT_EQ(report.error().what, "full") << format.name;
  }
}

TEST(Export, AFileAppearsWholeOrNotAtAll) {
  Home home;
  put(home, {{IndicatorType::domain, "bad.example.org", block_everywhere()}});
  auto path = home.file("zone", "what stood here before");
  EXPECT_FALSE(export_to_file(path, {.format = "rpz", .zone = ""}, home.store()));
  EXPECT_EQ(contents(path), "what stood here before");
  ASSERT_TRUE(export_to_file(path, {.format = "rpz"}, home.store()));
  EXPECT_NE(contents(path).find("bad.example.org CNAME ."), std::string::npos);
}

}  // namespace
}  // namespace shikake::publish
