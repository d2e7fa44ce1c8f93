#include "url/ip.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <unordered_set>

namespace shikake::url {
namespace {

struct AddressRow {
  const char* name;
  std::string in;
  const char* out;  // null: refused
};
class Address : public ::testing::TestWithParam<AddressRow> {};
TEST_P(Address, ReadAndWritten) {
  auto address = IpAddress::parse(GetParam().in);
  if (!GetParam().out) {
    EXPECT_FALSE(address) << address->to_string();
    return;
  }
  ASSERT_TRUE(address);
  EXPECT_EQ(address->to_string(), GetParam().out);
  EXPECT_EQ(IpAddress::parse(address->to_string()), address);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Address,
    ::testing::Values(
        AddressRow{"quad", "192.0.2.1", "192.0.2.1"}, AddressRow{"zeros", "0.0.0.0", "0.0.0.0"},
        AddressRow{"ones", "255.255.255.255", "255.255.255.255"}, AddressRow{"over", "256.0.0.1", nullptr},
        AddressRow{"octal", "010.0.0.1", nullptr}, AddressRow{"three_parts", "1.2.3", nullptr},
        AddressRow{"five_parts", "1.2.3.4.5", nullptr}, AddressRow{"trailing_dot", "1.2.3.4.", nullptr},
        AddressRow{"hexadecimal", "0x7f.0.0.1", nullptr}, AddressRow{"one_number", "2130706433", nullptr},
        AddressRow{"empty", "", nullptr}, AddressRow{"space", " 1.2.3.4", nullptr},
        AddressRow{"nul", std::string("1.2.3.4\0", 8), nullptr}, AddressRow{"plus", "+1.2.3.4", nullptr},
        AddressRow{"long_number", "1.2.3.00004", nullptr},
        // RFC 5952 section 4
        AddressRow{"leading_zeros", "2001:0db8::0001", "2001:db8::1"},
        AddressRow{"longest_run", "2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        AddressRow{"first_of_equal_runs", "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        AddressRow{"single_zero_stays", "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        AddressRow{"lower_case", "2001:DB8::ABCD", "2001:db8::abcd"}, AddressRow{"unspecified", "::", "::"},
        AddressRow{"loopback", "::1", "::1"}, AddressRow{"tail_run", "fe80::", "fe80::"},
        AddressRow{"mapped", "::ffff:c000:201", "::ffff:192.0.2.1"},
        AddressRow{"quad_at_end", "64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
        AddressRow{"full_with_quad", "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
        AddressRow{"gap_of_one", "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        AddressRow{"gap_of_none", "1:2:3:4::5:6:7:8", nullptr}, AddressRow{"two_gaps", "1::2::3", nullptr},
        AddressRow{"three_colons", ":::", nullptr}, AddressRow{"one_colon", ":", nullptr},
        AddressRow{"leading_colon", ":1:2:3:4:5:6:7", nullptr},
        AddressRow{"trailing_colon", "1::2:", nullptr}, AddressRow{"too_few", "1:2:3:4:5:6:7", nullptr},
        AddressRow{"too_many", "1:2:3:4:5:6:7:8:9", nullptr}, AddressRow{"five_digits", "12345::", nullptr},
        AddressRow{"quad_before_gap", "1.2.3.4::", nullptr},
        AddressRow{"quad_in_middle", "::1.2.3.4:5", nullptr}, AddressRow{"bad_quad", "::1.2.3.400", nullptr},
        AddressRow{"brackets", "[::1]", nullptr}, AddressRow{"zone", "fe80::1%eth0", nullptr},
        AddressRow{"not_hex", "::g", nullptr}),
    [](const auto& row) { return row.param.name; });

// The C library is the oracle for which IPv6 texts are sound, on texts one step away from sound ones.
TEST(Address, AgreesWithTheSystemOnMutatedTexts) {
  std::mt19937 random(1);
  const std::string_view alphabet = "0123456789abcdefF:.::g";
  const std::string seeds[] = {"2001:db8::1", "::ffff:192.0.2.1", "1:2:3:4:5:6:7:8", "10.20.30.40", "::"};
  for (int i = 0; i < 20000; ++i) {
    std::string text = seeds[random() % std::size(seeds)];
    for (unsigned n = random() % 3 + 1; n > 0; --n) {
      size_t at = random() % (text.size() + 1);
      if (random() % 2 && at < text.size())
        text.erase(at, 1);
      else
        text.insert(at, 1, alphabet[random() % alphabet.size()]);
    }
    uint8_t bytes[16];
    auto ours = IpAddress::parse(text);
    bool v4 = inet_pton(AF_INET, text.c_str(), bytes) == 1;
    bool v6 = !v4 && inet_pton(AF_INET6, text.c_str(), bytes) == 1;
    ASSERT_EQ(ours.has_value(), v4 || v6) << text;
    if (!ours) continue;
    ASSERT_EQ(ours->is_v4(), v4) << text;
    ASSERT_TRUE(std::equal(ours->bytes().begin(), ours->bytes().end(), bytes)) << text;
  }
}

TEST(Address, OrderAndHash) {
  std::set<IpAddress> sorted = {*IpAddress::parse("::"), *IpAddress::parse("10.0.0.2"),
                                *IpAddress::parse("9.255.255.255"), *IpAddress::parse("::1")};
  std::string order;
  for (const auto& address : sorted) order += address.to_string() + ' ';
  EXPECT_EQ(order, "9.255.255.255 10.0.0.2 :: ::1 ");
  std::unordered_set<IpAddress> hashed(sorted.begin(), sorted.end());
  EXPECT_EQ(hashed.size(), 4U);
  EXPECT_NE(*IpAddress::parse("0.0.0.0"), *IpAddress::parse("::"));
}

struct CidrRow {
  const char* in;
  const char* out;  // null: refused
};
class CidrText : public ::testing::TestWithParam<CidrRow> {};
TEST_P(CidrText, Read) {
  auto cidr = Cidr::parse(GetParam().in);
  if (!GetParam().out) {
    EXPECT_FALSE(cidr);
  } else {
    ASSERT_TRUE(cidr);
    EXPECT_EQ(cidr->to_string(), GetParam().out);
    EXPECT_EQ(Cidr::parse(cidr->to_string()), cidr);
  }
}
INSTANTIATE_TEST_SUITE_P(
    Rows, CidrText,
    ::testing::Values(CidrRow{"10.0.0.0/8", "10.0.0.0/8"}, CidrRow{"10.1.2.3/8", "10.0.0.0/8"},
                      CidrRow{"10.1.2.3/31", "10.1.2.2/31"}, CidrRow{"1.2.3.4", "1.2.3.4/32"},
                      CidrRow{"1.2.3.4/0", "0.0.0.0/0"}, CidrRow{"::1", "::1/128"},
                      CidrRow{"2001:db8:ffff::/33", "2001:db8:8000::/33"}, CidrRow{"1.2.3.4/33", nullptr},
                      CidrRow{"::/129", nullptr}, CidrRow{"::/256", nullptr}, CidrRow{"1.2.3.4/", nullptr},
                      CidrRow{"1.2.3.4/-1", nullptr}, CidrRow{"1.2.3.4/8/8", nullptr}, CidrRow{"/8", nullptr},
                      CidrRow{"1.2.3/24", nullptr}));

TEST(Cidr, ContainsByEveryLength) {
  // Oracle: compare bit by bit.
  auto address = *IpAddress::parse("203.0.113.77");
  for (unsigned length = 0; length <= 32; ++length) {
    auto cidr = *Cidr::make(address, length);
    for (unsigned flipped = 0; flipped < 32; ++flipped) {
      auto other = IpAddress::v4(address.to_v4() ^ (1U << (31 - flipped)));
      EXPECT_EQ(cidr.contains(other), flipped >= length) << length << ' ' << flipped;
    }
  }
  EXPECT_FALSE(Cidr::parse("0.0.0.0/0")->contains(*IpAddress::parse("::ffff:1.2.3.4")));
  EXPECT_TRUE(Cidr::parse("10.0.0.0/8")->contains(*Cidr::parse("10.1.0.0/16")));
  EXPECT_FALSE(Cidr::parse("10.1.0.0/16")->contains(*Cidr::parse("10.0.0.0/8")));
}

struct PurposeRow {
  const char* address;
  SpecialPurpose purpose;
};
class Purpose : public ::testing::TestWithParam<PurposeRow> {};
TEST_P(Purpose, Is) {
  auto address = IpAddress::parse(GetParam().address);
  ASSERT_TRUE(address);
  EXPECT_EQ(name(special_purpose(*address)), name(GetParam().purpose)) << GetParam().address;
}
using enum SpecialPurpose;
INSTANTIATE_TEST_SUITE_P(
    Rows, Purpose,
    ::testing::Values(PurposeRow{"8.8.8.8", global}, PurposeRow{"0.1.2.3", unspecified},
                      PurposeRow{"9.255.255.255", global}, PurposeRow{"10.255.255.255", private_use},
                      PurposeRow{"11.0.0.0", global}, PurposeRow{"100.63.255.255", global},
                      PurposeRow{"100.64.0.0", shared}, PurposeRow{"100.127.255.255", shared},
                      PurposeRow{"100.128.0.0", global}, PurposeRow{"127.255.0.1", loopback},
                      PurposeRow{"169.254.169.254", link_local}, PurposeRow{"172.15.255.255", global},
                      PurposeRow{"172.31.255.255", private_use}, PurposeRow{"172.32.0.0", global},
                      PurposeRow{"192.0.0.8", reserved}, PurposeRow{"192.0.0.9", global},
                      PurposeRow{"192.0.2.5", documentation}, PurposeRow{"192.31.196.1", global},
                      PurposeRow{"192.168.1.1", private_use}, PurposeRow{"198.19.0.1", benchmarking},
                      PurposeRow{"198.51.100.9", documentation}, PurposeRow{"203.0.113.9", documentation},
                      PurposeRow{"224.0.0.1", multicast}, PurposeRow{"239.255.255.255", multicast},
                      PurposeRow{"240.0.0.1", reserved}, PurposeRow{"255.255.255.255", broadcast},
                      PurposeRow{"2606:4700::1111", global}, PurposeRow{"::", unspecified},
                      PurposeRow{"::1", loopback}, PurposeRow{"fd00::1", private_use},
                      PurposeRow{"fe80::1", link_local}, PurposeRow{"febf::1", link_local},
                      PurposeRow{"fec0::1", private_use}, PurposeRow{"ff02::1", multicast},
                      PurposeRow{"2001:db8::1", documentation}, PurposeRow{"3fff::1", documentation},
                      PurposeRow{"3fff:1000::1", global}, PurposeRow{"100::1", reserved},
                      PurposeRow{"5f00::1", reserved}, PurposeRow{"4000::", reserved},
                      PurposeRow{"2001:2::1", benchmarking}, PurposeRow{"2001:1::1", global},
                      PurposeRow{"2001:1::4", reserved}, PurposeRow{"64:ff9b:1::8.8.8.8", private_use},
                      // An IPv4 address inside: a way round a policy that looks at the outside alone.
                      PurposeRow{"::ffff:127.0.0.1", loopback}, PurposeRow{"::ffff:8.8.8.8", global},
                      PurposeRow{"64:ff9b::10.0.0.1", private_use}, PurposeRow{"64:ff9b::8.8.8.8", global},
                      PurposeRow{"2002:c0a8:0101::1", private_use}, PurposeRow{"2002:0808:0808::1", global},
                      PurposeRow{"2001:0:4136:e378:8000:63bf:3fff:fdd2",
                                 documentation},  // RFC 4380: client 192.0.2.45
                      PurposeRow{"::127.0.0.1", loopback}, PurposeRow{"::a9fe:a9fe", link_local}));

}  // namespace
}  // namespace shikake::url
