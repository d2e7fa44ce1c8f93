#include "taint/qemu/run_state.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace shikake::taint::qemu {

RunState* map_run_state(const char* path) {
  const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return nullptr;
  void* at = MAP_FAILED;
  if (ftruncate(fd, sizeof(RunState)) == 0)
    at = mmap(nullptr, sizeof(RunState), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
  // The table is sparse: reading ahead would fill and clear pages that nobody wants.
  if (at != MAP_FAILED) madvise(at, sizeof(RunState), MADV_RANDOM);
  close(fd);
  return at == MAP_FAILED ? nullptr : static_cast<RunState*>(at);
}

}  // namespace shikake::taint::qemu
