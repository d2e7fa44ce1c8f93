// What reaches a page from outside or between its tasks: window messages, mutation records, frames that
// live in another worker.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "honeyclient/low/protocol.h"

namespace shikake::honeyclient::low::page {

class Page;
class Clone;
class Native;
class Window;

void deliver_message(Page& page, const PostMessage& message);
// A message event of what is no message between windows, in the target's realm; `source` may be nullptr.
void deliver_copy(Window& realm, Native& target, const std::shared_ptr<Clone>& data, std::string_view origin,
                  JSObject* source);
void frame_went_elsewhere(Page& page, uint32_t window, bool failed);

}  // namespace shikake::honeyclient::low::page
