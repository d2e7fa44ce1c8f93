#include "gateway/client_hello.h"

#include <openssl/evp.h>

#include <array>

#include <fmt/format.h>

#include "base/check.h"

namespace shikake::gateway {
namespace {

constexpr uint8_t handshake_record = 22;
constexpr uint8_t client_hello_message = 1;
constexpr size_t record_header = 5;
constexpr size_t message_header = 4;
constexpr uint16_t extension_sni = 0, extension_groups = 10, extension_point_formats = 11,
                   extension_alpn = 16;

// Reads big-endian fields; after the first that is not there everything is zero and empty.
class Reader {
 public:
  explicit Reader(base::ByteSpan bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

  uint32_t number(size_t bytes) {
    uint32_t value = 0;
    for (uint8_t byte : take(bytes)) value = value << 8 | byte;
    return value;
  }
  base::ByteSpan take(size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  // A vector with its length before it.
  Reader vector(size_t length_bytes) { return Reader(take(number(length_bytes))); }

 private:
  base::ByteSpan rest_;
  bool ok_ = true;
};

bool is_grease(uint32_t value) {
  return (value & 0x0F0F) == 0x0A0A && value >> 8 == (value & 0xFF);
}

std::string join(Reader list, size_t bytes_each) {
  std::string text;
  while (!list.at_end()) {
    uint32_t value = list.number(bytes_each);
    if (!list.ok()) break;
    if (bytes_each == 2 && is_grease(value)) continue;
    text += fmt::format("{}{}", text.empty() ? "" : "-", value);
  }
  return text;
}

std::string md5(std::string_view text) {
  std::array<uint8_t, 16> digest{};
  unsigned size = 0;
  SHIKAKE_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr) == 1);
  return base::to_hex(digest);
}

void read_extension(uint32_t type, Reader body, ClientHello& hello, std::string& groups,
                    std::string& formats) {
  if (type == extension_sni) {
    Reader names = body.vector(2);
    while (names.ok() && !names.at_end() && hello.sni.empty()) {
      uint32_t kind = names.number(1);
      Reader name = names.vector(2);
      constexpr uint32_t host_name = 0;
      constexpr size_t longest = 253;  // of a host name, RFC 1035 section 2.3.4
      while (kind == host_name && !name.at_end() && hello.sni.size() < longest)
        hello.sni += static_cast<char>(name.number(1));
    }
  } else if (type == extension_alpn) {
    Reader names = body.vector(2);
    while (names.ok() && !names.at_end()) {
      Reader name = names.vector(1);
      std::string text;
      while (!name.at_end()) text += static_cast<char>(name.number(1));
      if (names.ok()) hello.alpn.push_back(std::move(text));
    }
  } else if (type == extension_groups) {
    groups = join(body.vector(2), 2);
  } else if (type == extension_point_formats) {
    formats = join(body.vector(1), 1);
  }
}

bool parse(base::ByteSpan body, ClientHello& hello) {
  Reader reader(body);
  hello.version = static_cast<uint16_t>(reader.number(2));
  reader.take(32);   // random
  reader.vector(1);  // session id
  std::string ciphers = join(reader.vector(2), 2);
  reader.vector(1);  // compression methods
  if (!reader.ok()) return false;
  std::string extensions, groups, formats;
  Reader list = reader.vector(2);  // may be missing altogether
  while (list.ok() && !list.at_end()) {
    uint32_t type = list.number(2);
    Reader extension = list.vector(2);
    if (!list.ok()) break;
    if (!is_grease(type)) extensions += fmt::format("{}{}", extensions.empty() ? "" : "-", type);
    read_extension(type, extension, hello, groups, formats);
  }
  hello.ja3_text = fmt::format("{},{},{},{},{}", hello.version, ciphers, extensions, groups, formats);
  hello.ja3 = md5(hello.ja3_text);
  return true;
}

}  // namespace

HelloStatus read_client_hello(base::ByteSpan bytes, ClientHello& hello) {
  if (!may_be_tls(base::as_text(bytes))) return bytes.empty() ? HelloStatus::incomplete : HelloStatus::other;
  std::vector<uint8_t> message;
  size_t at = 0;
  for (;;) {
    if (message.size() >= message_header) {
      size_t size = static_cast<size_t>(message[1]) << 16 | static_cast<size_t>(message[2]) << 8 | message[3];
      if (message[0] != client_hello_message || size > max_client_hello) return HelloStatus::other;
      if (message.size() >= message_header + size) {
        hello = {};
        hello.size = at;
        return parse(base::ByteSpan(message).subspan(message_header, size), hello) ? HelloStatus::whole
                                                                                   : HelloStatus::other;
      }
    }
    if (bytes.size() - at < record_header) return HelloStatus::incomplete;
    const uint8_t* header = bytes.data() + at;
    size_t size = static_cast<size_t>(header[3]) << 8 | header[4];
    if (header[0] != handshake_record || header[1] != 3 || size == 0) return HelloStatus::other;
    if (bytes.size() - at - record_header < size) return HelloStatus::incomplete;
    auto part = bytes.subspan(at + record_header, size);
    message.insert(message.end(), part.begin(), part.end());
    at += record_header + size;
  }
}

bool may_be_tls(std::string_view bytes) {
  // Handshake record, major version 3 (SSL 3.0 to TLS 1.3); the message in it is a ClientHello.
  constexpr std::array<int, 6> start = {handshake_record, 3, -1, -1, -1, client_hello_message};
  for (size_t i = 0; i < bytes.size() && i < start.size(); ++i)
    if (start[i] >= 0 && static_cast<uint8_t>(bytes[i]) != start[i]) return false;
  return !bytes.empty();
}

}  // namespace shikake::gateway
