// shikake-page: parses HTML and runs script for the honeyclient. Started once by its parent, it brings the
// script engine up and then forks a worker for each group of windows; only the workers see hostile bytes.
#include "honeyclient/low/page/worker.h"

int main() {
  using namespace shikake;
  using namespace shikake::honeyclient::low;
  return page::serve_workers([](page::Engine& engine, base::FrameChannel channel, Start start) {
    engine.run_page(std::move(channel), std::move(start));
  });
}
