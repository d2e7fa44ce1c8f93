// localStorage and sessionStorage; the parent keeps what they hold.
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

void get_local_storage(Call& call);
void get_session_storage(Call& call);

}  // namespace shikake::honeyclient::low::page
