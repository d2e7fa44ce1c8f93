// Channels: files, pipes and connections of a run whose bytes have labels, or must be counted because they may
// get some. They lie in memory that all processes of the run share.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>

#include "taint/label.h"
#include "taint/qemu/endpoint.h"
#include "taint/shadow.h"

namespace shikake::taint::qemu {

// Channels at a time. One that holds nothing which its successor would not start with makes room for another.
inline constexpr size_t max_channels = 65536;
// Labels of channels' bytes are kept in chunks; 16 Ki chunks of 8 KiB make 128 MiB, made only as used. A chunk is
// a page: of mapped files and shared memory, chunks are the shadow of all processes that have them in their memory.
inline constexpr size_t chunk_bytes = page_bytes;
inline constexpr size_t max_chunks = 16384;

enum class ChannelKind : uint8_t {
  none,
  file,       // by device and inode; labels by offset
  queue,      // bytes that come out in the order in which they went in: a pipe, one direction of a local connection
  socket,     // a descriptor's: which flow or which queues it is an end of
  peer,       // of a datagram socket's flows, the one with this address
  process,    // what a process hands to itself over an exec
  listener,   // a port that a program of the run listens on
  memory,     // shared with nothing but other processes
  meeting,    // counts the connections between a process and a Unix socket's name
};

struct ChannelKey {
  ChannelKind kind = ChannelKind::none;
  uint64_t first = 0, second = 0;
  bool operator==(const ChannelKey&) const = default;
};

// Zero bytes are a free one.
struct Channel {
  ChannelKey key;
  uint16_t generation;               // of those that had this place
  std::atomic<uint8_t> used;         // lately: its place is not given away at once
  std::atomic<bool> settled;         // socket: it is known whether it is local; file: a program of the run made it,
                                     // its path makes it no source
  std::atomic<uint16_t> source;      // flows and labelled files: the number; 0: none yet
  std::atomic<uint64_t> read;        // bytes taken out so far
  std::atomic<uint64_t> written;     // bytes put in; files: the end of what ever had labels
  std::atomic<uint64_t> in, out;     // socket: the queues it is an end of, by number; 0: none.  listener: `in`
                                     // is how many connections to it are under way
  Endpoint remote;                   // socket: whom it is connected to or, of datagrams, last sent to;
                                     // listener: who last sent a datagram there
};

struct Chunk {
  Label labels[chunk_bytes];
};

struct ChannelTable {
  std::atomic<uint32_t> lock;
  Channel channels[max_channels];
  // By chunk; 0: never used. Apart from them, so that looking for one touches no memory of others.
  std::atomic<uint64_t> chunk_keys[max_chunks];
  Chunk chunks[max_chunks];
};

class Channels {
 public:
  explicit Channels(ChannelTable& table) : table_(table) {}

  // Null where there is none.
  Channel* find(const ChannelKey& key);
  // Made if missing; null when there is no room.
  Channel* make(const ChannelKey& key);
  // The same for all its processes, and while it lasts.
  size_t number(const Channel& channel) const { return static_cast<size_t>(&channel - table_.channels); }

  // False when there was no room for all labels.
  bool write(const Channel& channel, uint64_t offset, std::span<const Label> labels);
  // Labels of bytes from `offset` on; `forget` drops what a queue has given out.
  void read(const Channel& channel, uint64_t offset, std::span<Label> labels, bool forget);
  // The labels of the page that holds the byte at `offset`, where all processes see them; made if missing when told
  // to. Null where there are none, or no room for more.
  Label* page(const Channel& channel, uint64_t offset, bool make);
  // Every piece of the `count` bytes from `offset` on that may have labels, in no order.
  void each(const Channel& channel, uint64_t offset, uint64_t count,
            const std::function<void(uint64_t offset, std::span<const Label>)>& piece) const;
  // Drops the labels of `count` bytes from `offset` on.
  void clear(const Channel& channel, uint64_t offset, uint64_t count);

 private:
  Chunk* chunk(const Channel& channel, uint64_t offset);
  Chunk* make_chunk(const Channel& channel, uint64_t offset);
  std::atomic<uint64_t>& key_of(const Chunk& chunk) { return table_.chunk_keys[&chunk - table_.chunks]; }

  ChannelTable& table_;
};

}  // namespace shikake::taint::qemu
