// navigator and screen, as the persona has them.
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

void get_navigator(Call& call);
void get_screen(Call& call);
void define_chrome(JSContext* cx, Window& window);  // window.chrome, of Blink

// userAgentData and permissions (user_agent_data.cpp).
void define_telling(JSContext* cx, Window& window, JS::HandleObject navigator);

}  // namespace shikake::honeyclient::low::page
