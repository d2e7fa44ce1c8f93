#include "gateway/pcapng.h"

#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "url/ip.h"

namespace shikake::gateway {
namespace {

constexpr uint32_t section_header = 0x0A0D0D0A, interface_description = 1, name_resolution = 4,
                   enhanced_packet = 6, decryption_secrets = 0x0A;
constexpr uint16_t option_end = 0, option_comment = 1, option_interface_name = 2, option_time_resolution = 9,
                   option_packet_flags = 2, option_application = 4;
constexpr uint16_t link_ethernet = 1;
constexpr uint32_t tls_key_log = 0x544C534B;  // "TLSK"
constexpr size_t max_comment = 1000;          // a line for people
constexpr uint32_t inbound = 1, outbound = 2;

// Fields in our own byte order, which the section header's magic number tells; all x86-64 and arm64 machines
// are little-endian anyway.
void put16(std::string& out, uint16_t value) {
  out.append({static_cast<char>(value), static_cast<char>(value >> 8)});
}
void put32(std::string& out, uint32_t value) {
  put16(out, static_cast<uint16_t>(value));
  put16(out, static_cast<uint16_t>(value >> 16));
}
void pad(std::string& out) {
  while (out.size() % 4 != 0) out += '\0';
}
void option(std::string& out, uint16_t code, std::string_view value) {
  put16(out, code);
  put16(out, static_cast<uint16_t>(value.size()));
  out += value;
  pad(out);
}
void end_options(std::string& out) {
  put32(out, option_end);
}

}  // namespace

Result<> PcapngWriter::block(uint32_t type, const std::string& body) {
  std::string whole;
  const auto size = static_cast<uint32_t>(body.size() + 12);
  whole.reserve(size);
  put32(whole, type);
  put32(whole, size);
  whole += body;
  put32(whole, size);
  auto wrote = base::write_all(fd_, whole, "the capture file");
  if (!wrote) {
    // A block that was cut short would make readers doubt the file; the whole ones before it stand.
    static_cast<void>(!ftruncate(fd_, static_cast<off_t>(written_)));
    return wrote;
  }
  written_ += whole.size();
  return {};
}

Result<PcapngWriter> PcapngWriter::start(int fd, std::string_view interface, uint32_t snap_length) {
  PcapngWriter writer(fd);
  std::string section;
  put32(section, 0x1A2B3C4D);  // byte order
  put16(section, 1);           // version 1.0
  put16(section, 0);
  put32(section, 0xFFFFFFFF);  // length of the section: not said
  put32(section, 0xFFFFFFFF);
  option(section, option_application, "shikake-gateway");
  end_options(section);
  SHIKAKE_TRY(writer.block(section_header, section));
  std::string description;
  put16(description, link_ethernet);
  put16(description, 0);
  put32(description, snap_length);
  option(description, option_interface_name, interface);
  option(description, option_time_resolution, std::string_view("\x06", 1));
  end_options(description);
  SHIKAKE_TRY(writer.block(interface_description, description));
  return writer;
}

Result<> PcapngWriter::packet(const Packet& packet) {
  std::string body;
  const auto time = static_cast<uint64_t>(base::to_micros(packet.time));
  put32(body, 0);  // the only interface
  put32(body, static_cast<uint32_t>(time >> 32));
  put32(body, static_cast<uint32_t>(time));
  put32(body, static_cast<uint32_t>(packet.bytes.size()));
  put32(body, packet.wire_size);
  body += base::as_text(packet.bytes);
  pad(body);
  std::string flags;
  put32(flags, packet.from_cell ? inbound : outbound);
  option(body, option_packet_flags, flags);
  if (!packet.comment.empty())
    option(body, option_comment, base::to_valid_utf8(packet.comment.substr(0, max_comment)));
  end_options(body);
  return block(enhanced_packet, body);
}

Result<> PcapngWriter::tls_secrets(std::string_view key_log) {
  std::string body;
  put32(body, tls_key_log);
  put32(body, static_cast<uint32_t>(key_log.size()));
  body += key_log;
  pad(body);
  return block(decryption_secrets, body);
}

Result<> PcapngWriter::name(std::string_view address, std::string_view host) {
  auto parsed = url::IpAddress::parse(address);
  // A name that C strings cannot hold would shift the record's list.
  if (!parsed || host.empty() || host.find('\0') != host.npos) return {};
  constexpr uint16_t record_end = 0, record_v4 = 1, record_v6 = 2;
  std::string body;
  const auto bytes = parsed->bytes();
  put16(body, parsed->is_v4() ? record_v4 : record_v6);
  put16(body, static_cast<uint16_t>(bytes.size() + host.size() + 1));
  body += base::as_text(bytes);
  body += host;
  body += '\0';
  pad(body);
  put32(body, record_end);
  return block(name_resolution, body);
}

}  // namespace shikake::gateway
