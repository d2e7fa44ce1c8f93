#include "net/dns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shikake::net {
namespace {

using namespace std::string_literals;

url::IpAddress ip(const char* text) {
  return *url::IpAddress::parse(text);
}

// An answer with one record of every kind.
DnsMessage full() {
  DnsMessage message;
  message.id = 0xBEEF;
  message.response = message.authoritative = message.recursion_desired = true;
  message.questions = {{"www.A.example", dns_type::any, dns_internet}};
  message.answers = {
      {"www.A.example", dns_type::cname, dns_internet, 60, DnsName{"A.example"}},
      {"A.example", dns_type::a, dns_internet, 60, ip("192.0.2.1")},
      {"A.example", dns_type::aaaa, dns_internet, 60, ip("2001:db8::1")},
      {"A.example", dns_type::mx, dns_internet, 60, DnsMx{10, "mail.A.example"}},
      {"A.example", dns_type::txt, dns_internet, 60, DnsText{{"v=spf1 -all", std::string(255, 'x'), ""}}},
      {"1.2.0.192.in-addr.arpa", dns_type::ptr, dns_internet, 60, DnsName{"A.example"}},
      {"A.example", 65280, dns_internet, 60, DnsOpaque{"\0\1\2"s}},
  };
  message.authorities = {{"A.example", dns_type::ns, dns_internet, 60, DnsName{"ns.A.example"}},
                         {"A.example", dns_type::soa, dns_internet, 60,
                          DnsSoa{"ns.A.example", "host\\.master.A.example", 1, 2, 3, 4, 5}}};
  message.additionals = {{".", dns_type::opt, 1232, 0, DnsOpaque{}}};
  return message;
}

TEST(Dns, RoundTrip) {
  DnsMessage message = full();
  auto bytes = serialise_dns(message);
  ASSERT_TRUE(bytes) << bytes.error().message();
  auto read = parse_dns(base::as_bytes(*bytes));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(*read, message);
  // Compression leaves each name's labels in the message once.
  EXPECT_EQ(bytes->find("example", bytes->find("example") + 1), std::string::npos);
}

TEST(Dns, Layout) {
  DnsMessage question;
  question.id = 0x1234;
  question.recursion_desired = true;
  question.questions = {{"a.example", dns_type::aaaa, dns_internet}};
  EXPECT_EQ(*serialise_dns(question), "\x12\x34\x01\0\0\1\0\0\0\0\0\0\1a\7example\0\0\x1c\0\1"s);
}

TEST(Dns, EveryTruncationIsRefused) {
  std::string bytes = *serialise_dns(full());
  for (size_t size = 0; size < bytes.size(); ++size) {
    std::vector<uint8_t> exact(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_FALSE(parse_dns(exact)) << size;
  }
  EXPECT_THAT(parse_dns(base::as_bytes(bytes + "x")).error().what, testing::HasSubstr("bytes follow"));
}

TEST(Dns, AMessageAboveTheLimitIsMarked) {
  DnsMessage message = full();
  auto bytes = serialise_dns(message, 100);
  ASSERT_TRUE(bytes);
  auto read = parse_dns(base::as_bytes(*bytes));
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->truncated);
  EXPECT_EQ(read->questions, message.questions);
  EXPECT_TRUE(read->answers.empty() && read->authorities.empty() && read->additionals.empty());
  EXPECT_FALSE(serialise_dns(message, 20));
}

struct NameRow {
  const char* name;
  std::string wire;  // from byte 12 on; the message asks one question
  std::string text;  // "": refused
  const char* why = "";
};

TEST(Dns, Names) {
  std::string label63(63, 'a');
  std::string longest = "\x3f" + label63 + "\x3f" + label63 + "\x3f" + label63;
  for (const NameRow& row : {
           NameRow{"root", "\0"s, "."},
           NameRow{"dot_in_a_label", "\3a.b\0"s, "a\\.b"},
           NameRow{"backslash", "\3a\\b\0"s, "a\\\\b"},
           NameRow{"bytes",
                   "\4\0 \xFF"
                   "9\0"s,
                   "\\000\\032\\2559"},
           NameRow{"255_bytes", longest + "\x3d" + std::string(61, 'a') + "\0"s,
                   label63 + "." + label63 + "." + label63 + "." + std::string(61, 'a')},
           NameRow{"256_bytes", longest + "\x3e" + std::string(62, 'a') + "\0"s, "", "longer than 255"},
           NameRow{"label_of_64", "\x40" + std::string(64, 'a') + "\0"s, "", "unknown kind"},
           NameRow{"pointer_to_itself", "\xC0\x0C"s, "", "point back"},
           NameRow{"pointer_forward", "\xC0\x0E\1a\0"s, "", "point back"},
           NameRow{"pointer_into_its_own_name", "\1a\xC0\x0C"s, "", "point back"},
           NameRow{"pointer_past_the_end", "\xFF\xFF"s, "", "point back"},
           NameRow{"cut_in_a_label", "\5ab"s, "", "ends early"},
       }) {
    std::string message = "\0\0\0\0\0\1\0\0\0\0\0\0"s + row.wire;
    bool whole = !row.text.empty();
    if (whole) message += "\0\1\0\1"s;
    auto read = parse_dns(base::as_bytes(message));
    if (!whole) {
      ASSERT_FALSE(read) << row.name;
      EXPECT_THAT(read.error().what, testing::HasSubstr(row.why)) << row.name;
      EXPECT_TRUE(read.error().offset) << row.name;
    } else {
      ASSERT_TRUE(read) << row.name << read.error().message();
      EXPECT_EQ(read->questions[0].name, row.text) << row.name;
      EXPECT_EQ(*serialise_dns(*read), message) << row.name;
    }
  }
}

TEST(Dns, NamesThatCannotBeWritten) {
  for (const std::string& name :
       {""s, "a..b"s, ".a"s, "a."s, std::string(64, 'a'), "a\\"s, "a\\25"s, "a\\256"s, "a\\2x5"s}) {
    DnsMessage message;
    message.questions = {{name, dns_type::a, dns_internet}};
    EXPECT_FALSE(serialise_dns(message)) << name;
  }
  DnsMessage message;
  message.answers = {{"a", dns_type::a, dns_internet, 0, ip("2001:db8::1")}};
  EXPECT_FALSE(serialise_dns(message)) << "an IPv6 address in an A record";
  message.answers = {{"a", dns_type::txt, dns_internet, 0, DnsText{{std::string(256, 'x')}}}};
  EXPECT_FALSE(serialise_dns(message));
}

TEST(Dns, DataOfTheWrongSize) {
  std::string head = "\0\0\0\0\0\0\0\1\0\0\0\0"s;
  for (const std::string& record :
       {"\0\0\1\0\1\0\0\0\0\0\3abc"s, "\0\0\1\0\1\0\0\0\0\0\5abcde"s, "\0\0\x1c\0\1\0\0\0\0\0\4abcd"s,
        "\0\0\x10\0\1\0\0\0\0\0\2\5a"s, "\0\0\5\0\1\0\0\0\0\0\3\0xx"s})
    EXPECT_FALSE(parse_dns(base::as_bytes(head + record)));
}

TEST(Dns, CaseDoesNotTellNamesApart) {
  EXPECT_TRUE(equal_dns_names("WwW.a.Example", "www.A.example"));
  EXPECT_FALSE(equal_dns_names("www.a.example", "www.a.exampl"));
}

}  // namespace
}  // namespace shikake::net
