// shikake-supervisor: holds one run's cell and gateway, traces its programs, and says what they do.
//
// Started with: 3 the channel (protocol.h), 4 the sample, 5 the capture file, 6 (open mode) the broker. Docs:
// docs/processes.md.
#include "sandbox/supervisor/serve.h"

int main() {
  return shikake::sandbox::supervisor::serve();
}
