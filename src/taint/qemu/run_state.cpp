#include "taint/qemu/run_state.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

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

namespace {
class Lock {
 public:
  explicit Lock(std::atomic<uint32_t>& lock) : lock_(lock) {
    // Not for ever: a process may have been killed while it held the lock.
    for (int tries = 0; lock_.exchange(1, std::memory_order_acquire) != 0 && tries < 100000; ++tries) sched_yield();
  }
  ~Lock() { lock_.store(0, std::memory_order_release); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  std::atomic<uint32_t>& lock_;
};
}  // namespace

Channel* Channels::of(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0) return nullptr;
  const bool stream = S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode);
  return find(status.st_dev, status.st_ino, stream ? ChannelKind::stream : ChannelKind::file);
}

Channel* Channels::of_process(pid_t process) {
  return find(~uint64_t{0}, static_cast<uint64_t>(process), ChannelKind::process);
}

// Devices that no file system has.
constexpr uint64_t device_of_memory = ~uint64_t{1}, device_of_segments = ~uint64_t{2};

Channel* Channels::of_memory() { return find(device_of_memory, state_.next_memory.fetch_add(1), ChannelKind::memory); }

Channel* Channels::of_segment(int id) {
  return find(device_of_segments, static_cast<uint64_t>(id), ChannelKind::memory);
}

Channel* Channels::find(uint64_t device, uint64_t inode, ChannelKind kind) {
  const Lock guard(state_.lock);
  size_t slot = (inode * 0x9e3779b97f4a7c15u ^ device) % max_channels;
  for (size_t tries = 0; tries < max_channels; ++tries, slot = (slot + 1) % max_channels) {
    Channel& channel = state_.channels[slot];
    if (channel.used.load() == 0) {
      channel.device = device;
      channel.inode = inode;
      channel.kind = kind;
      channel.source = 0;
      channel.peer = 0;
      channel.used.store(1);
      return &channel;
    }
    if (channel.device == device && channel.inode == inode) return &channel;
  }
  return nullptr;
}

Chunk* Channels::chunk(const Channel& channel, uint64_t offset, bool make) {
  const uint64_t key = (uint64_t{number(channel)} + 1) << 40 | (offset / chunk_bytes & 0xffffffffffu);
  size_t slot = (key * 0x9e3779b97f4a7c15u) >> 50;
  static_assert(max_chunks == 1u << 14);
  // Long probing means a nearly full table: later labels are lost rather than time.
  for (int tries = 0; tries < 64; ++tries, slot = (slot + 1) % max_chunks) {
    std::atomic<uint64_t>& taken = state_.chunk_keys[slot];
    uint64_t there = taken.load(std::memory_order_acquire);
    if (there == 0 && !make) return nullptr;
    if (there == 0 && taken.compare_exchange_strong(there, key)) return &state_.chunks[slot];
    if (there == key) return &state_.chunks[slot];
  }
  return nullptr;
}

void Channels::pair(Channel& a, Channel& b) {
  a.peer = static_cast<uint32_t>(number(b)) + 1;
  b.peer = static_cast<uint32_t>(number(a)) + 1;
}

Label* Channels::page(const Channel& channel, uint64_t offset, bool make) {
  Chunk* found = chunk(channel, offset, make);
  return found == nullptr ? nullptr : found->labels;
}

void Channels::write(const Channel& channel, uint64_t offset, std::span<const Label> labels) {
  while (!labels.empty()) {
    const size_t in_chunk = offset % chunk_bytes;
    const size_t part = std::min(labels.size(), chunk_bytes - in_chunk);
    const bool labelled = std::any_of(labels.begin(), labels.begin() + static_cast<std::ptrdiff_t>(part),
                                      [](Label l) { return l != 0; });
    if (Chunk* to = chunk(channel, offset, labelled); to != nullptr)
      std::copy_n(labels.begin(), part, to->labels + in_chunk);
    offset += part;
    labels = labels.subspan(part);
  }
}

void Channels::read(const Channel& channel, uint64_t offset, std::span<Label> labels, bool forget) {
  while (!labels.empty()) {
    const size_t in_chunk = offset % chunk_bytes;
    const size_t part = std::min(labels.size(), chunk_bytes - in_chunk);
    if (Chunk* from = chunk(channel, offset, false); from != nullptr) {
      std::copy_n(from->labels + in_chunk, part, labels.begin());
      if (forget) std::fill_n(from->labels + in_chunk, part, Label{0});
    } else {
      std::fill_n(labels.begin(), part, Label{0});
    }
    offset += part;
    labels = labels.subspan(part);
  }
}

}  // namespace shikake::taint::qemu
