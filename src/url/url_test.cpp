#include "url/url.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <unordered_set>

#include "base/testing.h"
#include "url/fast_path.h"
#include "url/host.h"
#include "url/parts.h"
#include "url/percent.h"
#include "url/query_encoding.h"

namespace shikake::url {
namespace {

std::string all_parts(const Url& url) {
  std::string out = url.href();
  for (std::string_view part : {url.scheme(), url.username(), url.password(), url.host(), url.hostname(),
                                url.port(), url.pathname(), url.search(), url.hash()}) {
    out.append(" | ").append(part);
  }
  return out + " | " + std::to_string(static_cast<int>(url.host_kind())) +
         std::to_string(url.has_opaque_path());
}

struct ParseRow {
  const char* name;
  std::string in;
  const char* out;  // null: refused
};
class Parse : public ::testing::TestWithParam<ParseRow> {};
TEST_P(Parse, Serialises) {
  auto url = Url::parse(GetParam().in);
  if (!GetParam().out) {
    ASSERT_FALSE(url) << url->href();
    EXPECT_EQ(url.error().module, Module::url);
    EXPECT_EQ(url.error().code, ErrorCode::invalid_input);
    return;
  }
  ASSERT_TRUE(url) << url.error().message();
  EXPECT_EQ(url->href(), GetParam().out);
  EXPECT_EQ(all_parts(*Parts::of(*url).assemble()), all_parts(*url));
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Parse,
    ::testing::Values(
        ParseRow{"plain", "http://a.example/", "http://a.example/"},
        ParseRow{"no_path", "https://a.example", "https://a.example/"},
        ParseRow{"no_path_but_query", "https://a.example?q", "https://a.example/?q"},
        ParseRow{"no_path_but_fragment", "https://a.example#f", "https://a.example/#f"},
        ParseRow{"capital_host", "http://WWW.Example.COM/Path", "http://www.example.com/Path"},
        ParseRow{"capital_scheme", "HTTP://a.example/", "http://a.example/"},
        ParseRow{"default_port", "http://a.example:80/x", "http://a.example/x"},
        ParseRow{"other_default_port", "http://a.example:443/x", "http://a.example:443/x"},
        ParseRow{"port_with_zeros", "http://a.example:00080/x", "http://a.example/x"},
        ParseRow{"empty_port", "http://a.example:/x", "http://a.example/x"},
        ParseRow{"port_too_large", "http://a.example:65536/", nullptr},
        ParseRow{"port_overflows", "http://a.example:18446744073709551696/", nullptr},
        ParseRow{"port_not_a_number", "http://a.example:8o/", nullptr},
        ParseRow{"dot_segments", "http://h.example/a/./b/../c/%2e%2E/d", "http://h.example/a/d"},
        ParseRow{"dots_above_root", "http://h.example/../../x", "http://h.example/x"},
        ParseRow{"dot_leaf", "http://h.example/a/.", "http://h.example/a/"},
        ParseRow{"three_dots", "http://h.example/.../x", "http://h.example/.../x"},
        ParseRow{"well_known", "http://h.example/.well-known/x", "http://h.example/.well-known/x"},
        ParseRow{"percent_segment", "http://h.example/%2fx/%41", "http://h.example/%2fx/%41"},
        ParseRow{"backslashes", "http:\\\\h.example\\a\\..\\b", "http://h.example/b"},
        ParseRow{"too_few_slashes", "http:h.example", "http://h.example/"},
        ParseRow{"too_many_slashes", "http://///h.example", "http://h.example/"},
        ParseRow{"tabs_and_newlines", " \tht\ntp://h.exa\tmple/a\r\nb ", "http://h.example/ab"},
        ParseRow{"nul_in_path", std::string("http://h.example/a\0b", 20), "http://h.example/a%00b"},
        ParseRow{"nul_in_host", std::string("http://h\0.example/", 18), nullptr},
        ParseRow{"bad_utf8_in_path", "http://h.example/\xff", "http://h.example/%EF%BF%BD"},
        ParseRow{"bad_utf8_in_host", "http://h\xff.example/", nullptr},
        ParseRow{"surrogate_in_query", "http://h.example/?\xed\xa0\x80",
                 "http://h.example/?%EF%BF%BD%EF%BF%BD%EF%BF%BD"},
        ParseRow{"credentials", "http://u:p@h.example/", "http://u:p@h.example/"},
        ParseRow{"two_ats", "http://real.example@evil.example@h.example/",
                 "http://real.example%40evil.example@h.example/"},
        ParseRow{"fake_authority_in_user", "http://bank.example:443@h.example/",
                 "http://bank.example:443@h.example/"},
        ParseRow{"at_in_path", "http://h.example/@bank.example", "http://h.example/@bank.example"},
        ParseRow{"backslash_before_at", "http://h.example\\@bank.example/",
                 "http://h.example/@bank.example/"},
        ParseRow{"empty_user", "http://@h.example/", "http://h.example/"},
        ParseRow{"user_but_no_host", "http://u@/", nullptr}, ParseRow{"no_host", "http://", nullptr},
        ParseRow{"only_port", "http://:80/", nullptr}, ParseRow{"only_dot", "http://./", "http://./"},
        ParseRow{"trailing_dot", "http://h.example./", "http://h.example./"}, ParseRow{"empty", "", nullptr},
        ParseRow{"no_scheme", "//h.example/x", nullptr}, ParseRow{"just_a_name", "h.example", nullptr},
        ParseRow{"digit_scheme", "1http://h/", nullptr},
        // IPv4 in every disguise.
        ParseRow{"ipv4", "http://192.0.2.1/", "http://192.0.2.1/"},
        ParseRow{"ipv4_dot", "http://192.0.2.1./", "http://192.0.2.1/"},
        ParseRow{"ipv4_one_number", "http://3221225985/", "http://192.0.2.1/"},
        ParseRow{"ipv4_hexadecimal", "http://0xC0.0x0.0x02.0x1/", "http://192.0.2.1/"},
        ParseRow{"ipv4_octal", "http://0300.0.02.01/", "http://192.0.2.1/"},
        ParseRow{"ipv4_two_parts", "http://192.513/", "http://192.0.2.1/"},
        ParseRow{"ipv4_fullwidth", "http://１９２．０。2｡1/", "http://192.0.2.1/"},
        ParseRow{"ipv4_escaped", "http://%31%39%32.0.2.1/", "http://192.0.2.1/"},
        ParseRow{"ipv4_empty_hexadecimal", "http://0x/", "http://0.0.0.0/"},
        ParseRow{"ipv4_too_large", "http://4294967296/", nullptr},
        ParseRow{"ipv4_far_too_large", "http://99999999999999999999999999/", nullptr},
        ParseRow{"ipv4_part_too_large", "http://256.0.0.1/", nullptr},
        ParseRow{"ipv4_five_parts", "http://1.2.3.4.5/", nullptr},
        ParseRow{"name_ends_in_number", "http://h.example.5/", nullptr},
        ParseRow{"name_ends_in_hexadecimal", "http://h.example.0x5/", nullptr},
        ParseRow{"last_label_has_digits", "http://h.5example/", "http://h.5example/"},
        ParseRow{"ipv6", "http://[2001:DB8:0:0::1]:8080/", "http://[2001:db8::1]:8080/"},
        ParseRow{"ipv6_mapped", "http://[::ffff:192.0.2.1]/", "http://[::ffff:c000:201]/"},
        ParseRow{"ipv6_zone", "http://[fe80::1%25eth0]/", nullptr},
        ParseRow{"ipv6_open", "http://[::1/", nullptr}, ParseRow{"ipv6_behind", "http://[::1]x/", nullptr},
        ParseRow{"quad_in_brackets", "http://[192.0.2.1]/", nullptr},
        // Names.
        ParseRow{"idna", "http://仕掛け.example/", "http://xn--08j813g3ho.example/"},
        ParseRow{"idna_dots", "http://a。example/", "http://a.example/"},
        ParseRow{"escaped_name", "http://%68.example/", "http://h.example/"},
        ParseRow{"escaped_slash_in_name", "http://h%2f.example/", nullptr},
        ParseRow{"escaped_percent_in_name", "http://h%2541.example/", nullptr},
        ParseRow{"blank_in_name", "http://h .example/", nullptr},
        ParseRow{"underscore", "http://a_b.example/", "http://a_b.example/"},
        ParseRow{"only_soft_hyphen", "http://\u00ad/", nullptr},
        // Other schemes.
        ParseRow{"file", "file:///etc/passwd", "file:///etc/passwd"},
        ParseRow{"file_drive", "file:C|/x/..", "file:///C:/"},
        ParseRow{"file_localhost", "file://LOCALHOST/x", "file:///x"},
        ParseRow{"javascript", "javascript:alert('x y')", "javascript:alert('x y')"},
        ParseRow{"data", "data:text/html,<b>#f", "data:text/html,<b>#f"},
        ParseRow{"mailto", "mailto:a@b.example", "mailto:a@b.example"},
        ParseRow{"opaque_host", "foo://A%42/x", "foo://A%42/x"},
        ParseRow{"path_like_an_authority", "foo:/.//x", "foo:/.//x"},
        ParseRow{"scheme_chars", "a+-.1:x", "a+-.1:x"}),
    [](const auto& row) { return row.param.name; });

TEST(Url, DefaultIsAboutBlank) {
  Url url;
  EXPECT_EQ(all_parts(url), all_parts(*Url::parse("about:blank")));
}

TEST(Url, EveryPartOfTheDiagram) {
  auto url = *Url::parse("https://user:secret@www.example.com:8080/a/b.html?q=1#top");
  EXPECT_EQ(url.scheme(), "https");
  EXPECT_EQ(url.username(), "user");
  EXPECT_EQ(url.password(), "secret");
  EXPECT_EQ(url.hostname(), "www.example.com");
  EXPECT_EQ(url.host(), "www.example.com:8080");
  EXPECT_EQ(url.port_number(), 8080);
  EXPECT_EQ(url.effective_port(), 8080);
  EXPECT_EQ(url.pathname(), "/a/b.html");
  EXPECT_EQ(url.query(), "q=1");
  EXPECT_EQ(url.fragment(), "top");
  EXPECT_EQ(url.path_and_query(), "/a/b.html?q=1");
  EXPECT_EQ(url.href_without_fragment(), "https://user:secret@www.example.com:8080/a/b.html?q=1");
  EXPECT_EQ(url.origin(), "https://www.example.com:8080");
  EXPECT_TRUE(url.is_http() && url.is_special() && url.has_credentials());
}

TEST(Url, EmptyIsNotAbsent) {
  auto url = *Url::parse("http://h.example/?#");
  EXPECT_EQ(url.query(), "");
  EXPECT_EQ(url.fragment(), "");
  EXPECT_EQ(url.search(), "");
  EXPECT_EQ(url.hash(), "");
  auto bare = *Url::parse("http://h.example/");
  EXPECT_FALSE(bare.query() || bare.fragment() || bare.port_number());
  EXPECT_EQ(bare.effective_port(), 80);
  EXPECT_FALSE(Url::parse("file:///x")->effective_port());
}

TEST(Url, AddressOfTheHost) {
  EXPECT_EQ(Url::parse("http://0x7f.1/")->ip(), IpAddress::parse("127.0.0.1"));
  EXPECT_EQ(Url::parse("http://[::1]/")->ip(), IpAddress::parse("::1"));
  EXPECT_FALSE(Url::parse("http://a.example/")->ip());
  EXPECT_FALSE(Url::parse("foo://127.0.0.1/")->ip());  // opaque: the standard reads no address here
}

TEST(Url, RelativeToABase) {
  auto base = *Url::parse("https://h.example/a/b?q#f");
  struct Row {
    const char *in, *out;
  } rows[] = {{"c", "https://h.example/a/c"},
              {"?x", "https://h.example/a/b?x"},
              {"#y", "https://h.example/a/b?q#y"},
              {"", "https://h.example/a/b?q"},
              {"/r", "https://h.example/r"},
              {"//o.example/r", "https://o.example/r"},
              {"../..", "https://h.example/"},
              {"https:c", "https://h.example/a/c"},
              {"http:c", "http://c/"},
              {"\\\\o.example\\r", "https://o.example/r"},
              {"javascript:x", "javascript:x"}};
  for (const Row& row : rows) EXPECT_EQ(Url::parse(row.in, &base)->href(), row.out) << row.in;
  auto opaque = *Url::parse("mailto:x");
  EXPECT_FALSE(Url::parse("y", &opaque));
  EXPECT_EQ(Url::parse("#y", &opaque)->href(), "mailto:x#y");
}

TEST(Url, ErrorsSayWhichRule) {
  EXPECT_EQ(Url::parse("www.example.com").error().message(),
            "url: not a URL: it has no scheme, and there is no base URL that it could be relative to");
  EXPECT_EQ(Url::parse("http://1.2.3.4.5/").error().message(),
            "url: not a URL: the host ends in a number but is no IPv4 address");
}

TEST(Url, LengthIsBounded) {
  std::string huge = "http://h.example/" + std::string(max_url_bytes, 'a');
  auto refused = Url::parse(huge);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::limit);
  // Within the bound as given, past it once encoded.
  auto grows = Url::parse("http://h.example/" + std::string(max_url_bytes / 2, '"'));
  ASSERT_FALSE(grows);
  EXPECT_EQ(grows.error().code, ErrorCode::limit);
  auto url = *Url::parse("http://h.example/x");
  url.set_pathname(huge);
  EXPECT_EQ(url.href(), "http://h.example/x");
}

TEST(Url, LongInputsTakeLinearTime) {  // each would take hours in quadratic time
  constexpr size_t n = 2'000'000;
  auto repeat = [](std::string_view piece) {
    std::string out;
    for (size_t i = 0; i < n / piece.size(); ++i) out += piece;
    return out;
  };
  EXPECT_TRUE(Url::parse("http://h.example/" + repeat("a/../")));
  EXPECT_TRUE(Url::parse("http://h.example/" + repeat("..%2f")));
  EXPECT_TRUE(Url::parse("http://" + repeat("a.") + "example/"));
  EXPECT_TRUE(Url::parse("http://" + repeat("@") + "h.example/"));
  EXPECT_FALSE(Url::parse("http://" + repeat("1.")));
  EXPECT_FALSE(Url::parse("http://" + repeat("仕") + ".example/"));  // max_unicode_domain_bytes
  EXPECT_FALSE(Url::parse("http://[" + repeat(":") + "]/"));
}

TEST(Url, SettersRefuseByLeavingAsItIs) {
  auto url = *Url::parse("http://h.example:8080/p?q#f");
  url.set_host("bad host");
  url.set_hostname("x:1");
  url.set_port("70000");
  url.set_port("x");
  url.set_protocol("mailto");
  url.set_protocol("1x");
  EXPECT_FALSE(url.set_href("nonsense"));
  EXPECT_EQ(url.href(), "http://h.example:8080/p?q#f");
  auto opaque = *Url::parse("mailto:x");
  opaque.set_host("h.example");
  opaque.set_pathname("/y");
  opaque.set_username("u");
  opaque.set_port("1");
  EXPECT_EQ(opaque.href(), "mailto:x");
}

TEST(Url, OrderAndHashGoByHref) {
  auto a = *Url::parse("http://a.example/"), b = *Url::parse("http://b.example/");
  EXPECT_LT(a, b);
  EXPECT_EQ(a, *Url::parse("HTTP://A.example:80"));
  EXPECT_EQ((std::unordered_set<Url>{a, b, a}.size()), 2U);
}

// What the fast path accepts, the full parser makes the same of: on real URLs and on what is a few edits
// away.
TEST(FastParser, AgreesWithTheFullParser) {
  std::vector<std::string> seeds = {"http://www.Example.com:8080/a/b.html?q=1#top",
                                    "https://192.0.2.1/x",
                                    "https://a.example/%2e%2e/.x/..?..#..",
                                    "http://a_b-c.example:80",
                                    "http://h.5x/\\",
                                    "https://0x7f.1:443/?'\"#`"};
  if (auto path = base::shared_data("phishurl/202108.csv")) {
    std::ifstream file(*path);
    for (std::string line; std::getline(file, line);) {
      size_t begin = line.find(',') + 1;
      seeds.push_back(line.substr(begin, line.find(',', begin) - begin));
    }
  }
  const std::string_view alphabet =
      "/:.?#@%2eE\\[]~'\" \t\x7f\xc3\xa4"
      "AZaz09x-_";
  std::mt19937 random(7);
  size_t fast = 0;
  for (int i = 0; i < 300'000; ++i) {
    std::string text = seeds[random() % seeds.size()];
    for (unsigned edits = random() % 4; edits > 0; --edits) {
      size_t at = random() % (text.size() + 1);
      char c = alphabet[random() % alphabet.size()];
      if (random() % 3 == 0 && at < text.size())
        text.erase(at, 1);
      else if (random() % 2 && at < text.size())
        text[at] = c;
      else
        text.insert(at, 1, c);
    }
    Url url;
    if (!FastParser::parse(text, url)) {
      ASSERT_EQ(url, Url()) << text;
      continue;
    }
    ++fast;
    auto full = parse_fully(text, nullptr);
    ASSERT_TRUE(full) << text;
    ASSERT_EQ(all_parts(url), all_parts(*full)) << text;
  }
  EXPECT_GT(fast, 50'000U);  // without the list of real ones the rows are odder
}

TEST(Percent, BothWays) {
  EXPECT_EQ(percent_encode("a b\"\x7f\xff", EncodeSet::component), "a%20b%22%7F%FF");
  EXPECT_EQ(percent_decode("a%20b%2"), "a b%2");
  EXPECT_EQ(percent_decode("%zz%4G%41%"), "%zz%4GA%");
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  std::string without_percent = all;
  std::erase(without_percent, '%');
  EXPECT_EQ(percent_decode(percent_encode(without_percent, EncodeSet::fragment)), without_percent);
  EXPECT_EQ(percent_decode(percent_encode(all, EncodeSet::component)), all);
}

TEST(Host, FromText) {
  EXPECT_EQ(host_from_text("WWW.Example.com")->text, "www.example.com");
  EXPECT_EQ(host_from_text("2001:db8::1")->text, "[2001:db8::1]");
  EXPECT_EQ(host_from_text("[::1]")->kind, HostKind::ipv6);
  EXPECT_EQ(host_from_text("0x7f.1")->text, "127.0.0.1");
  for (const char* bad : {"", "a b", "h:80", "a/b", "1.2.3.4.5"}) EXPECT_FALSE(host_from_text(bad)) << bad;
}

struct EncodingRow {
  const char *encoding, *in, *out;
};
class QueryEncoding : public ::testing::TestWithParam<EncodingRow> {};
TEST_P(QueryEncoding, Written) {
  auto row = GetParam();
  auto url = Url::parse(std::string("http://h.example/") + row.in + "?" + row.in + "#" + row.in, nullptr,
                        row.encoding);
  ASSERT_TRUE(url);
  EXPECT_EQ(url->query(), row.out);
  EXPECT_EQ(url->fragment(), percent_encode(row.in, EncodeSet::fragment));
}
INSTANTIATE_TEST_SUITE_P(
    Rows, QueryEncoding,
    ::testing::Values(EncodingRow{"Shift_JIS", "日本", "%93%FA%96{"},
                      EncodingRow{"euc-jp", "日本", "%C6%FC%CB%DC"},
                      EncodingRow{"ISO-2022-JP", "日a", "%1B$BF|%1B(Ba"},
                      EncodingRow{"ISO-2022-JP", "日\u0e01", "%1B$BF|%1B(B%26%233585%3B"},
                      EncodingRow{"windows-1252", "é€", "%E9%80"}, EncodingRow{"windows-1251", "Я", "%DF"},
                      EncodingRow{"gbk", "€中", "%80%D6%D0"},
                      EncodingRow{"gb18030", "\U0001F600", "%949%FC6"}, EncodingRow{"big5", "中", "%A4%A4"},
                      EncodingRow{"euc-kr", "한", "%C7%D1"},
                      EncodingRow{"windows-1252", "日", "%26%2326085%3B"},
                      EncodingRow{"utf-16le", "é", "%C3%A9"}, EncodingRow{"nonsense", "é", "%C3%A9"}));

TEST(QueryEncoding, OnlyOfWhatABrowserFetches) {
  EXPECT_EQ(Url::parse("ws://h.example/?é", nullptr, "windows-1252")->query(), "%C3%A9");
  EXPECT_EQ(Url::parse("foo://h.example/?é", nullptr, "windows-1252")->query(), "%C3%A9");
  EXPECT_EQ(Url::parse("ftp://h.example/?é", nullptr, "windows-1252")->query(), "%E9");
}

TEST(QueryEncoding, EveryNameOfTheStandardHasAConverter) {
  const char* names[] = {"IBM866",       "ISO-8859-2",     "ISO-8859-3",   "ISO-8859-4",   "ISO-8859-5",
                         "ISO-8859-6",   "ISO-8859-7",     "ISO-8859-8",   "ISO-8859-8-I", "ISO-8859-10",
                         "ISO-8859-13",  "ISO-8859-14",    "ISO-8859-15",  "KOI8-R",       "KOI8-U",
                         "macintosh",    "windows-874",    "windows-1250", "windows-1251", "windows-1252",
                         "windows-1253", "windows-1254",   "windows-1255", "windows-1256", "windows-1257",
                         "windows-1258", "x-mac-cyrillic", "GBK",          "gb18030",      "Big5",
                         "EUC-JP",       "ISO-2022-JP",    "Shift_JIS",    "EUC-KR"};
  for (const char* name : names) EXPECT_EQ(encode_query("a'b", name), "a%27b") << name;
}

}  // namespace
}  // namespace shikake::url
