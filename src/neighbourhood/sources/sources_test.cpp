#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/gzip.h"
#include "neighbourhood/sources/source.h"

namespace shikake::neighbourhood {
namespace {

using base::gzip;

constexpr Day today = 18'900;  // 2021-09-30

class Told final : public RowSink {
 public:
  Result<> url(std::string_view text, Day first, Day last, uint64_t line) override {
    rows.push_back(std::to_string(line) + " " + std::string(text) + " " + std::to_string(first) + " " +
                   std::to_string(last));
    return {};
  }
  Result<> skip(std::string_view reason, uint64_t line) override {
    rows.push_back(std::to_string(line) + " - " + std::string(reason));
    return {};
  }
  std::vector<std::string> rows;
};

struct SourceCase {
  const char* name;
  std::string bytes;
  const char* format;  // as found
  std::vector<std::string> rows;
};

// 18262 is 2020-01-01.
const std::vector<SourceCase>& cases() {
  static const std::string cdx =
      "com,example)/ 20200101120000 http://example.com/ text/html 200 AAAA 1 2 x.warc.gz\n";
  static const std::string record =
      "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/x\r\nWARC-Date: "
      "2020-01-02T00:00:00Z\r\n"
      "Content-Length: 21\r\n\r\nWARC/1.0 not a record\r\n\r\n";
  auto page = [](const std::string& headers, const std::string& content) {
    return "WARC/1.0\r\n" + headers +
           "WARC-Target-URI: http://a.example/d/x\r\nWARC-Date: 2020-01-02T00:00:00Z\r\nContent-Length: " +
           std::to_string(content.size()) + "\r\n\r\n" + content + "\r\n\r\n";
  };
  static const std::string html =
      "<!DOCTYPE html><a href='next.html?a=1#here'>n</a><script>document.write('<a href=no>')</script>"
      "<img src=//c.example/e/pic\xC3\xA9.png><meta http-equiv=Refresh content=\"5; url='/go'\">";
  static const std::vector<SourceCase> all = {
      {"list",
       "# comment\nhttp://a.example/x\nhxxps://b[.]example/y rest\r\nc.example/z\n\n",
       "list",
       {"2 http://a.example/x 18900 18900", "3 https://b.example/y 18900 18900",
        "4 http://c.example/z 18900 18900"}},
      {"list_without_end", "http://a.example/x", "list", {"1 http://a.example/x 18900 18900"}},
      {"list_with_bom", "\xEF\xBB\xBFhttp://a.example/x\n", "list", {"1 http://a.example/x 18900 18900"}},
      {"list_of_mixed_encodings",
       "http://a.example/\xC3\xA9\nhttp://a.example/caf\xE9\n",
       "list",
       {"1 http://a.example/\xC3\xA9 18900 18900", "2 http://a.example/caf%E9 18900 18900"}},
      {"line_too_long",
       "http://a.example/" + std::string(2 << 20, 'x') + "\nhttp://b.example/\n",
       "list",
       {"1 - too long a line", "2 http://b.example/ 18900 18900"}},
      {"csv_with_header",
       "date,URL,description\n2020/01/01 08:10:00,http://a.example/,\"x, "
       "y\"\n2020/01/02,\"http://a.example/?a,b\",z\n",
       "csv",
       {"2 http://a.example/ 18262 18262", "3 http://a.example/?a,b 18263 18263"}},
      {"csv_first_and_last",
       "url;first_seen;last_seen\nhttp://a.example/;2020-01-03;2020-01-01\n",
       "csv",
       {"2 http://a.example/ 18262 18264"}},
      {"csv_without_header", "7,2020-01-01,http://a.example/\n", "csv", {"1 http://a.example/ 18262 18262"}},
      {"csv_hostile",
       "date,url\n2020-01-01,\"http://a.example/\n2020-13-01,http://b.example/\n2999-01-01,http://c.example/"
       "\n2020-01-01,\n",
       "csv",
       {"2 - a quote that never closes", "3 - a date that is none", "4 - a time in the future",
        "5 - no URL in its column"}},
      {"cdx",
       " CDX N b a m s k r M S V g\n" + cdx + "nonsense\n",
       "cdx",
       {"2 http://example.com/ 18262 18262", "3 - no capture"}},
      {"cdx_other_columns",
       " CDX a b\nhttp://example.com/ 20200101120000\n",
       "cdx",
       {"2 http://example.com/ 18262 18262"}},
      {"cdxj",
       "com,example)/ 20200101120000 {\"url\": \"http://example.com/q\", \"status\": \"200\"}\ncom,example)/ "
       "20200101120000 {\"u\n",
       "cdx",
       {"1 http://example.com/q 18262 18262", "2 - no capture"}},
      {"warc",
       record + "WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 0\r\n\r\n\r\n\r\n" + record,
       "warc",
       {"1 http://a.example/x 18263 18263", "15 http://a.example/x 18263 18263"}},
      {"warc_in_members",
       gzip(record) + gzip(record),
       "warc",
       {"1 http://a.example/x 18263 18263", "9 http://a.example/x 18263 18263"}},
      {"warc_pages_links",
       page("WARC-Type: response\r\nContent-Type: application/http; msgtype=response\r\n",
            "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html) +
           page("WARC-Type: resource\r\nContent-Type: text/html\r\n", "<iframe src=https://b.example/y>"),
       "warc",
       {"1 http://a.example/d/x 18263 18263", "1 http://a.example/d/next.html?a=1 18263 18263",
        "1 http://c.example/e/pic%C3%A9.png 18263 18263", "1 http://a.example/go 18263 18263",
        "10 http://a.example/d/x 18263 18263", "10 https://b.example/y 18263 18263"}},
      {"warc_base_and_what_is_no_link",
       page(
           "WARC-Type: resource\r\nContent-Type: text/html\r\n",
           "<base href=//base.example/b/><base href=//no.example/><a href=p#f>1</a><a href=p>2</a>"
           "<a href=mailto:x@y>3</a><a href='http://[bad'>4</a><a>5</a><template><a href=t>6</a></template>"),
       "warc",
       {"1 http://a.example/d/x 18263 18263", "1 http://base.example/b/p 18263 18263"}},
      {"warc_page_in_a_coding",
       page("WARC-Type: response\r\nContent-Type: application/http\r\n",
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b"),
       "warc",
       {"1 http://a.example/d/x 18263 18263",
        "1 - a page kept compressed or in chunks: its links are not read"}},
      {"warc_no_page",
       page("WARC-Type: response\r\nContent-Type: application/http\r\n",
            "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n<a href=x>") +
           page("WARC-Type: request\r\nContent-Type: application/http\r\n", "GET / HTTP/1.1\r\n\r\n"),
       "warc",
       {"1 http://a.example/d/x 18263 18263", "10 http://a.example/d/x 18263 18263"}},
      {"warc_cut_short",
       record.substr(0, record.size() - 10),
       "warc",
       {"1 http://a.example/x 18263 18263", "1 - a WARC record that is cut short"}},
      {"warc_without_length",
       "WARC/1.0\r\nWARC-Target-URI: http://a.example/\r\n\r\nx\r\n" + record,
       "warc",
       {"1 - a WARC record without a length", "5 http://a.example/x 18263 18263"}},
      {"hosts",
       "a.example\n*.b.example,2020-01-01,2020-01-02\n_dmarc.c.example\nc.example.\tx\n",
       "hosts",
       {"1 http://a.example/ 18900 18900", "2 http://b.example/ 18262 18263", "3 - not a host name",
        "4 http://c.example/ 18900 18900"}},
      {"passive_dns",
       "{\"rrname\": \"a.example.\", \"rrtype\": \"A\", \"time_first\": 1577836800, \"time_last\": "
       "1577923200}\n{\"x\": 1}\n{bad\n",
       "hosts",
       {"1 http://a.example/ 18262 18263", "2 - no name in the object", "3 - no JSON object"}},
      {"certificates",
       "{\"name_value\": \"*.a.example\\nb.example\", \"not_before\": \"2020-01-01T00:00:00\"}\n",
       "hosts",
       {"1 http://a.example/ 18262 18262", "1 http://b.example/ 18262 18262"}},
      {"nothing", "", "hosts", {}},
  };
  return all;
}

TEST(Sources, ReadEachFormat) {
  for (const SourceCase& row : cases()) {
    for (bool packed : {false, true}) {
      SCOPED_TRACE(std::string(row.name) + (packed ? ", gzip" : ""));
      if (packed && row.bytes.starts_with("\x1f")) continue;
      const std::string bytes = packed ? gzip(row.bytes) : row.bytes;
      Input input(bytes);
      Told told;
      auto format = read_source(input, {"auto", today}, told);
      ASSERT_TRUE(format) << format.error().message();
      EXPECT_EQ(*format, row.format);
      EXPECT_EQ(told.rows, row.rows);
    }
  }
}

TEST(Sources, RefuseWhatCannotBeReadAtAll) {
  struct Case {
    const char* name;
    std::string bytes;
    const char* format;
    ErrorCode code;
    const char* says;
  };
  const std::string packed = gzip("http://a.example/\n");
  const Case rows[] = {
      {"utf16", std::string("\xFF\xFEh\0t\0", 6), "auto", ErrorCode::unsupported, "UTF-16"},
      {"unknown_format", "x", "pcap", ErrorCode::invalid_usage, "list, csv, cdx, warc, hosts"},
      {"gzip_cut_short", packed.substr(0, packed.size() - 9), "list", ErrorCode::corrupted, "cut short"},
      {"gzip_damaged", packed.substr(0, 10) + "\xFF\xFF\xFF\xFF", "list", ErrorCode::corrupted, "gzip"},
  };
  for (const Case& row : rows) {
    SCOPED_TRACE(row.name);
    Input input(row.bytes);
    Told told;
    auto read = read_source(input, {row.format, today}, told);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, row.code);
    EXPECT_THAT(read.error().what, testing::HasSubstr(row.says));
  }
}

TEST(Sources, AGzipBombIsReadInBoundedMemory) {
  const std::string bomb = gzip(std::string(64 << 20, 'a'));
  Input input(bomb);
  Told told;
  auto read = read_source(input, {"list", today}, told);
  ASSERT_TRUE(read);
  EXPECT_EQ(told.rows, std::vector<std::string>{"1 - too long a line"});
}

TEST(Sources, DaysAsTheyAreWritten) {
  struct Case {
    const char* text;
    std::optional<Day> day;
  };
  for (const Case& row : {Case{"2020-01-01", 18262},
                          {"2020/01/01 23:59:59", 18262},
                          {"2020-01-01T10:00:00+09:00", 18262},
                          {"20200101000000", 18262},
                          {"20200101", 18262},
                          {"1577836800", 18262},
                          {"1577836800.25", 18262},
                          {"2020-02-30", std::nullopt},
                          {"2020-1-1", std::nullopt},
                          {"1969-12-31", std::nullopt},
                          {"42", std::nullopt},
                          {"", std::nullopt},
                          {"99999999999999", std::nullopt},
                          {"2999-01-01", UINT16_MAX},
                          {"2020-01-01x", std::nullopt}})
    EXPECT_EQ(day_from_text(row.text), row.day) << row.text;
}

}  // namespace
}  // namespace shikake::neighbourhood
