#include "range/dns_message.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace shikake::range {
namespace {

constexpr size_t header_size = 12;
constexpr size_t max_name = 255;  // RFC 1035 section 3.1, length bytes and root included
constexpr size_t max_label = 63;
constexpr size_t smallest_udp = 512;
constexpr size_t largest_udp = 1232;  // fits every path unfragmented (DNS flag day 2020)
constexpr uint16_t pointer_to_question = 0xC000 | header_size;
constexpr size_t max_text_piece = 255;
constexpr uint16_t internet_class = 1;
constexpr uint16_t any_class = 255;
constexpr uint16_t option_type = 41;  // EDNS

// Flags, RFC 1035 section 4.1.1
constexpr uint16_t is_response = 0x8000;
constexpr uint16_t opcode_mask = 0x7800;
constexpr uint16_t authoritative = 0x0400;
constexpr uint16_t truncated = 0x0200;
constexpr uint16_t recursion_desired = 0x0100;
constexpr uint16_t recursion_available = 0x0080;

// Bytes from the front; after reading past the end everything is 0 and `good` false.
class Reader {
 public:
  explicit Reader(base::ByteSpan bytes) : bytes_(bytes) {}
  bool good() const { return good_; }
  size_t position() const { return position_; }
  uint8_t byte() {
    if (position_ >= bytes_.size()) {
      good_ = false;
      return 0;
    }
    return bytes_[position_++];
  }
  uint16_t word() {
    auto high = byte();
    return static_cast<uint16_t>(high << 8 | byte());
  }
  void skip(size_t count) {
    good_ = good_ && count <= bytes_.size() - position_;
    if (good_) position_ += count;
  }

  // A name without compression: a question comes first, so nothing stands before it to point at.
  std::string name() {
    std::string text;
    size_t total = 1;
    for (uint8_t length = byte(); length > 0 && good_; length = byte()) {
      total += length + 1u;
      good_ = length <= max_label && total <= max_name;
      if (!text.empty()) text += '.';
      for (uint8_t i = 0; i < length && good_; ++i) {
        char c = static_cast<char>(byte());
        if (c == '.' || c == '\\') text += '\\';
        text += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      }
    }
    return text;
  }

 private:
  base::ByteSpan bytes_;
  size_t position_ = 0;
  bool good_ = true;
};

class Writer {
 public:
  void byte(size_t value) { bytes_.push_back(static_cast<uint8_t>(value)); }
  void word(size_t value) {
    byte(value >> 8);
    byte(value);
  }
  void bytes(base::ByteSpan span) { bytes_.insert(bytes_.end(), span.begin(), span.end()); }
  // Names of a scenario are checked when it is read.
  void name(std::string_view text) {
    while (!text.empty()) {
      size_t end = std::min(text.find('.'), text.size());
      byte(end);
      bytes(base::as_bytes(text.substr(0, end)));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    byte(0);
  }
  size_t size() const { return bytes_.size(); }
  std::vector<uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

std::vector<uint8_t> data_of(const Record& record) {
  Writer data;
  if (record.type == RecordType::a || record.type == RecordType::aaaa) {
    std::array<uint8_t, 16> address{};
    bool six = record.type == RecordType::aaaa;
    inet_pton(six ? AF_INET6 : AF_INET, record.value.c_str(), address.data());
    data.bytes(base::ByteSpan(address).first(six ? 16 : 4));
  } else if (record.type == RecordType::txt) {
    std::string_view rest = record.value;
    do {  // pieces with a length byte each
      std::string_view piece = rest.substr(0, max_text_piece);
      data.byte(piece.size());
      data.bytes(base::as_bytes(piece));
      rest.remove_prefix(piece.size());
    } while (!rest.empty());
  } else {
    data.name(record.value);
  }
  return data.take();
}

// Whether the additional section holds an EDNS option record, and its word on sizes.
std::optional<uint16_t> find_edns(Reader& reader, unsigned records) {
  for (unsigned i = 0; i < records; ++i) {
    bool root = reader.name().empty();
    uint16_t type = reader.word();
    uint16_t size = reader.word();  // in the place of the class
    reader.skip(4);
    reader.skip(reader.word());
    if (!reader.good()) return std::nullopt;
    if (root && type == option_type) return size;
  }
  return std::nullopt;
}

}  // namespace

std::optional<DnsQuestion> read_question(base::ByteSpan message) {
  Reader reader(message);
  DnsQuestion question;
  question.id = reader.word();
  uint16_t flags = reader.word();
  uint16_t questions = reader.word();
  uint16_t answers = reader.word();
  uint16_t authorities = reader.word();
  uint16_t additionals = reader.word();
  if (!reader.good() || (flags & is_response)) return std::nullopt;
  question.recursion_desired = (flags & recursion_desired) != 0;
  if (flags & opcode_mask) {
    question.rcode = dns_not_implemented;
    return question;
  }
  question.name = reader.name();
  question.type = reader.word();
  uint16_t asked_class = reader.word();
  if (questions != 1 || answers != 0 || authorities != 0 || !reader.good()) {
    question.rcode = dns_format_error;
    return question;
  }
  auto asked = message.subspan(header_size, reader.position() - header_size);
  question.asked.assign(asked.begin(), asked.end());
  if (asked_class != internet_class && asked_class != any_class) question.rcode = dns_refused;
  question.edns = find_edns(reader, additionals);
  return question;
}

std::vector<uint8_t> write_answer(const DnsQuestion& question, const ZoneAnswer& answer, size_t limit) {
  auto write = [&](const std::vector<Record>& records, bool cut) {
    uint8_t rcode = question.rcode != 0 ? question.rcode : answer.rcode;
    Writer message;
    message.word(question.id);
    message.word(is_response | authoritative | (cut ? truncated : 0) |
                 (question.recursion_desired ? recursion_desired : 0) | recursion_available | rcode);
    message.word(question.asked.empty() ? 0 : 1);
    message.word(records.size());
    message.word(0);
    message.word(question.edns ? 1 : 0);
    message.bytes(question.asked);
    for (const Record& record : records) {
      // The asked name, which may hold any bytes, stands in the question already (RFC 1035 section 4.1.4).
      if (record.name == question.name) {
        message.word(pointer_to_question);
      } else {
        message.name(record.name);
      }
      message.word(static_cast<uint16_t>(record.type));
      message.word(internet_class);
      message.word(record.ttl >> 16);
      message.word(record.ttl);
      auto data = data_of(record);
      message.word(data.size());
      message.bytes(data);
    }
    if (question.edns) {
      message.name("");
      message.word(option_type);
      message.word(largest_udp);
      for (int i = 0; i < 3; ++i) message.word(0);  // extended code and flags, no options
    }
    return message.take();
  };
  if (question.rcode != 0) return write({}, false);
  auto whole = write(answer.records, false);
  return whole.size() <= limit ? whole : write({}, true);
}

size_t udp_limit(const DnsQuestion& question) {
  return std::clamp<size_t>(question.edns.value_or(smallest_udp), smallest_udp, largest_udp);
}

}  // namespace shikake::range
