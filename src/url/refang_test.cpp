#include "url/refang.h"

#include <gtest/gtest.h>

#include "base/display.h"

namespace shikake::url {
namespace {

struct RefangRow {
  const char *in, *out;
};
class Refang : public ::testing::TestWithParam<RefangRow> {};
TEST_P(Refang, Undone) {
  EXPECT_EQ(refang(GetParam().in), GetParam().out);
  EXPECT_EQ(refang(GetParam().out), GetParam().out);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Refang,
    ::testing::Values(RefangRow{"hxxp://evil.example/x", "http://evil.example/x"},
                      RefangRow{"hXXps://evil[.]example/x", "https://evil.example/x"},
                      RefangRow{"hxxps[:]//evil[.]example[.]com/a[.]php", "https://evil.example.com/a.php"},
                      RefangRow{"hxxp[://]evil(.)example{.}com", "http://evil.example.com"},
                      RefangRow{"h**p://evil[dot]example", "http://evil.example"},
                      RefangRow{"http://evil[DOT]example(dot)com{dot}jp/", "http://evil.example.com.jp/"},
                      RefangRow{"fxp://evil\\.example/", "ftp://evil.example/"},
                      RefangRow{"evil[.]example", "evil.example"}, RefangRow{"192[.]0[.]2[.]1", "192.0.2.1"},
                      RefangRow{"user[at]evil[.]example", "user@evil.example"},
                      RefangRow{"http:[/][/]evil.example", "http://evil.example"},
                      RefangRow{" evil[.]example\n", "evil.example"},
                      RefangRow{"evil[[.]]example", "evil.example"},
                      // Not defanged: nothing is touched, though it looks the part behind the host.
                      RefangRow{"http://h.example/?q=(.)[.]", "http://h.example/?q=(.)[.]"},
                      RefangRow{"http://h.example/hxxp://x", "http://h.example/hxxp://x"},
                      RefangRow{"http://[::1]/", "http://[::1]/"},
                      RefangRow{"http://[2001:db8::1]:80/[.]", "http://[2001:db8::1]:80/[.]"},
                      RefangRow{"hxxp", "hxxp"}, RefangRow{"", ""}, RefangRow{"C:\\x", "C:\\x"}));

TEST(Refang, UndoesOurOwnDefanging) {
  for (const char* url :
       {"http://a.example/x.html", "https://a.b.example:8080/?q=1.2#x", "ftp://a.example/"}) {
    EXPECT_EQ(refang(base::defang(url)), url);
  }
}

TEST(Refang, LongInputsTakeLinearTime) {
  std::string marks;
  for (int i = 0; i < 300'000; ++i) marks += "[";
  for (int i = 0; i < 300'000; ++i) marks += ".]";
  EXPECT_FALSE(refang(marks).empty());
}

struct TypedRow {
  const char *in, *out;  // out null: refused
};
class Typed : public ::testing::TestWithParam<TypedRow> {};
TEST_P(Typed, Parsed) {
  auto url = parse_typed(GetParam().in);
  if (!GetParam().out) {
    EXPECT_FALSE(url) << url->href();
  } else {
    ASSERT_TRUE(url) << url.error().message();
    EXPECT_EQ(url->href(), GetParam().out);
  }
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Typed,
    ::testing::Values(TypedRow{"hxxps://evil[.]example/x", "https://evil.example/x"},
                      TypedRow{"www.example.com", "http://www.example.com/"},
                      TypedRow{"www.example.com:8080/x", "http://www.example.com:8080/x"},
                      TypedRow{"192[.]0[.]2[.]1:81", "http://192.0.2.1:81/"},
                      TypedRow{"localhost:81", "http://localhost:81/"},
                      TypedRow{"2001:db8::1", "http://[2001:db8::1]/"},
                      TypedRow{"fe80::1", "http://[fe80::1]/"}, TypedRow{"[::1]:80/x", "http://[::1]/x"},
                      TypedRow{"a.b://x", "a.b://x"},
                      TypedRow{"h.example/?u=http://x", "http://h.example/?u=http://x"},
                      TypedRow{"data:text/html,x", "data:text/html,x"},
                      TypedRow{"mailto:a@b.example", "mailto:a@b.example"}, TypedRow{"word", nullptr},
                      TypedRow{"", nullptr}, TypedRow{"hxxp://", nullptr}));

}  // namespace
}  // namespace shikake::url
