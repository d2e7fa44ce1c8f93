// Real logs against real indicators (../shared/data; skipped where that is absent), held to counts that are
// made in the plainest way.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>

#include "audit/audit.h"
#include "audit/test_intelligence.h"
#include "base/testing.h"
#include "url/host.h"
#include "url/url.h"

namespace shikake::audit {
namespace {

using intel::IndicatorType;

std::string unpacked(const std::filesystem::path& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  SHIKAKE_CHECK(file != nullptr);
  std::string text, block(1 << 20, '\0');
  for (int got; (got = gzread(file, block.data(), static_cast<unsigned>(block.size()))) > 0;)
    text.append(block, 0, static_cast<size_t>(got));
  gzclose(file);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> lines_of(std::string_view text) {
  auto lines = split(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

bool is_address(std::string_view text) {
  return url::IpAddress::parse(text).has_value();
}

// Values of the kinds that the naive count knows: names and addresses.
struct Bad {
  std::set<std::string> values;

  void add(std::string_view text) {
    if (auto ip = url::IpAddress::parse(text)) {
      values.insert(ip->to_string());
      return;
    }
    auto host = url::host_from_text(text);
    if (host && host->kind == url::HostKind::domain && host->text.find('.') != std::string::npos &&
        !host->text.ends_with('.') && host->text.size() <= 253)
      values.insert(host->text);
  }

  Intelligence compile() const {
    Intelligence::Builder builder;
    for (const std::string& value : values)
      builder.add(
          indicator(is_address(value) ? IndicatorType::ip : IndicatorType::domain, value, intel::Role::c2));
    auto built = builder.build();
    SHIKAKE_CHECK(built && builder.left_out() == 0);
    return std::move(*built);
  }

  // All that hold this name or equal this address.
  void find(std::string_view text, std::set<std::string>& found) const {
    if (auto ip = url::IpAddress::parse(text)) {
      for (const auto& address : {std::optional(*ip), ip->embedded_v4()})
        if (address && values.contains(address->to_string())) found.insert(address->to_string());
      return;
    }
    std::string name(text);
    if (auto host = url::host_from_text(text)) name = host->text;
    for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    while (name.ends_with('.')) name.pop_back();
    while (true) {
      if (values.contains(name)) found.insert(name);
      const size_t dot = name.find('.');
      if (dot == std::string::npos) return;
      name.erase(0, dot + 1);
    }
  }
};

// Maltrail's entries: one a line, comments behind '#'.
Bad maltrail(const std::filesystem::path& folder) {
  Bad bad;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".txt") continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      line = line.substr(0, line.find('#'));
      while (line.ends_with(' ') || line.ends_with('\r')) line.pop_back();
      if (!line.empty() && line.find_first_of("/:*^ ") == std::string::npos) bad.add(line);
    }
  }
  return bad;
}

AuditReport audit_files(const std::vector<std::filesystem::path>& paths, const Intelligence& intelligence) {
  std::vector<base::UniqueFd> files;
  std::vector<LogInput> logs;
  for (const auto& path : paths) {
    files.emplace_back(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    logs.push_back({files.back().get(), path.filename().string()});
  }
  auto report = run(logs, intelligence, {});
  EXPECT_TRUE(report) << report.error().message();
  return report ? std::move(*report) : AuditReport{};
}

// What must not depend on how a log is written: everything but names of files and numbers of lines.
std::string gist(const Finding& finding) {
  std::string text = finding.client + "|" + finding.user + "|" + std::string(name(finding.stage)) + "|" +
                     std::to_string(finding.score) + "|" + std::to_string(finding.event_count) + "|" +
                     std::to_string(finding.guarded_hits) + "|" + finding.action;
  for (const auto& time : {finding.first, finding.last}) text += "|" + (time ? base::to_rfc3339(*time) : "-");
  for (const Reason& reason : finding.reasons) text += "|" + reason.text.substr(0, reason.text.find(" ("));
  for (const Event& event : finding.events)
    text += "\n  " + (event.time ? base::to_rfc3339(*event.time) : "-") + " " + event.seen + " " +
            event.indicator;
  return text;
}

class ZeekLogs : public testing::Test {
 protected:
  static constexpr const char* kinds[] = {"dns", "ftp", "smtp", "ssh", "ssl", "weird", "x509"};

  // Maltrail, and every so many of the names and addresses that do occur.
  static Bad bad_values(const std::filesystem::path& maltrail_folder,
                        const std::filesystem::path& tsv_folder) {
    Bad bad = maltrail(maltrail_folder);
    std::set<std::string> occurring;
    for (const char* kind : {"dns", "ssl"}) {
      const std::string text = unpacked(tsv_folder / (std::string(kind) + ".log.gz"));
      for (std::string_view line : lines_of(text)) {
        if (line.starts_with('#')) continue;
        const auto fields = split(line, '\t');
        for (size_t i : {size_t{2}, size_t{4}, size_t{9}}) occurring.insert(std::string(fields[i]));
      }
    }
    size_t count = 0;
    for (const std::string& value : occurring)
      if (count++ % 97 == 0) bad.add(value);
    return bad;
  }
};

TEST_F(ZeekLogs, BothFormsGiveTheSameFindings) {
  SHIKAKE_NEED_SHARED_DATA(folder, "zeek");
  SHIKAKE_NEED_SHARED_DATA(maltrail_folder, "maltrail");
  const Bad bad = bad_values(*maltrail_folder, *folder / "zeek-default");
  const Intelligence intelligence = bad.compile();
  EXPECT_GT(bad.values.size(), 50'000U);
  for (const char* kind : kinds) {
    const AuditReport tsv =
        audit_files({*folder / "zeek-default" / (std::string(kind) + ".log.gz")}, intelligence);
    const AuditReport json =
        audit_files({*folder / "zeek-json" / (std::string(kind) + ".json.gz")}, intelligence);
    ASSERT_EQ(tsv.findings.size(), json.findings.size()) << kind;
    for (size_t i = 0; i < tsv.findings.size(); ++i)
      EXPECT_EQ(gist(tsv.findings[i]), gist(json.findings[i])) << kind;
    EXPECT_EQ(tsv.files[0].hits, json.files[0].hits) << kind;
    for (const FileStats& stats : {tsv.files[0], json.files[0]}) {
      EXPECT_EQ(stats.error, "");
      EXPECT_EQ(stats.lenient + stats.unreadable, 0U) << kind;
    }
  }
  std::vector<std::filesystem::path> all;
  for (const char* kind : kinds) all.push_back(*folder / "zeek-default" / (std::string(kind) + ".log.gz"));
  EXPECT_GT(audit_files(all, intelligence).findings.size(), 10U);
}

TEST_F(ZeekLogs, CountsAreThoseOfANaiveReading) {
  SHIKAKE_NEED_SHARED_DATA(folder, "zeek");
  SHIKAKE_NEED_SHARED_DATA(maltrail_folder, "maltrail");
  const Bad bad = bad_values(*maltrail_folder, *folder / "zeek-default");
  const Intelligence intelligence = bad.compile();
  struct Row {
    const char* kind;
    std::vector<const char*> columns;
  };
  for (const Row& row :
       {Row{"dns", {"id.orig_h", "id.resp_h", "query", "answers"}},
        Row{"ssl", {"id.orig_h", "id.resp_h", "server_name"}}, Row{"weird", {"id.orig_h", "id.resp_h"}}}) {
    const auto path = *folder / "zeek-default" / (std::string(row.kind) + ".log.gz");
    const std::string text = unpacked(path);
    std::vector<size_t> columns;
    uint64_t expected = 0, lines = 0;
    for (std::string_view line : lines_of(text)) {
      ++lines;
      const auto fields = split(line, '\t');
      if (fields[0] == "#fields") {
        for (const char* column : row.columns)
          columns.push_back(
              static_cast<size_t>(std::find(fields.begin(), fields.end(), column) - fields.begin()) - 1);
      }
      if (line.starts_with('#')) continue;
      // An address that connects counts for the one connected to, beside what counts for itself.
      std::set<std::string> found, inbound;
      for (size_t i = 0; i < columns.size(); ++i)
        for (std::string_view value : split(fields[columns[i]], ','))
          if (value != "-") bad.find(value, i == 0 ? inbound : found);
      expected += found.size() + inbound.size();
    }
    const AuditReport report = audit_files({path}, intelligence);
    EXPECT_EQ(report.files[0].hits, expected) << row.kind;
    EXPECT_EQ(report.files[0].lines, lines) << row.kind;
    EXPECT_GT(expected, 0U) << row.kind;
  }
}

TEST(ApacheLog, CountsAreThoseOfANaiveReading) {
  SHIKAKE_NEED_SHARED_DATA(path, "logs/apache_combined_10k.log.gz");
  const std::string text = unpacked(*path);
  const auto client_of = [](std::string_view line) { return line.substr(0, line.find(' ')); };
  const auto referrer_host = [](std::string_view line) -> std::string {
    const auto quoted = split(line, '"');
    if (quoted.size() < 4) return {};
    auto parsed = url::Url::parse(quoted[3]);
    return parsed ? std::string(parsed->hostname()) : std::string();
  };
  std::set<std::string> clients, referrers;
  const auto lines = lines_of(text);
  for (std::string_view line : lines)
    clients.insert(std::string(client_of(line))), referrers.insert(referrer_host(line));
  Bad bad;
  size_t count = 0;
  for (const auto& values : {clients, referrers})
    for (const std::string& value : values)
      if (count++ % 29 == 3 && !value.empty()) bad.add(value);
  uint64_t expected = 0, events = 0;
  for (std::string_view line : lines) {
    std::set<std::string> found;
    bad.find(client_of(line), found);
    if (const std::string host = referrer_host(line); !host.empty()) bad.find(host, found);
    expected += found.size();
    events += !found.empty();
  }
  const AuditReport report = audit_files({*path}, bad.compile());
  EXPECT_GT(expected, 100U);
  EXPECT_EQ(report.files[0].hits, expected);
  EXPECT_EQ(report.files[0].lines, lines.size());
  EXPECT_EQ(report.files[0].unreadable, 0U);
  EXPECT_EQ(report.files[0].formats, "apache");
  uint64_t counted = 0;
  for (const Finding& finding : report.findings) counted += finding.event_count;
  EXPECT_EQ(counted, events);
}

}  // namespace
}  // namespace shikake::audit
