// Page workers: a warm process that forks a confined one for each group of windows.
//
// On descriptor 3 the parent sends one byte with the socket of a new worker (SCM_RIGHTS) and gets a
// WorkerNotice (zygote_protocol.h) for each worker's start and end.
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
