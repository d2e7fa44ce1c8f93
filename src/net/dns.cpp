#include "net/dns.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

namespace shikake::net {
namespace {

// RFC 1035 section 2.3.4.
constexpr size_t max_label = 63;
constexpr size_t max_name = 255;  // on the wire, the root's empty label included
constexpr size_t max_string = 255;
constexpr size_t header_size = 12;
constexpr uint8_t pointer_mark = 0xC0;
constexpr size_t max_pointer = 0x3FFF;

tl::unexpected<Error> malformed(std::string_view what, size_t offset) {
  Error error{Module::net, ErrorCode::invalid_input, fmt::format("a DNS message is malformed: {}", what)};
  error.offset = offset;
  return fail(std::move(error));
}
tl::unexpected<Error> unwritable(std::string_view what) {
  return fail(Module::net, ErrorCode::invalid_input, fmt::format("DNS cannot carry {}", what));
}

void append_label(std::string& name, std::string_view label) {
  if (!name.empty()) name += '.';
  for (char c : label) {
    auto byte = static_cast<uint8_t>(c);
    if (c == '.' || c == '\\')
      name.append(1, '\\').append(1, c);
    else if (byte > 0x20 && byte < 0x7F)
      name += c;
    else
      name += fmt::format("\\{:03}", byte);
  }
}

// The labels of a name in text; nothing where it is not one.
std::optional<std::vector<std::string>> labels_of(std::string_view name) {
  std::vector<std::string> labels;
  if (name == ".") return labels;
  labels.emplace_back();
  size_t size = 2;  // the first label's length and the root
  for (size_t i = 0; i < name.size(); ++i) {
    char c = name[i];
    if (c == '.') {
      if (labels.back().empty()) return std::nullopt;
      labels.emplace_back();
      ++size;
      continue;
    }
    if (c == '\\') {
      if (i + 3 < name.size() && name[i + 1] >= '0' && name[i + 1] <= '9') {
        int value = 0;
        for (size_t digit = 1; digit <= 3; ++digit) {
          if (name[i + digit] < '0' || name[i + digit] > '9') return std::nullopt;
          value = value * 10 + (name[i + digit] - '0');
        }
        if (value > 255) return std::nullopt;
        c = static_cast<char>(value);
        i += 3;
      } else if (i + 1 < name.size() && !(name[i + 1] >= '0' && name[i + 1] <= '9')) {
        c = name[++i];
      } else {
        return std::nullopt;
      }
    }
    labels.back() += c;
    ++size;
    if (labels.back().size() > max_label || size > max_name) return std::nullopt;
  }
  if (labels.back().empty()) return std::nullopt;
  return labels;
}

class Reader {
 public:
  explicit Reader(base::ByteSpan message) : message_(message) {}

  size_t at() const { return at_; }
  size_t left() const { return message_.size() - at_; }

  Result<uint32_t> number(size_t bytes) {
    if (left() < bytes) return malformed("it ends early", at_);
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; ++i) value = value << 8 | message_[at_++];
    return value;
  }
  Result<std::string> bytes(size_t count) {
    if (left() < count) return malformed("it ends early", at_);
    std::string text(base::as_text(message_.subspan(at_, count)));
    at_ += count;
    return text;
  }

  // RFC 1035 section 4.1.4. Each pointer has to lead before where the last piece began, so it ends.
  Result<std::string> name() {
    std::string text;
    size_t position = at_, piece = at_, size = 1;
    std::optional<size_t> after;  // where the name ends here, once a pointer led away
    for (;;) {
      if (position >= message_.size()) return malformed("a name ends early", position);
      uint8_t length = message_[position];
      if (length == 0) break;
      if ((length & pointer_mark) == pointer_mark) {
        if (position + 1 >= message_.size()) return malformed("a name ends early", position);
        size_t target = static_cast<size_t>(length & ~pointer_mark) << 8 | message_[position + 1];
        if (target >= piece) return malformed("a compression pointer does not point back", position);
        if (!after) after = position + 2;
        position = piece = target;
        continue;
      }
      if (length & pointer_mark) return malformed("a label is of an unknown kind", position);
      if (position + 1 + length > message_.size()) return malformed("a label ends early", position);
      size += 1U + length;
      if (size > max_name) return malformed("a name is longer than 255 bytes", position);
      append_label(text, base::as_text(message_.subspan(position + 1, length)));
      position += 1U + length;
    }
    at_ = after.value_or(position + 1);
    return text.empty() ? "." : text;
  }

 private:
  base::ByteSpan message_;
  size_t at_ = 0;
};

Result<DnsText> read_text(Reader& reader, size_t end) {
  DnsText text;
  while (reader.at() < end) {
    SHIKAKE_ASSIGN(uint32_t size, reader.number(1));
    if (reader.at() + size > end) return malformed("a string ends early", reader.at());
    SHIKAKE_ASSIGN(std::string string, reader.bytes(size));
    text.strings.push_back(std::move(string));
  }
  return text;
}

Result<DnsSoa> read_soa(Reader& reader) {
  DnsSoa soa;
  SHIKAKE_ASSIGN(soa.primary, reader.name());
  SHIKAKE_ASSIGN(soa.mailbox, reader.name());
  for (uint32_t* field : {&soa.serial, &soa.refresh, &soa.retry, &soa.expire, &soa.minimum}) {
    SHIKAKE_ASSIGN(*field, reader.number(4));
  }
  return soa;
}

// Leaves the reader behind what it understood; the caller checks that this is the data's end.
Result<void> read_data(Reader& reader, DnsRecord& record, size_t size) {
  size_t end = reader.at() + size;
  switch (record.type) {
    case dns_type::a: {
      SHIKAKE_ASSIGN(uint32_t address, reader.number(4));
      record.data = url::IpAddress::v4(address);
      return {};
    }
    case dns_type::aaaa: {
      SHIKAKE_ASSIGN(std::string bytes, reader.bytes(16));
      record.data = url::IpAddress::v6(base::as_bytes(bytes).first<16>());
      return {};
    }
    case dns_type::cname:
    case dns_type::ns:
    case dns_type::ptr: {
      SHIKAKE_ASSIGN(std::string name, reader.name());
      record.data = DnsName{std::move(name)};
      return {};
    }
    case dns_type::mx: {
      DnsMx mx;
      SHIKAKE_ASSIGN(uint32_t preference, reader.number(2));
      mx.preference = static_cast<uint16_t>(preference);
      SHIKAKE_ASSIGN(mx.exchange, reader.name());
      record.data = std::move(mx);
      return {};
    }
    case dns_type::soa: {
      SHIKAKE_ASSIGN(record.data, read_soa(reader));
      return {};
    }
    case dns_type::txt: {
      SHIKAKE_ASSIGN(record.data, read_text(reader, end));
      return {};
    }
    default: {
      SHIKAKE_ASSIGN(std::string bytes, reader.bytes(size));
      record.data = DnsOpaque{std::move(bytes)};
      return {};
    }
  }
}

Result<DnsRecord> read_record(Reader& reader) {
  DnsRecord record;
  SHIKAKE_ASSIGN(record.name, reader.name());
  SHIKAKE_ASSIGN(uint32_t type, reader.number(2));
  SHIKAKE_ASSIGN(uint32_t dns_class, reader.number(2));
  SHIKAKE_ASSIGN(record.ttl, reader.number(4));
  SHIKAKE_ASSIGN(uint32_t size, reader.number(2));
  record.type = static_cast<uint16_t>(type);
  record.dns_class = static_cast<uint16_t>(dns_class);
  if (size > reader.left()) return malformed("a record ends early", reader.at());
  size_t end = reader.at() + size;
  SHIKAKE_TRY(read_data(reader, record, size));
  if (reader.at() != end) return malformed("a record's data has not the size of its type", reader.at());
  return record;
}

class Writer {
 public:
  std::string out;

  void number(uint32_t value, size_t bytes) {
    for (size_t i = bytes; i-- > 0;) out += static_cast<char>(value >> (8 * i) & 0xFF);
  }

  Result<void> name(std::string_view text) {
    auto labels = labels_of(text);
    if (!labels) return unwritable(fmt::format("the name \"{}\"", text.substr(0, max_name)));
    for (size_t i = 0; i < labels->size(); ++i) {
      // What is left of the name, in a form in which no two names are the same.
      std::string rest;
      for (size_t j = i; j < labels->size(); ++j)
        rest.append(1, static_cast<char>((*labels)[j].size())).append((*labels)[j]);
      if (auto earlier = offsets_.find(rest); earlier != offsets_.end()) {
        number(static_cast<uint32_t>(pointer_mark) << 8 | static_cast<uint32_t>(earlier->second), 2);
        return {};
      }
      if (out.size() <= max_pointer) offsets_.emplace(std::move(rest), out.size());
      number(static_cast<uint32_t>((*labels)[i].size()), 1);
      out += (*labels)[i];
    }
    number(0, 1);
    return {};
  }

  Result<void> record(const DnsRecord& record) {
    SHIKAKE_TRY(name(record.name));
    number(record.type, 2);
    number(record.dns_class, 2);
    number(record.ttl, 4);
    size_t length_at = out.size();
    number(0, 2);
    SHIKAKE_TRY(data(record));
    size_t size = out.size() - length_at - 2;
    if (size > UINT16_MAX) return unwritable("data of more than 65535 bytes");
    out[length_at] = static_cast<char>(size >> 8);
    out[length_at + 1] = static_cast<char>(size);
    return {};
  }

 private:
  Result<void> data(const DnsRecord& record) {
    auto mismatch = [&] {
      return unwritable(fmt::format("data of another type in a record of type {}", record.type));
    };
    switch (record.type) {
      case dns_type::a:
      case dns_type::aaaa: {
        const auto* address = std::get_if<url::IpAddress>(&record.data);
        if (!address || address->is_v4() != (record.type == dns_type::a)) return mismatch();
        out += base::as_text(address->bytes());
        return {};
      }
      case dns_type::cname:
      case dns_type::ns:
      case dns_type::ptr: {
        const auto* target = std::get_if<DnsName>(&record.data);
        return target ? name(target->name) : mismatch();
      }
      case dns_type::mx: {
        const auto* mx = std::get_if<DnsMx>(&record.data);
        if (!mx) return mismatch();
        number(mx->preference, 2);
        return name(mx->exchange);
      }
      case dns_type::soa: {
        const auto* soa = std::get_if<DnsSoa>(&record.data);
        if (!soa) return mismatch();
        SHIKAKE_TRY(name(soa->primary));
        SHIKAKE_TRY(name(soa->mailbox));
        for (uint32_t field : {soa->serial, soa->refresh, soa->retry, soa->expire, soa->minimum})
          number(field, 4);
        return {};
      }
      case dns_type::txt: {
        const auto* text = std::get_if<DnsText>(&record.data);
        if (!text) return mismatch();
        for (const std::string& string : text->strings) {
          if (string.size() > max_string) return unwritable("a string of more than 255 bytes");
          number(static_cast<uint32_t>(string.size()), 1);
          out += string;
        }
        return {};
      }
      default: {
        const auto* opaque = std::get_if<DnsOpaque>(&record.data);
        if (!opaque) return mismatch();
        out += opaque->bytes;
        return {};
      }
    }
  }

  std::map<std::string, size_t> offsets_;
};

uint16_t flags_of(const DnsMessage& message) {
  return static_cast<uint16_t>(message.response << 15 | (message.opcode & 15) << 11 |
                               message.authoritative << 10 | message.truncated << 9 |
                               message.recursion_desired << 8 | message.recursion_available << 7 |
                               (message.reserved & 7) << 4 | (message.code & 15));
}

}  // namespace

bool equal_dns_names(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

Result<DnsMessage> parse_dns(base::ByteSpan bytes) {
  if (bytes.size() > max_dns_message) return malformed("it is longer than 65535 bytes", max_dns_message);
  if (bytes.size() < header_size) return malformed("its header is cut short", bytes.size());
  Reader reader(bytes);
  DnsMessage message;
  message.id = static_cast<uint16_t>(*reader.number(2));
  uint32_t flags = *reader.number(2);
  message.response = flags >> 15 & 1;
  message.opcode = flags >> 11 & 15;
  message.authoritative = flags >> 10 & 1;
  message.truncated = flags >> 9 & 1;
  message.recursion_desired = flags >> 8 & 1;
  message.recursion_available = flags >> 7 & 1;
  message.reserved = flags >> 4 & 7;
  message.code = flags & 15;
  uint32_t questions = *reader.number(2);
  uint32_t counts[] = {*reader.number(2), *reader.number(2), *reader.number(2)};
  for (; questions > 0; --questions) {
    DnsQuestion question;
    SHIKAKE_ASSIGN(question.name, reader.name());
    SHIKAKE_ASSIGN(uint32_t type, reader.number(2));
    SHIKAKE_ASSIGN(uint32_t dns_class, reader.number(2));
    question.type = static_cast<uint16_t>(type);
    question.dns_class = static_cast<uint16_t>(dns_class);
    message.questions.push_back(std::move(question));
  }
  std::vector<DnsRecord>* sections[] = {&message.answers, &message.authorities, &message.additionals};
  for (size_t i = 0; i < std::size(sections); ++i) {
    for (; counts[i] > 0; --counts[i]) {
      SHIKAKE_ASSIGN(DnsRecord record, read_record(reader));
      sections[i]->push_back(std::move(record));
    }
  }
  if (reader.left() != 0) return malformed("bytes follow its end", reader.at());
  return message;
}

Result<std::string> serialise_dns(const DnsMessage& message, size_t limit) {
  Writer writer;
  const std::vector<DnsRecord>* sections[] = {&message.answers, &message.authorities, &message.additionals};
  writer.number(message.id, 2);
  writer.number(flags_of(message), 2);
  for (size_t count : {message.questions.size(), message.answers.size(), message.authorities.size(),
                       message.additionals.size()}) {
    if (count > UINT16_MAX) return unwritable("more than 65535 records");
    writer.number(static_cast<uint32_t>(count), 2);
  }
  for (const DnsQuestion& question : message.questions) {
    SHIKAKE_TRY(writer.name(question.name));
    writer.number(question.type, 2);
    writer.number(question.dns_class, 2);
  }
  for (const auto* section : sections) {
    for (const DnsRecord& record : *section) {
      SHIKAKE_TRY(writer.record(record));
      if (writer.out.size() > limit) break;
    }
  }
  if (writer.out.size() <= std::min(limit, max_dns_message)) return std::move(writer.out);
  DnsMessage shorter = message;
  for (auto* section : {&shorter.answers, &shorter.authorities, &shorter.additionals}) section->clear();
  shorter.truncated = true;
  bool already = message.truncated && message.answers.empty() && message.authorities.empty() &&
                 message.additionals.empty();
  if (already) return unwritable("these questions in a message of that size");
  return serialise_dns(shorter, limit);
}

}  // namespace shikake::net
