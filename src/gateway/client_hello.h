// A TLS client's first words (RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2), read without answering them:
// what it wants and its fingerprint stand even where it then refuses our certificate.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace shikake::gateway {

struct ClientHello {
  uint16_t version = 0;           // legacy_version
  std::string sni;                // RFC 6066 section 3; empty: none
  std::vector<std::string> alpn;  // RFC 7301
  // JA3 (https://github.com/salesforce/ja3): "version,ciphers,extensions,groups,point formats", each list in
  // decimal joined by "-", GREASE values (RFC 8701) left out; and the MD5 of that text in hexadecimal.
  std::string ja3_text, ja3;
  size_t size = 0;  // bytes of the records that held it
};

enum class HelloStatus : uint8_t { whole, incomplete, other };  // other: these bytes begin no ClientHello

// May be spread over several records. `other` too for a hello larger than max_client_hello.
HelloStatus read_client_hello(base::ByteSpan bytes, ClientHello& hello);

constexpr size_t max_client_hello = 64 << 10;  // post-quantum key shares take a few KiB

// True for bytes that a TLS client begins with, as far as they go (at least one).
bool may_be_tls(std::string_view bytes);

}  // namespace shikake::gateway
