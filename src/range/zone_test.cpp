#include "range/zone.h"

#include <gtest/gtest.h>

#include "range/dns_message.h"

namespace shikake::range {
namespace {

Scenario scenario() {
  Scenario scenario;
  scenario.hosts.push_back(
      {.names = {"shop.example", "*.wild.example"}, .addresses = {"192.0.2.9", "2001:db8::9"}});
  scenario.records = {
      {"alias.example", RecordType::cname, "shop.example", 60},
      {"far.example", RecordType::cname, "alias.example", 60},
      {"loop-a.example", RecordType::cname, "loop-b.example", 1},
      {"loop-b.example", RecordType::cname, "loop-a.example", 1},
      {"away.example", RecordType::cname, "nowhere.test", 60},
      {"shop.example", RecordType::txt, "v=spf1 -all", 60},
      {"a.b.deep.wild.example", RecordType::a, "192.0.2.10", 60},
  };
  scenario.failures = {{"broken.example", 2}};
  return scenario;
}

struct Row {
  const char* name;
  const char* question;
  uint16_t type;
  uint8_t rcode;
  std::vector<std::string> values;
};
class Zones : public ::testing::TestWithParam<Row> {};
TEST_P(Zones, Answer) {
  ZoneAnswer answer = Zone(scenario()).answer(GetParam().question, GetParam().type);
  EXPECT_EQ(answer.rcode, GetParam().rcode);
  std::vector<std::string> values;
  for (const Record& record : answer.records) values.push_back(record.value);
  EXPECT_EQ(values, GetParam().values);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Zones,
    ::testing::Values(
        Row{"a", "shop.example", 1, 0, {"192.0.2.9"}}, Row{"aaaa", "shop.example", 28, 0, {"2001:db8::9"}},
        Row{"txt", "shop.example", 16, 0, {"v=spf1 -all"}},
        Row{"any", "shop.example", 255, 0, {"192.0.2.9", "2001:db8::9", "v=spf1 -all"}},
        Row{"no_such_type", "shop.example", 15, 0, {}},
        Row{"case_and_dot", "SHOP.Example.", 1, 0, {"192.0.2.9"}}, Row{"unknown", "other.example", 1, 3, {}},
        Row{"unknown_tld", "example.com", 1, 3, {}}, Row{"above", "example", 1, 0, {}},
        Row{"below", "x.shop.example", 1, 3, {}}, Row{"wildcard", "x.y.wild.example", 1, 0, {"192.0.2.9"}},
        Row{"wildcard_itself", "wild.example", 1, 0, {}},
        Row{"wildcard_not_under_existing", "x.b.deep.wild.example", 1, 3, {}},
        Row{"alias", "alias.example", 1, 0, {"shop.example", "192.0.2.9"}},
        Row{"alias_itself", "alias.example", 5, 0, {"shop.example"}},
        Row{"alias_of_alias", "far.example", 28, 0, {"alias.example", "shop.example", "2001:db8::9"}},
        Row{"alias_away", "away.example", 1, 3, {"nowhere.test"}},
        Row{"alias_loop", "loop-a.example", 1, 2, {}}, Row{"failure", "broken.example", 1, 2, {}},
        Row{"root", "", 1, 3, {}}),
    [](const auto& row) { return row.param.name; });

std::vector<uint8_t> bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

// id 0x1234, recursion desired, one question: shop.example A IN
const std::string question_bytes("\x12\x34\x01\x00\0\1\0\0\0\0\0\0\4shop\7example\0\0\1\0\1", 30);

TEST(DnsMessage, QuestionAndAnswer) {
  auto question = read_question(bytes(question_bytes));
  ASSERT_TRUE(question);
  EXPECT_EQ(question->asked.name, "shop.example");
  EXPECT_EQ(question->asked.type, 1);
  EXPECT_EQ(question->rcode, 0);
  EXPECT_FALSE(question->edns);
  EXPECT_EQ(udp_limit(*question), 512u);
  std::string expected(
      "\x12\x34\x85\x80\0\1\0\1\0\0\0\0\4shop\7example\0\0\1\0\1"
      "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\x09",
      46);
  EXPECT_EQ(write_answer(*question, Zone(scenario()).answer(question->asked.name, 1), 512), expected);
}

TEST(DnsMessage, TooLongForUdpIsTruncated) {
  auto question = read_question(bytes(question_bytes));
  ZoneAnswer answer;
  for (int i = 0; i < 40; ++i) answer.records.push_back({"shop.example", RecordType::a, "192.0.2.9", 60});
  auto message = write_answer(*question, answer, udp_limit(*question));
  EXPECT_EQ(message.size(), question_bytes.size());
  EXPECT_EQ(message[2] & 0x02, 0x02);
  EXPECT_GT(write_answer(*question, answer, 65535).size(), 512u);
}

TEST(DnsMessage, Edns) {
  std::string with(question_bytes);
  with[11] = 1;
  with += std::string("\0\0\x29\x10\0\0\0\0\0\0\0", 11);
  auto question = read_question(bytes(with));
  ASSERT_TRUE(question);
  EXPECT_EQ(question->edns, 4096);
  EXPECT_EQ(udp_limit(*question), 1232u);
  auto message = write_answer(*question, {3, {}}, 512);
  EXPECT_EQ(message.size(), with.size());
  EXPECT_EQ(message[3] & 0x0f, 3);
  EXPECT_EQ(message[11], 1);
}

struct BadRow {
  const char* name;
  std::string message;
  int rcode;  // -1: no answer
};
class BadDns : public ::testing::TestWithParam<BadRow> {};
TEST_P(BadDns, Answered) {
  auto question = read_question(bytes(GetParam().message));
  if (GetParam().rcode < 0) {
    EXPECT_FALSE(question);
    return;
  }
  ASSERT_TRUE(question);
  EXPECT_EQ(question->rcode, GetParam().rcode);
  EXPECT_EQ(write_answer(*question, {}, 512)[3] & 0x0f, GetParam().rcode);
}
std::string changed(size_t at, char to) {
  std::string message = question_bytes;
  message[at] = to;
  return message;
}
INSTANTIATE_TEST_SUITE_P(
    Rows, BadDns,
    ::testing::Values(BadRow{"empty", "", -1}, BadRow{"cut_header", question_bytes.substr(0, 11), -1},
                      BadRow{"an_answer", changed(2, '\x81'), -1}, BadRow{"update", changed(2, '\x29'), 4},
                      BadRow{"no_question", changed(5, 0), 1}, BadRow{"two_questions", changed(5, 2), 1},
                      BadRow{"cut_name", question_bytes.substr(0, 20), 1},
                      BadRow{"cut_type", question_bytes.substr(0, 27), 1},
                      BadRow{"pointer", changed(12, '\xc0'), 1}, BadRow{"chaos_class", changed(29, 3), 5},
                      BadRow{"answers_in_question", changed(7, 1), 1},
                      BadRow{"missing_additional", changed(11, 9), 1}),
    [](const auto& row) { return row.param.name; });

TEST(DnsMessage, OddLabelsMatchNoName) {
  // One label "shop.example" is not the name shop.example.
  auto question = read_question(bytes(std::string("\0\1\0\0\0\1\0\0\0\0\0\0\14shop.example\0\0\1\0\1", 30)));
  ASSERT_TRUE(question);
  EXPECT_EQ(Zone(scenario()).answer(question->asked.name, 1).rcode, 3);
}

}  // namespace
}  // namespace shikake::range
