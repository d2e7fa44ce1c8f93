// Inside the module: queries of links in documents that are not UTF-8
// (https://url.spec.whatwg.org/#string-percent-encode-after-encoding).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace shikake::url {

// `text` (valid UTF-8) in the legacy encoding of that name
// (https://encoding.spec.whatwg.org/#names-and-labels, any case), each byte of the special-query set
// percent-encoded, each character that the encoding lacks as
// "%26%23...%3B" ("&#...;"). Nothing where the encoding is UTF-8, UTF-16 or unknown: queries are UTF-8 then.
std::optional<std::string> encode_query(std::string_view text, std::string_view encoding);

}  // namespace shikake::url
