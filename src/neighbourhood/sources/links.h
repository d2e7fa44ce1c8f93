// The links of a stored page: what a crawler would follow and what a browser would load.
#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"
#include "url/url.h"

namespace shikake::neighbourhood {

// A page's first so many bytes are looked at; more than all but a few pages have, and a tree of them fits the
// reader's memory.
inline constexpr size_t most_page_bytes = size_t{2} << 20;
inline constexpr size_t most_links = 20'000;  // of one page

// Calls `each` with every distinct link, absolute, in the order of the page, until it fails. `charset` is
// what HTTP said, or empty. Scripts are not run.
Result<> for_each_link(std::string_view page, std::string_view charset, const url::Url& address,
                       const std::function<Result<>(std::string_view)>& each);

}  // namespace shikake::neighbourhood
