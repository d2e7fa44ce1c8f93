#include "gateway/dns_answer.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/checked.h"
#include "net/dns.h"

namespace shikake::gateway {
namespace {

constexpr size_t header_size = 12;
constexpr size_t largest_udp = 1232;  // fits every path unfragmented (DNS flag day 2020)
constexpr uint32_t default_ttl = 300;
constexpr size_t max_text_piece = 255;

std::string bare(std::string_view name) {
  return name == "." ? std::string() : std::string(name);
}

// "4.3.2.1.in-addr.arpa" or the 32 nibbles of "…ip6.arpa" (RFC 1035 section 3.5, RFC 3596 section 2.5).
std::optional<url::IpAddress> reverse_address(std::string_view name) {
  auto labels_of = [](std::string_view text) {
    std::vector<std::string_view> labels;
    for (size_t at = 0; at <= text.size();) {
      size_t dot = std::min(text.find('.', at), text.size());
      labels.push_back(text.substr(at, dot - at));
      at = dot + 1;
    }
    std::reverse(labels.begin(), labels.end());
    return labels;
  };
  auto labels = labels_of(name);
  if (labels.size() < 2 || !net::equal_dns_names(labels[0], "arpa")) return std::nullopt;
  if (labels.size() == 6 && net::equal_dns_names(labels[1], "in-addr"))
    return url::IpAddress::parse(fmt::format("{}.{}.{}.{}", labels[2], labels[3], labels[4], labels[5]));
  if (labels.size() != 34 || !net::equal_dns_names(labels[1], "ip6")) return std::nullopt;
  std::array<uint8_t, 16> bytes{};
  for (size_t i = 0; i < 32; ++i) {
    auto nibble = base::parse_integer<uint8_t>(labels[i + 2], 16);
    if (labels[i + 2].size() != 1 || !nibble) return std::nullopt;
    bytes[i / 2] = static_cast<uint8_t>(bytes[i / 2] << 4 | *nibble);
  }
  return url::IpAddress::v6(bytes);
}

std::string describe(const net::DnsRecord& record) {
  struct {
    std::string operator()(const url::IpAddress& address) const { return address.to_string(); }
    std::string operator()(const net::DnsName& name) const { return name.name; }
    std::string operator()(const net::DnsMx& mx) const {
      return fmt::format("{} ({})", mx.exchange, mx.preference);
    }
    std::string operator()(const net::DnsSoa& soa) const { return soa.primary; }
    std::string operator()(const net::DnsText& text) const {
      return fmt::format("{}", fmt::join(text.strings, ""));
    }
    std::string operator()(const net::DnsOpaque& opaque) const {
      return fmt::format("type {}, {} bytes", record_type, opaque.bytes.size());
    }
    uint16_t record_type;
  } text{record.type};
  return std::visit(text, record.data);
}

class Answering {
 public:
  Answering(NameTable& names, const Replies& replies, bool ipv6)
      : names_(names), replies_(replies), ipv6_(ipv6) {}

  // True when a row of the replies has settled it.
  bool by_script(const net::DnsQuestion& asked, net::DnsMessage& message, std::string& rule) {
    for (const DnsReply& row : replies_.dns) {
      if (!fits(row.name, bare(asked.name), true)) continue;
      if (row.type != 0 && row.type != asked.type) continue;
      rule = row.rule;
      message.code = row.code;
      for (const std::string& value : row.values) add_value(asked, value, row.ttl, message);
      return true;
    }
    return false;
  }

  void by_default(const net::DnsQuestion& asked, net::DnsMessage& message) {
    using namespace net::dns_type;
    const std::string name = bare(asked.name);
    if (name.empty()) return;
    if (asked.type == ptr || reverse_address(name)) {
      auto address = reverse_address(name);
      auto known = address ? names_.name_of(*address) : std::nullopt;
      if (!known) message.code = net::dns_code::no_such_name;
      if (known && (asked.type == ptr || asked.type == any))
        message.answers.push_back({asked.name, ptr, net::dns_internet, default_ttl, net::DnsName{*known}});
      return;
    }
    if (asked.type == a || asked.type == any) add_address(asked.name, names_.addresses_of(name).v4, message);
    if ((asked.type == aaaa || asked.type == any) && ipv6_)
      add_address(asked.name, names_.addresses_of(name).v6, message);
    if (asked.type == mx) {
      std::string exchange = name.starts_with("mail.") ? name : "mail." + name;
      message.answers.push_back({asked.name, mx, net::dns_internet, default_ttl, net::DnsMx{10, exchange}});
    }
  }

 private:
  void add_address(const std::string& name, const url::IpAddress& address, net::DnsMessage& message) {
    message.answers.push_back({name, address.is_v4() ? net::dns_type::a : net::dns_type::aaaa,
                               net::dns_internet, default_ttl, address});
  }

  // Values were checked when the replies were read; here only those that suit the question are sent.
  void add_value(const net::DnsQuestion& asked, const std::string& value, uint32_t ttl,
                 net::DnsMessage& message) {
    using namespace net::dns_type;
    net::DnsRecord record{.name = asked.name, .type = asked.type, .ttl = ttl, .data = net::DnsOpaque{}};
    auto address = url::IpAddress::parse(value);
    if (asked.type == a || asked.type == aaaa || (asked.type == any && address)) {
      if (!address || (asked.type == a && !address->is_v4()) || (asked.type == aaaa && !address->is_v6()))
        return;
      record.type = address->is_v4() ? a : aaaa;
      record.data = *address;
      names_.learn(bare(asked.name), *address);
    } else if (asked.type == txt) {
      net::DnsText text;
      for (size_t at = 0; at == 0 || at < value.size(); at += max_text_piece)
        text.strings.push_back(value.substr(at, max_text_piece));
      record.data = std::move(text);
    } else if (asked.type == mx) {
      size_t space = value.find(' ');
      auto preference =
          base::parse_integer<uint16_t>(std::string_view(value).substr(0, std::min(space, value.size())));
      record.data = space != value.npos && preference ? net::DnsMx{*preference, value.substr(space + 1)}
                                                      : net::DnsMx{10, value};
    } else if (asked.type == cname || asked.type == ns || asked.type == ptr) {
      record.data = net::DnsName{value};
    } else {
      return;
    }
    message.answers.push_back(std::move(record));
  }

  NameTable& names_;
  const Replies& replies_;
  bool ipv6_;
};

// A response's frame for a query whose header is whole; questions filled in if they can be read.
std::optional<net::DnsMessage> begin_response(base::ByteSpan query, bool& edns) {
  edns = false;
  if (query.size() < header_size || (query[2] & 0x80)) return std::nullopt;
  net::DnsMessage message;
  message.id = static_cast<uint16_t>(query[0] << 8 | query[1]);
  message.response = true;
  message.recursion_desired = (query[2] & 1) != 0;
  message.recursion_available = true;
  message.opcode = static_cast<uint8_t>(query[2] >> 3 & 0xF);
  if (message.opcode != 0) {
    message.code = net::dns_code::not_implemented;
    return message;
  }
  auto parsed = net::parse_dns(query);
  if (!parsed || parsed->questions.size() != 1) {
    message.code = net::dns_code::format_error;
    return message;
  }
  message.questions = std::move(parsed->questions);
  for (const net::DnsRecord& record : parsed->additionals)
    if (record.type == net::dns_type::opt && record.name == ".") edns = true;
  return message;
}

// Every answer that was put together fits or is cut by the serialiser, unless a scripted value cannot be
// sent.
std::string finish(net::DnsMessage& message, size_t limit) {
  if (auto bytes = net::serialise_dns(message, limit)) return std::move(*bytes);
  message.answers.clear();
  message.code = net::dns_code::server_failure;
  auto bytes = net::serialise_dns(message, limit);
  return bytes ? std::move(*bytes) : std::string();
}

}  // namespace

std::optional<DnsAnswer> answer_dns(base::ByteSpan query, NameTable& names, const Replies& replies, bool ipv6,
                                    size_t limit) {
  bool edns = false;
  auto message = begin_response(query, edns);
  if (!message) return std::nullopt;
  DnsAnswer answer;
  if (!message->questions.empty()) {
    const net::DnsQuestion asked = message->questions.front();
    answer.lookup.name = asked.name;
    answer.lookup.type = asked.type;
    Answering answering(names, replies, ipv6);
    if (!answering.by_script(asked, *message, answer.lookup.rule)) answering.by_default(asked, *message);
  }
  for (const net::DnsRecord& record : message->answers) answer.lookup.answers.push_back(describe(record));
  if (edns)
    message->additionals.push_back(
        {.name = ".", .type = net::dns_type::opt, .dns_class = largest_udp, .data = net::DnsOpaque{}});
  answer.bytes = finish(*message, limit);
  answer.lookup.code = message->code;
  if (answer.bytes.empty()) return std::nullopt;
  return answer;
}

size_t udp_answer_limit(base::ByteSpan query) {
  auto message = net::parse_dns(query);
  size_t limit = net::max_dns_udp;
  if (!message) return limit;
  for (const net::DnsRecord& record : message->additionals)
    if (record.type == net::dns_type::opt && record.name == ".")
      limit = std::clamp<size_t>(record.dns_class, net::max_dns_udp, largest_udp);
  return limit;
}

std::string refuse_dns(base::ByteSpan query, uint8_t code) {
  bool edns = false;
  auto message = begin_response(query, edns);
  if (!message) return {};
  message->code = code;
  return finish(*message, net::max_dns_udp);
}

std::optional<DnsLookup> read_dns_answer(base::ByteSpan response, NameTable& names) {
  auto message = net::parse_dns(response);
  if (!message || !message->response || message->questions.size() != 1) return std::nullopt;
  DnsLookup lookup;
  lookup.name = message->questions[0].name;
  lookup.type = message->questions[0].type;
  lookup.code = message->code;
  for (const net::DnsRecord& record : message->answers) {
    lookup.answers.push_back(describe(record));
    // By the name that was asked for, not the alias that carries the address: it is the sample's word.
    if (auto* address = std::get_if<url::IpAddress>(&record.data)) names.learn(bare(lookup.name), *address);
  }
  return lookup;
}

}  // namespace shikake::gateway
