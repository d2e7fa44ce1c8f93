// What reaches a page from outside or between its tasks: window messages, mutation records, frames that
// live in another worker.
#pragma once

#include <cstdint>

#include "honeyclient/low/protocol.h"

namespace shikake::honeyclient::low::page {

class Page;

void deliver_message(Page& page, const PostMessage& message);
void deliver_mutations(Page& page);  // MutationObserver, at the end of microtasks
void frame_went_elsewhere(Page& page, uint32_t window, bool failed);

}  // namespace shikake::honeyclient::low::page
