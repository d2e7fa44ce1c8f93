// What the global objects of windows and workers share.
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

void to_ascii(Call& call);   // btoa
void to_binary(Call& call);  // atob
void get_global(Call& call);
void get_own_location(Call& call);
void get_origin(Call& call);
void get_secure(Call& call);
// https://w3c.github.io/webappsec-secure-contexts/: HTTPS, and what is on this machine.
bool is_secure(const Window& window);

void define_worker_globals(JSContext* cx, Window& scope);
// The language's own functions as the persona's engine has them, with random numbers from the visit's seed.
void define_engine_functions(JSContext* cx, Window& window);

}  // namespace shikake::honeyclient::low::page
