// Any bytes sent to the range's DNS server: the answer, if any, keeps its size, belongs to the question,
// and a question that was understood comes back byte for byte.
#include <algorithm>
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
  auto answer = range::write_answer(*question, zone.answer(question->name, question->type), limit);
  SHIKAKE_CHECK(answer.size() >= 12 && answer.size() <= limit);
  SHIKAKE_CHECK(answer[0] == data[0] && answer[1] == data[1] && (answer[2] & 0x80));
  if (question->rcode != 0) return 0;
  SHIKAKE_CHECK(answer.size() >= 12 + question->asked.size());
  SHIKAKE_CHECK(std::equal(question->asked.begin(), question->asked.end(), answer.begin() + 12));
  return 0;
}
