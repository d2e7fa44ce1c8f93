#include "range/dns_message.h"

#include <algorithm>

#include "base/check.h"

namespace shikake::range {
namespace {

constexpr size_t header_size = 12;
constexpr size_t largest_udp = 1232;  // fits every path unfragmented (DNS flag day 2020)
constexpr size_t max_text_piece = 255;
constexpr uint16_t any_class = 255;

// Values of a scenario were checked when it was read.
net::DnsRecord to_wire(const Record& record) {
  net::DnsRecord wire{.name = record.name, .type = static_cast<uint16_t>(record.type), .ttl = record.ttl};
  if (record.type == RecordType::a || record.type == RecordType::aaaa) {
    std::optional<url::IpAddress> address = url::IpAddress::parse(record.value);
    SHIKAKE_CHECK(address);
    wire.data = *address;
  } else if (record.type == RecordType::txt) {
    net::DnsText text;
    for (size_t at = 0; at == 0 || at < record.value.size(); at += max_text_piece)
      text.strings.push_back(record.value.substr(at, max_text_piece));
    wire.data = std::move(text);
  } else {
    wire.data = net::DnsName{record.value};
  }
  return wire;
}

}  // namespace

std::optional<Question> read_question(base::ByteSpan bytes) {
  if (bytes.size() < header_size || (bytes[2] & 0x80)) return std::nullopt;
  Question question;
  question.id = static_cast<uint16_t>(bytes[0] << 8 | bytes[1]);
  question.recursion_desired = (bytes[2] & 1) != 0;
  if (bytes[2] & 0x78) {
    question.rcode = net::dns_code::not_implemented;
    return question;
  }
  Result<net::DnsMessage> message = net::parse_dns(bytes);
  if (!message || message->questions.size() != 1 || !message->answers.empty() ||
      !message->authorities.empty()) {
    question.rcode = net::dns_code::format_error;
    return question;
  }
  question.asked = message->questions.front();
  if (question.asked.dns_class != net::dns_internet && question.asked.dns_class != any_class)
    question.rcode = net::dns_code::refused;
  for (const net::DnsRecord& record : message->additionals)
    if (record.type == net::dns_type::opt && record.name == ".")
      question.edns = record.dns_class;  // the size, there
  return question;
}

std::string write_answer(const Question& question, const ZoneAnswer& answer, size_t limit) {
  net::DnsMessage message{.id = question.id,
                          .response = true,
                          .authoritative = true,
                          .recursion_desired = question.recursion_desired,
                          .recursion_available = true,
                          .code = question.rcode != 0 ? question.rcode : answer.rcode};
  if (!question.asked.name.empty()) message.questions.push_back(question.asked);
  if (question.rcode == 0)
    for (const Record& record : answer.records) message.answers.push_back(to_wire(record));
  if (question.edns)
    message.additionals.push_back(
        {.name = ".", .type = net::dns_type::opt, .dns_class = largest_udp, .data = net::DnsOpaque{}});
  Result<std::string> bytes = net::serialise_dns(message, limit);
  if (bytes) return std::move(*bytes);
  message.answers.clear();
  message.code = net::dns_code::server_failure;
  bytes = net::serialise_dns(message, limit);
  SHIKAKE_CHECK(bytes);  // a question that was read can be written
  return std::move(*bytes);
}

size_t udp_limit(const Question& question) {
  return std::clamp<size_t>(question.edns.value_or(net::max_dns_udp), net::max_dns_udp, largest_udp);
}

}  // namespace shikake::range
