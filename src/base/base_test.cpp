#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/checked.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/display.h"
#include "base/result.h"

namespace shikake::base {
namespace {

TEST(Result, MessageNamesModulePlaceAndErrno) {
  Error error{Module::audit, ErrorCode::invalid_input, "no such column"};
  error.line = 12;
  error.offset = 40;
  error.system_errno = ENOENT;
  EXPECT_EQ(std::move(error).in("proxy.log").message(),
            "audit: no such column (proxy.log, line 12, byte 40): No such file or directory");
}

TEST(Result, InnerPlaceWins) {
  Error error{Module::net, ErrorCode::io, "x", "inner"};
  EXPECT_EQ(std::move(error).in("outer").where, "inner");
}

struct Utf8Row {
  const char* name;
  std::string in, out;
};
class Utf8 : public ::testing::TestWithParam<Utf8Row> {};
TEST_P(Utf8, Replaced) {
  EXPECT_EQ(to_valid_utf8(GetParam().in), GetParam().out);
  EXPECT_EQ(is_valid_utf8(GetParam().in), GetParam().in == GetParam().out);
  EXPECT_TRUE(is_valid_utf8(to_valid_utf8(GetParam().in)));
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Utf8,
    ::testing::Values(Utf8Row{"plain", "abc", "abc"}, Utf8Row{"kana", "仕掛け", "仕掛け"},
                      Utf8Row{"lone_continuation", "a\x80z", "a\uFFFDz"},
                      Utf8Row{"overlong_slash", "\xC0\xAF", "\uFFFD\uFFFD"},
                      Utf8Row{"surrogate", "\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},
                      Utf8Row{"cut_off", "\xF0\x9F\x98", "\uFFFD"},
                      Utf8Row{"cut_by_ascii", "\xE4\xBB x", "\uFFFD x"}, Utf8Row{"raw_ff", "\xFF", "\uFFFD"},
                      Utf8Row{"past_unicode", "\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"}),
    [](const auto& row) { return row.param.name; });

TEST(Bytes, HexAndBase64BothWays) {
  std::string all;
  for (int i = 0; i < 256; ++i) {
    EXPECT_EQ(from_hex(to_hex(as_bytes(all))), all);
    EXPECT_EQ(from_base64(to_base64(as_bytes(all))), all);
    all += static_cast<char>(i);
  }
  EXPECT_FALSE(from_hex("abc"));
  EXPECT_FALSE(from_hex("zz"));
  EXPECT_FALSE(from_base64("ab=c"));
  EXPECT_FALSE(from_base64("abc"));
  EXPECT_EQ(to_base64(as_bytes("foobar")), "Zm9vYmFy");  // RFC 4648 section 10
}

TEST(Digest, KnownVectors) {  // FIPS 180-4 examples
  EXPECT_EQ(sha256("abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256 hash;
  hash.update("a");
  hash.update("bc");
  EXPECT_EQ(hash.finish(), sha256("abc"));
  EXPECT_EQ(Digest::from_hex(sha256("abc").hex()), sha256("abc"));
  EXPECT_FALSE(Digest::from_hex("ba78"));
}

struct TimeRow {
  const char* in;
  const char* out;  // null: refused
};
class Rfc3339 : public ::testing::TestWithParam<TimeRow> {};
TEST_P(Rfc3339, Read) {
  auto time = from_rfc3339(GetParam().in);
  if (!GetParam().out) {
    EXPECT_FALSE(time);
  } else {
    ASSERT_TRUE(time);
    EXPECT_EQ(to_rfc3339(*time), GetParam().out);
  }
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Rfc3339,
    ::testing::Values(TimeRow{"2014-05-08T09:00:00Z", "2014-05-08T09:00:00Z"},
                      TimeRow{"2014-05-08T09:00:00.250000Z", "2014-05-08T09:00:00.25Z"},
                      TimeRow{"2014-05-08T09:00:00+09:00", "2014-05-08T00:00:00Z"},
                      TimeRow{"2014-05-08 09:00:00-01:30", "2014-05-08T10:30:00Z"},
                      TimeRow{"2014-05-08", "2014-05-08T00:00:00Z"},
                      TimeRow{"1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.5Z"},
                      TimeRow{"2016-02-29", "2016-02-29T00:00:00Z"}, TimeRow{"2015-02-29", nullptr},
                      TimeRow{"2014-05-08T24:00:00Z", nullptr}, TimeRow{"2014-05-08T09:00:00", nullptr},
                      TimeRow{"2014-05-08T09:00:00.Z", nullptr}, TimeRow{"2014-05-08T09:00:00Zx", nullptr},
                      TimeRow{"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
                      TimeRow{"9999-12-31T23:59:60Z", nullptr},       // the leap second is in the year 10000
                      TimeRow{"9999-12-31T23:59:59-00:01", nullptr},  // so is this
                      TimeRow{"0001-01-01T00:00:00+00:01", nullptr}, TimeRow{"0000-01-01", nullptr},
                      TimeRow{"-014-05-08", nullptr}, TimeRow{"", nullptr}));

TEST(Clock, Durations) {
  EXPECT_EQ(parse_duration("7d"), std::chrono::hours(168));
  EXPECT_EQ(parse_duration("90s"), std::chrono::seconds(90));
  EXPECT_FALSE(parse_duration("d"));
  EXPECT_FALSE(parse_duration("-1d"));
  EXPECT_FALSE(parse_duration("1y"));
}

TEST(Display, TerminalEscapesAreShownNotObeyed) {
  EXPECT_EQ(for_terminal("a\x1b[31mred\r\n"), "a\\x1b[31mred\\r\\n");
  EXPECT_EQ(for_terminal("\u202egnp.exe"), "\\u202egnp.exe");
  EXPECT_EQ(for_terminal("\xC2\x9B"
                         "1m"),
            "\\x9b1m");  // C1 CSI as UTF-8
  EXPECT_EQ(for_terminal("\x9B"
                         "1m"),
            "\\x9b1m");  // and as a raw byte
  EXPECT_EQ(for_terminal("仕掛け"), "仕掛け");
  EXPECT_EQ(for_terminal("仕掛け", 2), "仕掛…");
}

TEST(Display, Html) {
  EXPECT_EQ(for_html("<b a=\"'&\x01"), "&lt;b a=&quot;&#39;&amp;\\x01");
}

TEST(Display, CsvFormulasAreDefused) {
  EXPECT_EQ(for_csv("=1+1"), "'=1+1");
  EXPECT_EQ(for_csv("a,b"), "\"a,b\"");
  EXPECT_EQ(for_csv("say \"x\""), "\"say \"\"x\"\"\"");
  EXPECT_EQ(for_csv("plain"), "plain");
  for (const char* text : {"=x", "+x", "-x", "@x", "'=x", "'x", "x", ""}) {
    EXPECT_EQ(from_csv_field(for_csv(text)), text) << text;
  }
}

TEST(Display, Defang) {
  EXPECT_EQ(defang("http://a.example/x.html"), "hxxp://a[.]example/x.html");
  EXPECT_EQ(defang("https://a.example?q=1.2"), "hxxps://a[.]example?q=1.2");
  EXPECT_EQ(defang("192.0.2.1"), "192[.]0[.]2[.]1");
}

TEST(Display, DefangText) {
  EXPECT_EQ(defang_text("see http://a.example/ and https://b.example/?u=http://c.example"),
            "see hxxp://a[.]example/ and hxxps://b[.]example/?u=hxxp://c[.]example");
  EXPECT_EQ(defang_text("\"http://a.example\": 1.5 http://"), "\"hxxp://a[.]example\": 1.5 hxxp://");
  EXPECT_EQ(defang_text(""), "");
  EXPECT_EQ(defang_text("http and httpd speak it"), "http and httpd speak it");
}

TEST(Checked, Integers) {
  EXPECT_EQ(parse_integer<uint16_t>("65535"), 65535);
  EXPECT_FALSE(parse_integer<uint16_t>("65536"));
  EXPECT_FALSE(parse_integer<int>("12 "));
  EXPECT_FALSE(parse_integer<int>("+1"));
  EXPECT_FALSE(checked_add<uint8_t>(200, 100));
  EXPECT_FALSE(checked_cast<uint8_t>(-1));
}

}  // namespace
}  // namespace shikake::base
