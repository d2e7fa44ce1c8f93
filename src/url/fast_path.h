// Inside the module: one pass for the URLs that make up most of any log.
#pragma once

#include <string_view>

#include "url/url.h"

namespace shikake::url {

struct FastParser {
  // Parses an absolute http or https URL that is plain: ASCII, a lower-case scheme, no credentials, nothing
  // to encode, no dot segments, no odd IPv4 form. False, and `out` as it was, for any other: the full
  // parser's work. Both give the same Url where this gives one (url_test and url_fuzz compare them).
  static bool parse(std::string_view input, Url& out);
};

// The full parser alone: what FastParser is compared with.
Result<Url> parse_fully(std::string_view input, const Url* base, std::string_view document_encoding = {});

}  // namespace shikake::url
