// For tests: a page worker in which hostile code has already won. Confined as every worker is, it then tries
// what its document names (cell/testing.h) and exits with what it met.
#include <unistd.h>

#include "cell/testing.h"
#include "honeyclient/low/page/worker.h"

int main() {
  using namespace shikake;
  using namespace shikake::honeyclient::low;
  return page::serve_workers([](page::Engine&, base::FrameChannel, Start start) {
    const cell::Attempt* attempt = cell::find_attempt(start.document.body);
    ::_exit(attempt ? attempt->action() : 99);
  });
}
