// Whose a URL is.
#pragma once

#include <string>

namespace shikake::honeyclient::chain {

// The tenant key of a URL of HTTP; "" for about:, data: and blob: documents, which belong to whoever made
// them, and for what is no URL.
std::string site_of(const std::string& url);

}  // namespace shikake::honeyclient::chain
