// DNS of the simulated Internet: whatever comes, an answer is a message that can be read, answers the same
// question, and fits.
#include "base/check.h"
#include "gateway/dns_answer.h"
#include "net/dns.h"

using namespace shikake;
using namespace shikake::gateway;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Replies replies = Replies::parse(
                                     "[[dns]]\nname = \"*.gone\"\ncode = \"nxdomain\"\n[[dns]]\nname = "
                                     "\"t*\"\ntype = \"TXT\"\nvalue = \"x\"\n",
                                     ".")
                                     .value();
  NameTable names;
  const base::ByteSpan query(data, size);
  for (size_t limit : {size_t{512}, net::max_dns_message}) {
    auto answer = answer_dns(query, names, replies, true, limit);
    if (!answer) continue;
    SHIKAKE_CHECK(answer->bytes.size() <= limit);
    auto read = net::parse_dns(base::as_bytes(answer->bytes));
    SHIKAKE_CHECK(read && read->response && read->code == answer->lookup.code);
    SHIKAKE_CHECK(base::as_text(query.first(2)) == answer->bytes.substr(0, 2));
    SHIKAKE_CHECK(answer->lookup.name.empty() == read->questions.empty());
  }
  SHIKAKE_CHECK(udp_answer_limit(query) >= net::max_dns_udp);
  refuse_dns(query, net::dns_code::server_failure);
  read_dns_answer(query, names);
  return 0;
}
