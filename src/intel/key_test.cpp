#include <gtest/gtest.h>

#include "intel/model.h"

namespace shikake::intel {
namespace {

struct CanonicalRow {
  const char* name;
  IndicatorType type;
  std::string in, out;  // out "": refused
};
class Canonical : public ::testing::TestWithParam<CanonicalRow> {};
TEST_P(Canonical, HasOneSpelling) {
  auto value = canonical_value(GetParam().type, GetParam().in);
  if (GetParam().out.empty()) {
    ASSERT_FALSE(value) << *value;
    EXPECT_EQ(value.error().code, ErrorCode::invalid_input);
    return;
  }
  ASSERT_TRUE(value) << value.error().message();
  EXPECT_EQ(*value, GetParam().out);
  EXPECT_EQ(canonical_value(GetParam().type, *value), *value) << "not a fixed point";
}
using enum IndicatorType;
INSTANTIATE_TEST_SUITE_P(
    Rows, Canonical,
    ::testing::Values(CanonicalRow{"url_case_port_fragment", url, "HTTP://User:pw@EXAMPLE.com:80/A?b#frag",
                                   "http://example.com/A?b"},
                      CanonicalRow{"url_dots", url, "http://a.com/x/../y/./z", "http://a.com/y/z"},
                      CanonicalRow{"url_odd_ipv4", url, "http://0x7f.1/", "http://127.0.0.1/"},
                      CanonicalRow{"url_idn", url, "http://bücher.de/ü", "http://xn--bcher-kva.de/%C3%BC"},
                      CanonicalRow{"url_without_host", url, "mailto:a@b.com", ""},
                      CanonicalRow{"url_relative", url, "/x", ""},
                      CanonicalRow{"url_data", url, "data:text/html,x", ""},
                      CanonicalRow{"domain_case_dot", domain, "WWW.Example.COM.", "www.example.com"},
                      CanonicalRow{"domain_idn", domain, "bücher.de", "xn--bcher-kva.de"},
                      CanonicalRow{"domain_underscore", domain, "_dmarc.a.com", "_dmarc.a.com"},
                      CanonicalRow{"domain_is_address", domain, "192.0.2.1", ""},
                      CanonicalRow{"domain_empty_label", domain, "a..com", ""},
                      CanonicalRow{"domain_empty", domain, "", ""},
                      CanonicalRow{"domain_long_label", domain, std::string(64, 'a') + ".com", ""},
                      CanonicalRow{"ip_v6", ip, "2001:DB8:0:0::1", "2001:db8::1"},
                      CanonicalRow{"ip_padded", ip, "192.0.02.1", ""},
                      CanonicalRow{"cidr_host_bits", cidr, "10.1.2.3/8", "10.0.0.0/8"},
                      CanonicalRow{"cidr_too_long", cidr, "10.0.0.0/33", ""},
                      CanonicalRow{"ip_port", ip_port, "192.0.2.1:080", "192.0.2.1:80"},
                      CanonicalRow{"ip_port_v6", ip_port, "[2001:DB8::1]:443", "[2001:db8::1]:443"},
                      CanonicalRow{"ip_port_bare_v6", ip_port, "2001:db8::1:443", ""},
                      CanonicalRow{"ip_port_zero", ip_port, "192.0.2.1:0", ""},
                      CanonicalRow{"ip_port_large", ip_port, "192.0.2.1:65536", ""},
                      CanonicalRow{"sha256_upper", sha256, std::string(64, 'A'), std::string(64, 'a')},
                      CanonicalRow{"sha256_short", sha256, std::string(40, 'a'), ""},
                      CanonicalRow{"pattern_as_is", pattern, "/<hex>/item#.php?Q", "/<hex>/item#.php?Q"},
                      CanonicalRow{"url_endless", url, "http://a.com/" + std::string(100'000, 'a'), ""},
                      CanonicalRow{"url_endless_once_encoded", url,
                                   "http://a.com/" + std::string(50'000, ' ') + "x", ""},
                      CanonicalRow{"blanks_around", domain, " a.com\r\n", "a.com"}),
    [](const auto& row) { return row.param.name; });

TEST(Canonical, TheErrorNamesTheValueHarmlessly) {
  auto value = canonical_value(IndicatorType::ip, "\x1b[31m1.2.3");
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().message().find('\x1b'), std::string::npos);
  EXPECT_NE(value.error().message().find("1.2.3"), std::string::npos);
}

struct GuessRow {
  const char* name;
  std::string in;
  IndicatorType type;
  std::string out;  // "": refused
};
class Guess : public ::testing::TestWithParam<GuessRow> {};
TEST_P(Guess, TellsTheType) {
  auto key = guess_key(GetParam().in);
  if (GetParam().out.empty()) {
    EXPECT_FALSE(key) << name(key->type) << " " << key->value;
    return;
  }
  ASSERT_TRUE(key) << key.error().message();
  EXPECT_EQ(name(key->type), name(GetParam().type));
  EXPECT_EQ(key->value, GetParam().out);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Guess,
    ::testing::Values(
        GuessRow{"url", "https://a.com/x", url, "https://a.com/x"},
        GuessRow{"defanged", "hxxps://a[.]com/x", url, "https://a.com/x"},
        GuessRow{"defanged_domain", "evil[.]a[dot]com", domain, "evil.a.com"},
        GuessRow{"no_scheme", "a.com/x", url, "http://a.com/x"},
        GuessRow{"host_and_port", "a.com:8080", url, "http://a.com:8080/"},
        GuessRow{"domain", "a.com", domain, "a.com"}, GuessRow{"ip", "192.0.2.1", ip, "192.0.2.1"},
        GuessRow{"ip_defanged", "192.0.2[.]1", ip, "192.0.2.1"},
        GuessRow{"ip_path", "192.0.2.1/x", url, "http://192.0.2.1/x"},
        GuessRow{"cidr", "192.0.2.0/24", cidr, "192.0.2.0/24"},
        GuessRow{"v6", "2001:db8::1", ip, "2001:db8::1"},
        GuessRow{"v6_brackets", "[2001:db8::1]", ip, "2001:db8::1"},
        GuessRow{"v6_cidr", "2001:db8::/32", cidr, "2001:db8::/32"},
        GuessRow{"ip_port", "192.0.2.1:80", ip_port, "192.0.2.1:80"},
        GuessRow{"v6_port", "[2001:db8::1]:80", ip_port, "[2001:db8::1]:80"},
        GuessRow{"sha256", std::string(64, 'F'), sha256, std::string(64, 'f')},
        GuessRow{"pattern", "/gate.php?id=", pattern, "/gate.php?id="},
        GuessRow{"glob", "*/panel/gate.php*", pattern, "*/panel/gate.php*"},
        GuessRow{"glob_with_scheme", "*://a.com/x", pattern, "*://a.com/x"},
        GuessRow{"pattern_of_everything", "/*", pattern, ""}, GuessRow{"root", "/", pattern, ""},
        GuessRow{"remark", "/ see a.com", pattern, ""}, GuessRow{"word", "hello", domain, ""},
        GuessRow{"empty", "", domain, ""}, GuessRow{"mail", "aki@a.com", domain, ""},
        GuessRow{"sentence", "see a.com now", domain, ""}, GuessRow{"md5", std::string(32, 'a'), sha256, ""}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace shikake::intel
