// Internet Explorer's window.clipboardData.
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

void define_clipboard_data(JSContext* cx, Window& window);

}  // namespace shikake::honeyclient::low::page
