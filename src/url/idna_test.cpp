#include "url/idna.h"

#include <gtest/gtest.h>

#include <random>

namespace shikake::url {
namespace {

struct PunycodeRow {
  const char* name;
  std::u32string decoded;
  std::string encoded;
};
class Punycode : public ::testing::TestWithParam<PunycodeRow> {};
TEST_P(Punycode, BothWays) {
  EXPECT_EQ(punycode_encode(GetParam().decoded), GetParam().encoded);
  EXPECT_EQ(punycode_decode(GetParam().encoded), GetParam().decoded);
}
// RFC 3492 section 7.1, in lower case.
INSTANTIATE_TEST_SUITE_P(
    Rows, Punycode,
    ::testing::Values(
        PunycodeRow{"arabic",
                    U"\u0644\u064A\u0647\u0645\u0627\u0628\u062A\u0643\u0644\u0645\u0648\u0634\u0639\u0631"
                    U"\u0628\u064A\u061F",
                    "egbpdaj6bu4bxfgehfvwxn"},
        PunycodeRow{"chinese", U"\u4ED6\u4EEC\u4E3A\u4EC0\u4E48\u4E0D\u8BF4\u4E2D\u6587",
                    "ihqwcrb4cv8a8dqg056pqjye"},
        PunycodeRow{"digits_first", U"3\u5E74b\u7D44\u91D1\u516B\u5148\u751F", "3b-ww4c5e180e575a65lsy2b"},
        PunycodeRow{"long_basic", U"\u5B89\u5BA4\u5948\u7F8E\u6075-with-super-monkeys",
                    "-with-super-monkeys-pc58ag80a8qai00g7n9n"},
        PunycodeRow{"basic_at_end", U"\u3072\u3068\u3064\u5C4B\u6839\u306E\u4E0B2", "2-u9tlzr9756bt3uc0v"},
        PunycodeRow{"basic_inside", U"maji\u3067koi\u3059\u308B5\u79D2\u524D", "majikoi5-783gue6qz075azm5e"},
        PunycodeRow{"only_basic", U"-> $1.00 <-", "-> $1.00 <--"},
        PunycodeRow{"outside_bmp", U"\U0001F600", "e28h"}, PunycodeRow{"nothing", U"", ""}),
    [](const auto& row) { return row.param.name; });

TEST(Punycode, RefusesWhatNoEncoderMakes) {
  for (const char* bad : {"!", "a!", "\x80", "99999999", "a-9999999999", "abc-d", "abc-d\xff"}) {
    EXPECT_FALSE(punycode_decode(bad)) << bad;
  }
}

TEST(Punycode, RandomLabelsComeBack) {
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::u32string label;
    for (unsigned n = random() % 12; n > 0; --n) {
      char32_t c = random() % (random() % 2 ? 0x80 : 0x110000);
      if (c < 0xd800 || c > 0xdfff) label += c;
    }
    auto encoded = punycode_encode(label);
    ASSERT_TRUE(encoded);
    ASSERT_EQ(punycode_decode(*encoded), label) << *encoded;
  }
}

struct IdnaRow {
  const char* name;
  const char* in;
  const char* out;  // null: refused
};
class Idna : public ::testing::TestWithParam<IdnaRow> {};
TEST_P(Idna, ToAscii) {
  auto ascii = domain_to_ascii(GetParam().in);
  if (!GetParam().out) {
    EXPECT_FALSE(ascii) << *ascii;
  } else {
    ASSERT_TRUE(ascii);
    EXPECT_EQ(*ascii, GetParam().out);
  }
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Idna,
    ::testing::Values(
        // The table of corrections, a row each kind.
        IdnaRow{"palochka", "Ӏ.com", "xn--s5a.com"}, IdnaRow{"georgian_capital", "\u10a0.com", "xn--rkj.com"},
        IdnaRow{"last_georgian_capital", "\u10c5.com", "xn--tlj.com"},
        IdnaRow{"filler", "a\u115fb.com", "ab.com"},
        IdnaRow{"mongolian_hyphen", "a\u1806.com", "xn--a-f3j.com"},
        IdnaRow{"capital_sharp_s", "STRA\u1e9eE.de", "xn--strae-oqa.de"},
        IdnaRow{"beam", "a\U0001d173b.com", "ab.com"}, IdnaRow{"ideograph", "\U0002f868.com", "xn--snl.com"},
        IdnaRow{"marks_around_the_hyphen", "e\u0301\u1806e\u0301.com", "xn--9caa468o.com"},
        IdnaRow{"ignored_between_base_and_mark", "e\u2063\u0301.com", "xn--9ca.com"},
        // Rules.
        IdnaRow{"ascii_is_lowered_only", "XN--A.-x-.A..", "xn--a.-x-.a.."},
        IdnaRow{"bad_ace_beside_unicode", "xn--a.é", nullptr}, IdnaRow{"ace_of_ascii", "xn--abc-.é", nullptr},
        IdnaRow{"empty_ace", "xn--.é", nullptr}, IdnaRow{"ace_not_mapped", "xn--tda.é", "xn--tda.xn--9ca"},
        IdnaRow{"ace_of_capital", "xn--dca.é", nullptr}, IdnaRow{"ace_in_ace", "xn--xn---epa.é", nullptr},
        IdnaRow{"fullwidth_ace", "ｘｎ--tda.com", "xn--tda.com"}, IdnaRow{"mark_first", "\u0301a.é", nullptr},
        IdnaRow{"joiner_alone", "a\u200db.com", nullptr},
        IdnaRow{"joiner_after_virama", "\u0915\u094d\u200d.com", "xn--11b6iy14e.com"},
        IdnaRow{"non_joiner_between_arabic", "\u0628\u200c\u0628.com", "xn--ngba799q.com"},
        IdnaRow{"non_joiner_between_latin", "a\u200cb.com", nullptr},
        IdnaRow{"rtl", "אב.com", "xn--4dbc.com"}, IdnaRow{"rtl_and_latin_label", "אa.com", nullptr},
        IdnaRow{"rtl_then_digit_label", "א.1a", nullptr},
        IdnaRow{"two_number_kinds", "א1\u0661.com", nullptr}, IdnaRow{"rtl_ends_in_sign", "א-.com", nullptr},
        IdnaRow{"disallowed", "a\ufffdb.com", nullptr}, IdnaRow{"unassigned", "\u0378.com", nullptr},
        IdnaRow{"private_use", "\ue000.com", nullptr}),
    [](const auto& row) { return row.param.name; });

TEST(Idna, LengthIsBounded) {
  std::string long_enough(max_unicode_domain_bytes - 2, 'a');
  EXPECT_TRUE(domain_to_ascii(long_enough + "é"));
  EXPECT_FALSE(domain_to_ascii(long_enough + "aé"));
  EXPECT_TRUE(domain_to_ascii(std::string(max_unicode_domain_bytes * 4, 'a')));
}

}  // namespace
}  // namespace shikake::url
