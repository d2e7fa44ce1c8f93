#include "publish/stix_pattern.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/testing.h"
#include "intel/json.h"
#include "publish/testing_home.h"

namespace shikake::publish {
namespace {

struct GoodRow {
  const char* name;
  std::string pattern;
  std::string printed;
};
class Good : public ::testing::TestWithParam<GoodRow> {};
TEST_P(Good, ParsesAndPrints) {
  auto parsed = parse_pattern(GetParam().pattern);
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_EQ(print_pattern(*parsed), GetParam().printed);
  auto again = parse_pattern(print_pattern(*parsed));
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(*again, *parsed);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Good,
    ::testing::Values(
        GoodRow{"plain", "[url:value = 'http://a/']", "[url:value = 'http://a/']"},
        GoodRow{"no_blanks", "[url:value='x']", "[url:value = 'x']"},
        GoodRow{"double_equals", "[url:value == 'x' AND a:b <> 1]", "[url:value = 'x' AND a:b != 1]"},
        GoodRow{"escapes", R"([file:name = 'it\'s C:\\x'])", R"([file:name = 'it\'s C:\\x'])"},
        GoodRow{"quoted_key", "[file:hashes.'SHA-256' = 'aa']", "[file:hashes.'SHA-256' = 'aa']"},
        GoodRow{"needless_quotes", "[file:'name' = 'aa']", "[file:name = 'aa']"},
        GoodRow{"upper_key", "[file:hashes.MD5 = 'aa']", "[file:hashes.'MD5' = 'aa']"},
        GoodRow{"keyword_key_in_quotes", "[a:'true' = 1]", "[a:'true' = 1]"},
        GoodRow{"hyphen_type", "[x509-certificate:issuer = 'CN=x']", "[x509-certificate:issuer = 'CN=x']"},
        GoodRow{"indexes", "[a:b[*].c[0].d[-1] = true]", "[a:b[*].c[0].d[-1] = true]"},
        GoodRow{"numbers", "[a:b > 5 AND a:c <= -0.5 AND a:d >= .5 AND a:e < +7]",
                "[a:b > 5 AND a:c <= -0.5 AND a:d >= .5 AND a:e < +7]"},
        GoodRow{"literals", "[a:b = h'00fF' OR a:c = b'AAE=' OR a:d = t'2024-01-02T03:04:05.678Z']",
                "[a:b = h'00fF' OR a:c = b'AAE=' OR a:d = t'2024-01-02T03:04:05.678Z']"},
        GoodRow{"sets", "[a:b IN ('x','y') OR a:c NOT IN ()]", "[a:b IN ('x', 'y') OR a:c NOT IN ()]"},
        GoodRow{"words",
                "[a:b LIKE '%x' OR a:c MATCHES '^y' OR a:d ISSUBSET '10.0.0.0/8' OR a:e ISSUPERSET 'z']",
                "[a:b LIKE '%x' OR a:c MATCHES '^y' OR a:d ISSUBSET '10.0.0.0/8' OR a:e ISSUPERSET 'z']"},
        GoodRow{"exists", "[EXISTS a:b AND NOT EXISTS a:c]", "[EXISTS a:b AND NOT EXISTS a:c]"},
        GoodRow{"and_binds_before_or", "[a:b = 1 OR a:c = 2 AND a:d = 3]",
                "[a:b = 1 OR a:c = 2 AND a:d = 3]"},
        GoodRow{"parentheses_kept_where_needed", "[(a:b = 1 OR a:c = 2) AND a:d = 3]",
                "[(a:b = 1 OR a:c = 2) AND a:d = 3]"},
        GoodRow{"needless_parentheses", "[(a:b = 1)]", "[a:b = 1]"},
        GoodRow{"observations", "[a:b = 1] AND [a:c = 2] OR [a:d = 3] FOLLOWEDBY [a:e = 4]",
                "[a:b = 1] AND [a:c = 2] OR [a:d = 3] FOLLOWEDBY [a:e = 4]"},
        GoodRow{"observations_in_parentheses", "([a:b = 1] FOLLOWEDBY [a:c = 2]) OR [a:d = 3]",
                "([a:b = 1] FOLLOWEDBY [a:c = 2]) OR [a:d = 3]"},
        GoodRow{"qualifiers", "([a:b = 1] AND [a:c = 2]) WITHIN 300 SECONDS REPEATS 2 TIMES",
                "([a:b = 1] AND [a:c = 2]) WITHIN 300 SECONDS REPEATS 2 TIMES"},
        GoodRow{"start_stop", "[a:b = 1] START t'2024-01-01T00:00:00Z' STOP t'2024-01-02T00:00:00Z'",
                "[a:b = 1] START t'2024-01-01T00:00:00Z' STOP t'2024-01-02T00:00:00Z'"},
        GoodRow{"comments_and_blanks",
                "[ /* why */ a:b\t=\xC2\xA0"
                "1 // end\n]",
                "[a:b = 1]"},
        GoodRow{"type_named_like_a_literal", "[t:b = 1 OR h:b = 2 OR b:b = 3]",
                "[t:b = 1 OR h:b = 2 OR b:b = 3]"},
        GoodRow{"unicode", "[file:name = '仕掛け']", "[file:name = '仕掛け']"}),
    [](const auto& row) { return row.param.name; });

struct BadRow {
  const char* name;
  std::string pattern;
  size_t offset;
};
class Bad : public ::testing::TestWithParam<BadRow> {};
TEST_P(Bad, IsRefusedWhereItGoesWrong) {
  auto parsed = parse_pattern(GetParam().pattern);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::invalid_input);
  EXPECT_EQ(parsed.error().offset, GetParam().offset) << parsed.error().message();
}
std::string nested(int depth) {
  return "[" + std::string(static_cast<size_t>(depth), '(') + "a:b = 1" +
         std::string(static_cast<size_t>(depth), ')') + "]";
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Bad,
    ::testing::Values(
        BadRow{"empty", "", 0}, BadRow{"no_brackets", "url:value = 'x'", 0},
        BadRow{"unclosed", "[url:value = 'x'", 16}, BadRow{"trailing", "[url:value = 'x'] y", 18},
        BadRow{"string_without_end", "[url:value = 'x]", 13},
        BadRow{"other_escape", R"([url:value = 'a\nb'])", 15},
        BadRow{"keyword_as_path", "[AND:value = 'x']", 1}, BadRow{"no_value", "[url:value = ]", 13},
        BadRow{"no_path", "[url = 'x']", 5}, BadRow{"leading_zero", "[a:b = 007]", 7},
        BadRow{"odd_hex", "[a:b = h'0']", 7}, BadRow{"bad_month", "[a:b = t'2024-13-01T00:00:00Z']", 7},
        BadRow{"like_number", "[a:b LIKE 5]", 10}, BadRow{"ordered_truth", "[a:b > true]", 7},
        BadRow{"hyphen_key", "[a:b-c = 1]", 3}, BadRow{"negative_within", "[a:b = 1] WITHIN -5 SECONDS", 17},
        BadRow{"half_a_repeat", "[a:b = 1] REPEATS 1.5 TIMES", 18},
        BadRow{"comment_without_end", "[a:b /* x", 5}, BadRow{"nul", std::string("[a:b = \0]", 9), 7},
        BadRow{"deep", nested(1000), static_cast<size_t>(max_pattern_depth)}),
    [](const auto& row) { return row.param.name; });

struct ValueRow {
  const char* name;
  std::string pattern;
  std::string values;  // "type value [aliases]; …", or "not: …"
};
class Values : public ::testing::TestWithParam<ValueRow> {};
TEST_P(Values, AreWhatThePatternConvicts) {
  auto parsed = parse_pattern(GetParam().pattern);
  ASSERT_TRUE(parsed) << parsed.error().message();
  auto values = simple_values(*parsed);
  std::string out;
  if (!values) {
    EXPECT_EQ(values.error().code, ErrorCode::unsupported);
    out = "not: " + values.error().what;
  } else {
    for (const PatternValue& value : *values) {
      if (!out.empty()) out += "; ";
      out += std::string(intel::name(value.type)) + " " + value.value;
      for (const std::string& alias : value.aliases) out += " (" + alias + ")";
    }
  }
  EXPECT_EQ(out, GetParam().values);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Values,
    ::testing::Values(
        ValueRow{"url", "[url:value = 'http://a/']", "url http://a/"},
        ValueRow{"domain", "[domain-name:value = 'a.example']", "domain a.example"},
        ValueRow{"address", "[ipv4-addr:value = '192.0.2.1']", "ip 192.0.2.1"},
        ValueRow{"network", "[ipv6-addr:value = '2001:db8::/32']", "cidr 2001:db8::/32"},
        ValueRow{"subset", "[ipv4-addr:value ISSUBSET '192.0.2.0/24']", "cidr 192.0.2.0/24"},
        ValueRow{"sha256", "[file:hashes.'SHA-256' = 'aa']", "sha256 aa"},
        ValueRow{"sha256_spelt_otherwise", "[file:hashes.sha256 = 'aa']", "sha256 aa"},
        ValueRow{"md5_alone", "[file:hashes.MD5 = 'aa']",
                 "not: a pattern with an MD5 or SHA-1 and no SHA-256"},
        ValueRow{"one_file", "[file:hashes.MD5 = 'AA' AND file:hashes.'SHA-256' = 'bb' AND file:name = 'x']",
                 "sha256 bb (aa)"},
        ValueRow{"two_files_at_once", "[file:hashes.'SHA-256' = 'aa' AND file:hashes.'SHA-256' = 'bb']",
                 "not: a pattern with AND of more than an address and its port, or one file's hashes"},
        ValueRow{
            "endpoint",
            "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '192.0.2.1' "
            "AND network-traffic:dst_port = 443 AND network-traffic:protocols[*] = 'tcp']",
            "ip:port 192.0.2.1:443"},
        ValueRow{"endpoint_v6",
                 "[network-traffic:dst_port = 443 AND network-traffic:dst_ref.value = '2001:db8::1']",
                 "ip:port [2001:db8::1]:443"},
        ValueRow{"or", "[url:value = 'a' OR domain-name:value = 'b'] OR [ipv4-addr:value IN ('c', 'd')]",
                 "url a; domain b; ip c; ip d"},
        ValueRow{"or_with_something_else", "[url:value = 'a' OR file:name = 'b']", "url a"},
        ValueRow{"nothing_to_hold", "[file:name = 'b']",
                 "not: a pattern with a property that no indicator holds (file:name)"},
        ValueRow{"negated", "[url:value NOT = 'a']",
                 "not: a pattern with a comparison other than =, IN or ISSUBSET"},
        ValueRow{"not_equal", "[url:value != 'a']",
                 "not: a pattern with a comparison other than =, IN or ISSUBSET"},
        ValueRow{"like", "[url:value LIKE '%a']",
                 "not: a pattern with a comparison other than =, IN or ISSUBSET"},
        ValueRow{"and_of_observations", "[url:value = 'a'] AND [url:value = 'b']",
                 "not: a pattern with AND between observations"},
        ValueRow{"followed", "[url:value = 'a'] FOLLOWEDBY [url:value = 'b']",
                 "not: a pattern with FOLLOWEDBY"},
        ValueRow{"repeats", "[url:value = 'a'] REPEATS 5 TIMES",
                 "not: a pattern with START, WITHIN or REPEATS"}),
    [](const auto& row) { return row.param.name; });

TEST(RealData, EveryExamplePatternParses) {
  SHIKAKE_NEED_SHARED_DATA(root, "stix/examples");
  size_t patterns = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(*root)) {
    if (file.path().extension() != ".json") continue;
    auto document = intel::parse_json(contents(file.path()));
    ASSERT_TRUE(document) << file.path();
    const auto* objects = document->as_object().if_contains("objects");
    if (!objects) continue;
    for (const auto& object : objects->as_array()) {
      const auto* pattern = object.as_object().if_contains("pattern");
      if (!pattern) continue;
      auto parsed = parse_pattern(pattern->as_string());
      ASSERT_TRUE(parsed) << parsed.error().message();
      EXPECT_EQ(parse_pattern(print_pattern(*parsed)).value(), *parsed);
      ++patterns;
    }
  }
  EXPECT_GT(patterns, 40U);
}

}  // namespace
}  // namespace shikake::publish
