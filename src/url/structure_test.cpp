#include "url/structure.h"

#include <gtest/gtest.h>

namespace shikake::url {
namespace {

struct FoldRow {
  const char *in, *out;
};
class Fold : public ::testing::TestWithParam<FoldRow> {};
TEST_P(Fold, Token) {
  EXPECT_EQ(fold(GetParam().in), GetParam().out);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Fold,
    ::testing::Values(FoldRow{"", ""}, FoldRow{"index", "index"}, FoldRow{"12345", "<num>"},
                      FoldRow{"7", "<num>"}, FoldRow{"2021-08-01", "#-#-#"}, FoldRow{"img2021", "img#"},
                      FoldRow{"item77b", "item#b"}, FoldRow{"a1b2c3d4", "<hex8>"},
                      FoldRow{"A1B2C3D4", "<hex8>"}, FoldRow{"a1b2c3d", "a#b#c#d"},
                      FoldRow{"deadbeef", "deadbeef"},  // a word, for all anyone can tell
                      FoldRow{"0123456789abcdef0123456789abcdef", "<hex32>"},
                      FoldRow{"3F2504E0-4F89-11D3-9A0C-0305E82C3301", "<uuid>"},
                      FoldRow{"3F2504E0-4F89-11D3-9A0C-0305E82C330", "<mixed>"},
                      FoldRow{"3F2504E0-4F89-11D3-9A0C-0305E82C330g", "<mixed>"},
                      FoldRow{"A17U38e60i", "<mixed>"}, FoldRow{"dR3snx1C", "<mixed>"},
                      FoldRow{"dR3snx", "dR#snx"},
                      FoldRow{"Kx7pQwLz", "<mixed>"},  // one change only, but lower, upper and digit
                      FoldRow{"wp-content", "wp-content"}, FoldRow{"jquery-3.6.0.min", "jquery-#.#.#.min"},
                      FoldRow{"GetUserInfoByName", "GetUserInfoByName"}, FoldRow{"%E4%BB%95", "%E#%BB%#"}));

struct PathRow {
  const char *url, *s1, *s2, *s3;
};
class Path : public ::testing::TestWithParam<PathRow> {};
TEST_P(Path, Structure) {
  PathStructure shape = path_structure(*Url::parse(GetParam().url));
  EXPECT_EQ(shape.s1, GetParam().s1);
  EXPECT_EQ(shape.s2, GetParam().s2);
  EXPECT_EQ(shape.s3, GetParam().s3);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Path,
    ::testing::Values(
        PathRow{"https://h.example/shop/a1b2c3d4/item77.php?id=5&Ref=x", "2.php?Ref&id",
                "/shop/<hex8>/item#.php?Ref&id", "/shop/a1b2c3d4/item77.php?Ref&id"},
        PathRow{"https://h.example", "0/", "/", "/"}, PathRow{"https://h.example/a", "0-", "/a", "/a"},
        PathRow{"https://h.example/a/", "1/", "/a/", "/a/"},
        PathRow{"https://h.example/a//b/", "3/", "/a//b/", "/a//b/"},
        PathRow{"https://h.example/Login.PHP", "0.php", "/Login.php", "/Login.PHP"},
        PathRow{"https://h.example/d/.htaccess", "1-", "/d/.htaccess", "/d/.htaccess"},
        PathRow{"https://h.example/v1.2", "0-", "/v#.#", "/v1.2"},
        PathRow{"https://h.example/a.tar.gz", "0.gz", "/a.tar.gz", "/a.tar.gz"},
        PathRow{"https://h.example/x.verylongname", "0-", "/x.verylongname", "/x.verylongname"},
        PathRow{"https://h.example/a1b2c3d4e5.exe", "0.exe", "/<hex10>.exe", "/a1b2c3d4e5.exe"},
        PathRow{"https://h.example/a.b/c.d/e", "2-", "/a.b/c.d/e", "/a.b/c.d/e"},
        // Keys: each once, sorted; what is drawn by lot is folded in s2.
        PathRow{"https://h.example/?b=1&a=2&b=3&", "0/?a&b", "/?a&b", "/?a&b"},
        PathRow{"https://h.example/x.php?A17U38e60i=*", "0.php?A17U38e60i", "/x.php?<mixed>",
                "/x.php?A17U38e60i"},
        PathRow{"https://h.example/x.php?E72i91u=*", "0.php?E72i91u", "/x.php?E#i#u", "/x.php?E72i91u"},
        PathRow{"https://h.example/?login", "0/?login", "/?login", "/?login"},
        PathRow{"https://h.example/?MjEwMTM3MzY5MF9kZXYu", "0/?<mixed>", "/?<mixed>", "/?<mixed>"},
        PathRow{"https://h.example/?qwertyuiopasdfghjkl", "0/?<text>", "/?<text>", "/?<text>"},
        PathRow{"https://h.example/?1628", "0/?<num>", "/?<num>", "/?<num>"},
        PathRow{"https://h.example/?=x&&=y", "0/?", "/?", "/?"},
        // An attacker's literal markers arrive encoded, so that they fake no class.
        PathRow{"https://h.example/<num>/#x", "1/", "/%#Cnum%#E/", "/%3Cnum%3E/"},
        PathRow{"mailto:a@b.example", "", "", ""}, PathRow{"foo://h", "0/", "", ""},
        PathRow{"file:///C:/x.txt", "1.txt", "/C:/x.txt", "/C:/x.txt"}));

TEST(Path, Fields) {
  PathStructure shape = path_structure(*Url::parse("https://h.example/a/b/c.JSP?z=1&y"));
  EXPECT_EQ(shape.directories, 2U);
  EXPECT_EQ(shape.leaf, Leaf::extension);
  EXPECT_EQ(shape.extension, ".jsp");
  EXPECT_EQ(shape.keys, (std::vector<std::string>{"y", "z"}));
}

struct HostRow {
  const char *url, *classes, *folded;
};
class HostShape : public ::testing::TestWithParam<HostRow> {};
TEST_P(HostShape, Structure) {
  HostStructure shape = host_structure(*Url::parse(GetParam().url));
  EXPECT_EQ(shape.classes, GetParam().classes);
  EXPECT_EQ(shape.folded, GetParam().folded);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, HostShape,
    ::testing::Values(
        HostRow{"http://www.amazon.co.jp.9e8df47363b4.example.info/", "7:word.word.word.word.hex12.word.info",
                "www.amazon.co.jp.<hex12>.<word>.info"},
        HostRow{"http://grp01.id.9e8df47363b4.info/", "4:word.word.hex12.info", "grp#.id.<hex12>.info"},
        HostRow{"http://grp01.id.rakuten.co.jp.ca81ac1ace03.info/", "7:word.word.word.word.word.hex12.info",
                "grp#.id.rakuten.co.jp.<hex12>.info"},
        HostRow{"http://example.com/", "2:word.com", "<word>.com"},
        HostRow{"http://example.com./", "2:word.com", "<word>.com"},
        HostRow{"http://47646.xyz/", "2:number.xyz", "<number>.xyz"},
        HostRow{"http://www.a.co.jp/", "4:word.word.co.jp", "www.<word>.co.jp"},
        HostRow{"http://dywyxibrtt.duckdns.org/", "3:word.duckdns.org", "<word>.duckdns.org"},
        HostRow{"http://仕掛け.仕掛け.example/", "3:idn.idn.example", "<idn>.<idn>.example"},
        HostRow{"http://localhost/", "1:localhost", "localhost"},
        HostRow{"http://a..example.com/", "4:word.word.word.com", "a..<word>.com"},
        HostRow{"http://192.0.2.1/", "ipv4", "ipv4"}, HostRow{"http://[::1]/", "ipv6", "ipv6"},
        HostRow{"mailto:x", "", ""}, HostRow{"file:///x", "", ""}));

TEST(Structure, LongInputsTakeLinearTime) {
  std::string labels, segments, query = "?";
  for (int i = 0; i < 300'000; ++i) {
    labels += "a1.";
    segments += "/b2";
    query += "k" + std::to_string(i % 1000) + "=v&";
  }
  auto url = *Url::parse("http://" + labels + "example/" + segments + query);
  EXPECT_EQ(host_structure(url).labels, 300'001U);
  EXPECT_EQ(path_structure(url).directories, 300'000U);
  EXPECT_EQ(path_structure(url).keys.size(), 1000U);
}

}  // namespace
}  // namespace shikake::url
