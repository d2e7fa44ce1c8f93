// Bytes packed into one gzip member (RFC 1952); base/unpack.h unpacks them.
#pragma once

#include <string>
#include <string_view>

namespace shikake::base {

std::string gzip(std::string_view bytes);

}  // namespace shikake::base
