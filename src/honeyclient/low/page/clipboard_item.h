#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

// navigator.clipboard.write(): a list of ClipboardItem. What each holds as text is noted once it is there.
void write_items(Call& call);

}  // namespace shikake::honeyclient::low::page
