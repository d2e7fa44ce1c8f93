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
#include "taint/shadow.h"

namespace shikake::taint::qemu {

// Files, pipes and sockets that ever carried labels, or are network flows, in one run.
inline constexpr size_t max_channels = 4096;
// Labels of channels' bytes are kept in chunks; 16 Ki chunks of 8 KiB make 128 MiB, made only as used. A chunk is
// a page: of mapped files and shared memory, chunks are the shadow of all processes that have them in their memory.
inline constexpr size_t chunk_bytes = page_bytes;
inline constexpr size_t max_chunks = 16384;

// memory: shared with nothing but other processes.
enum class ChannelKind : uint8_t { none, file, stream, network, process, memory };

struct Channel {
  std::atomic<uint32_t> used;
  uint64_t device, inode;
  ChannelKind kind;
  uint16_t source;              // network: its flow's number, 0 until known
  uint32_t peer;                // of a socket pair: one more than the other end's number, 0 where there is none
  std::atomic<uint64_t> read;   // streams: bytes taken out so far
  std::atomic<uint64_t> written;
};

struct Chunk {
  Label labels[chunk_bytes];
};

struct RunState {
  LabelArena labels;
  std::atomic<uint32_t> next_source;
  std::atomic<uint32_t> next_decision;
  std::atomic<uint64_t> next_memory;  // number of the next piece of memory that is shared without a file
  std::atomic<uint32_t> labelled;  // a labelled byte has arrived in the run
  std::atomic<uint32_t> lock;
  Channel channels[max_channels];
  // By chunk; 0: free. Apart from them, so that looking for one touches no memory of others.
  std::atomic<uint64_t> chunk_keys[max_chunks];
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
  // A fresh one, of memory that processes share without a file; and that of a System V segment.
  Channel* of_memory();
  Channel* of_segment(int id);
  // What is written to one end of a socket pair is read from the other.
  void pair(Channel& a, Channel& b);
  // The channel that its reader reads.
  Channel* other_end(Channel& channel) { return channel.peer == 0 ? &channel : &state_.channels[channel.peer - 1]; }
  size_t number(const Channel& channel) const { return static_cast<size_t>(&channel - state_.channels); }
  void write(const Channel& channel, uint64_t offset, std::span<const Label> labels);
  // Labels of bytes from `offset` on; `forget` drops what a stream has given out.
  void read(const Channel& channel, uint64_t offset, std::span<Label> labels, bool forget);
  // The labels of the page that holds the byte at `offset`, where all processes see them; made if missing when told
  // to. Null where there are none, or no room for more.
  Label* page(const Channel& channel, uint64_t offset, bool make);

 private:
  Channel* find(uint64_t device, uint64_t inode, ChannelKind kind);
  Chunk* chunk(const Channel& channel, uint64_t offset, bool make);
  RunState& state_;
};

}  // namespace shikake::taint::qemu
