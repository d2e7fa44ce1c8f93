// Functions that run later.
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

void set_timeout(Call& call);
void set_interval(Call& call);
void set_immediate(Call& call);
void clear_timer(Call& call);
void request_animation_frame(Call& call);
void queue_microtask(Call& call);

}  // namespace shikake::honeyclient::low::page
