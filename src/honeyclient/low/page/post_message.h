// window.postMessage. https://html.spec.whatwg.org/#posting-messages
#pragma once

#include "honeyclient/low/page/bind.h"
#include "honeyclient/low/protocol.h"

namespace shikake::honeyclient::low::page {

// To a window of this worker.
void post_to(Call& call, Window& sender, Window& receiver);
// To one of another worker: what JSON can carry.
void send_message(Call& call, Window& sender, Relative whose, uint32_t child);

}  // namespace shikake::honeyclient::low::page
