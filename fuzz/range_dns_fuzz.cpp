// Any bytes sent to the range's DNS server: the answer, if any, keeps its size, belongs to the question, can
// be read, and gives the question back as it came.
#include <cstdint>

#include "base/check.h"
#include "range/dns_message.h"

using namespace shikake;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const range::Zone zone = [] {
    range::Scenario scenario;
    scenario.hosts.push_back(
        {.names = {"a.example", "*.wild.example"}, .addresses = {"192.0.2.9", "2001:db8::9"}});
    scenario.records = {{"c.example", range::RecordType::cname, "a.example", 60},
                        {"c.example", range::RecordType::txt, std::string(300, 'x'), 60}};
    return range::Zone(scenario);
  }();
  auto question = range::read_question({data, size});
  if (!question) return 0;
  const size_t limit = range::udp_limit(*question);
  const std::string answer =
      range::write_answer(*question, zone.answer(question->asked.name, question->asked.type), limit);
  SHIKAKE_CHECK(answer.size() <= limit);
  auto read = net::parse_dns(base::as_bytes(answer));
  SHIKAKE_CHECK(read && read->response && read->id == question->id);
  if (question->rcode != 0) return 0;
  SHIKAKE_CHECK(read->questions.size() == 1 && read->questions[0] == question->asked);
  return 0;
}
