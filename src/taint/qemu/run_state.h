// What the processes of one run share about labels, in a mapping of the run's state file: the label
// table, the network flows, and the labels of what lies in files and is on its way through pipes.
// A hostile guest runs in the same process as the plugin and could write here; whoever reads the run's
// events must treat them as the guest's word.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>

#include "taint/label.h"

namespace shikake::taint::qemu {

// Files, pipes and sockets that ever carried labels, or are network flows, in one run.
inline constexpr size_t max_channels = 4096;
// Labels of channels' bytes are kept in chunks; 64 Ki chunks of 2 KiB make 128 MiB, made only as used.
inline constexpr size_t chunk_bytes = 1024;
inline constexpr size_t max_chunks = 65536;

enum class ChannelKind : uint8_t { none, file, stream, network, process };

struct Channel {
  std::atomic<uint32_t> used;
  uint64_t device, inode;
  ChannelKind kind;
  uint16_t source;              // network: its flow's number, 0 until known
  std::atomic<uint64_t> read;   // streams: bytes taken out so far
  std::atomic<uint64_t> written;
};

struct Chunk {
  std::atomic<uint64_t> key;  // 0: free
  Label labels[chunk_bytes];
};

struct RunState {
  LabelArena labels;
  std::atomic<uint32_t> next_source;
  std::atomic<uint32_t> next_decision;
  std::atomic<uint32_t> labelled;  // a labelled byte has arrived in the run
  std::atomic<uint32_t> lock;
  Channel channels[max_channels];
  Chunk chunks[max_chunks];
};

// The mapping of the file at `path`, made if missing; null when it can't be had. Never unmapped.
RunState* map_run_state(const char* path);

class Channels {
 public:
  explicit Channels(RunState& state) : state_(state) {}
  // The channel of an open file, made if missing; null when the table is full or `fd` is not open.
  Channel* of(int fd);
  // What a process hands to itself over an exec.
  Channel* of_process(pid_t process);
  size_t number(const Channel& channel) const { return static_cast<size_t>(&channel - state_.channels); }
  void write(const Channel& channel, uint64_t offset, std::span<const Label> labels);
  // Labels of bytes from `offset` on; `forget` drops what a stream has given out.
  void read(const Channel& channel, uint64_t offset, std::span<Label> labels, bool forget);

 private:
  Channel* find(uint64_t device, uint64_t inode, ChannelKind kind);
  Chunk* chunk(const Channel& channel, uint64_t offset, bool make);
  RunState& state_;
};

}  // namespace shikake::taint::qemu
