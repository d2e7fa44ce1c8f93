// Page workers: a warm process that forks a confined one for each group of windows.
// base/zygote.h is how.
#pragma once

#include <functional>

#include "base/frame.h"
#include "honeyclient/low/page/engine.h"
#include "honeyclient/low/protocol.h"

namespace shikake::honeyclient::low::page {

// What a worker does once it is confined. When it returns, the worker exits with status 0.
using Work = std::function<void(Engine&, base::FrameChannel, Start)>;

// Until the parent goes. Returns an exit status where the process can't even begin.
int serve_workers(const Work& work);

}  // namespace shikake::honeyclient::low::page
