// For tests: a page worker in which hostile code has already won. Confined as every worker is, it then tries
// what its document names (cell/testing.h) and exits with what it met, or ends as a worn-out engine does.
#include <jsapi.h>

#include <js/Utility.h>

#include <unistd.h>

#include "cell/testing.h"
#include "honeyclient/low/page/worker.h"

int main() {
  using namespace shikake;
  using namespace shikake::honeyclient::low;
  return page::serve_workers([](page::Engine&, base::FrameChannel, Start start) {
    // How the engine ends when its memory is spent in the middle of a collection.
    if (start.document.body == "spends_the_engines_memory") js::AutoEnterOOMUnsafeRegion().crash("a test");
    const cell::Attempt* attempt = cell::find_attempt(start.document.body);
    ::_exit(attempt ? attempt->action() : 99);
  });
}
