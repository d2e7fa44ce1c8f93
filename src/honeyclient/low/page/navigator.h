// navigator and screen, as the persona has them.
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

void get_navigator(Call& call);
void get_screen(Call& call);
void define_chrome(JSContext* cx, Window& window);  // window.chrome, of Blink

}  // namespace shikake::honeyclient::low::page
