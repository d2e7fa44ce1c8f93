// Style: no cascade and no layout, only what scripts read back.
#pragma once

#include <utility>

#include "honeyclient/low/page/bind.h"
#include "honeyclient/low/page/node.h"

namespace shikake::honeyclient::low::page {

JSObject* style_object(JSContext* cx, NodeNative& element);
JSObject* computed_style(JSContext* cx, Window& window, html::Element& element);
void get_computed_style(Call& call);
// Width and height in pixels: what style or attributes say, else a block's full width.
std::pair<uint32_t, uint32_t> layout_size(const html::Element& element, const Page& page);

}  // namespace shikake::honeyclient::low::page
