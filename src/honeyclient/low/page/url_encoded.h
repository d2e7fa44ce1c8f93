// application/x-www-form-urlencoded. https://url.spec.whatwg.org/#application/x-www-form-urlencoded
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shikake::honeyclient::low::page {

using Pairs = std::vector<std::pair<std::string, std::string>>;
std::string url_encoded(const Pairs& pairs);
Pairs parse_url_encoded(std::string_view text);

}  // namespace shikake::honeyclient::low::page
