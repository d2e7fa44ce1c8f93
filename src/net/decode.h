// Content codings (RFC 9110 section 8.4), undone within a bound.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shikake::net {

struct DecodedBody {
  std::string body;   // all, or as much as could be decoded
  std::string error;  // empty: none
};

// `content_encoding` is the header's value: codings in the order in which they were applied. Known are
// gzip, deflate (with or without zlib's wrapper, as browsers take it), br, zstd and identity. With an
// unknown one the body stays as it is and `error` says so. No step gives more than `max_bytes`.
DecodedBody decode_content(std::string_view body, std::string_view content_encoding, uint64_t max_bytes);

}  // namespace shikake::net
