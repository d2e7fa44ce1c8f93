// Addresses that the system hands to another program: hcp:, ms-msdt:, ms-its: and the like.
#pragma once

#include "honeyclient/low/page/bind.h"
#include "url/url.h"

namespace shikake::honeyclient::low::page {

// Where a page goes to an address whose scheme the component table knows ("hcp:"), that is a use of it: its member
// `open`, with the address and those that stand in it.
void note_protocol(Window& window, const url::Url& to);

}  // namespace shikake::honeyclient::low::page
