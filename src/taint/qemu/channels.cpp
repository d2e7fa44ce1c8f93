#include "taint/qemu/channels.h"

#include <sched.h>

#include <algorithm>

namespace shikake::taint::qemu {
namespace {

// Places looked at for one key. A table that is so full that these are taken counts as full.
constexpr size_t window = 64;
// A chunk whose labels are gone: another may take it, and searches go on behind it.
constexpr uint64_t freed = 1;

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

uint64_t mixed(uint64_t x) {
  x ^= x >> 32;
  x *= 0x9e3779b97f4a7c15u;
  return x ^ x >> 29;
}

size_t place(const ChannelKey& key) {
  return mixed(mixed(key.first + static_cast<uint64_t>(key.kind)) + key.second) % max_channels;
}

// Whether it holds nothing: a new channel for the same key would do as well.
bool idle(const Channel& channel) {
  switch (channel.key.kind) {
    case ChannelKind::queue: case ChannelKind::meeting: return channel.read.load() == channel.written.load();
    case ChannelKind::process: return channel.written.load() == 0;
    case ChannelKind::peer: return channel.source.load() == 0;
    case ChannelKind::socket: return channel.source.load() == 0 && channel.in.load() == 0 && channel.out.load() == 0;
    default: return false;
  }
}

void start(Channel& channel, const ChannelKey& key) {
  channel.key = key;
  ++channel.generation;
  channel.settled.store(false);
  channel.source.store(0);
  for (std::atomic<uint64_t>* number : {&channel.read, &channel.written, &channel.in, &channel.out}) number->store(0);
  channel.remote = {};
}

}  // namespace

Channel* Channels::find(const ChannelKey& key) {
  const Lock guard(table_.lock);
  for (size_t tries = 0, at = place(key); tries < window; ++tries, at = (at + 1) % max_channels) {
    Channel& channel = table_.channels[at];
    if (channel.key.kind == ChannelKind::none) return nullptr;
    if (channel.key != key) continue;
    channel.used.store(1);
    return &channel;
  }
  return nullptr;
}

Channel* Channels::make(const ChannelKey& key) {
  const Lock guard(table_.lock);
  Channel* chosen = nullptr;
  Channel* spare = nullptr;
  const size_t first = place(key);
  for (size_t tries = 0, at = first; tries < window && chosen == nullptr; ++tries, at = (at + 1) % max_channels) {
    Channel& channel = table_.channels[at];
    if (channel.key == key) return channel.used.store(1), &channel;
    if (channel.key.kind == ChannelKind::none) chosen = &channel;
    else if (idle(channel) && (spare == nullptr || spare->used.load() > channel.used.load())) spare = &channel;
  }
  if (chosen == nullptr) chosen = spare;
  if (chosen == nullptr) return nullptr;
  if (chosen == spare) {
    if (Chunk* last = chunk(*chosen, chosen->written.load())) key_of(*last).store(freed, std::memory_order_release);
    for (size_t tries = 0; tries < window; ++tries) table_.channels[(first + tries) % max_channels].used.store(0);
  }
  start(*chosen, key);
  chosen->used.store(1);
  return chosen;
}

namespace {

uint64_t chunk_key(size_t number, const Channel& channel, uint64_t offset) {
  static_assert(max_channels <= 1u << 16);
  return (uint64_t{number} + 1) << 47 | uint64_t{channel.generation & 0x7fffu} << 32 | (offset / chunk_bytes & 0xffffffffu);
}

}  // namespace

Chunk* Channels::chunk(const Channel& channel, uint64_t offset) {
  const uint64_t key = chunk_key(number(channel), channel, offset);
  size_t at = mixed(key) % max_chunks;
  for (size_t tries = 0; tries < window; ++tries, at = (at + 1) % max_chunks) {
    const uint64_t there = table_.chunk_keys[at].load(std::memory_order_acquire);
    if (there == key) return &table_.chunks[at];
    if (there == 0) return nullptr;
  }
  return nullptr;
}

Chunk* Channels::make_chunk(const Channel& channel, uint64_t offset) {
  const Lock guard(table_.lock);
  if (Chunk* known = chunk(channel, offset)) return known;
  const uint64_t key = chunk_key(number(channel), channel, offset);
  size_t at = mixed(key) % max_chunks;
  for (size_t tries = 0; tries < window; ++tries, at = (at + 1) % max_chunks) {
    const uint64_t there = table_.chunk_keys[at].load(std::memory_order_acquire);
    if (there != 0 && there != freed) continue;
    Chunk& chosen = table_.chunks[at];
    if (there == freed) std::fill(std::begin(chosen.labels), std::end(chosen.labels), Label{0});
    table_.chunk_keys[at].store(key, std::memory_order_release);
    return &chosen;
  }
  return nullptr;
}

bool Channels::write(const Channel& channel, uint64_t offset, std::span<const Label> labels) {
  bool all = true;
  while (!labels.empty()) {
    const size_t in_chunk = offset % chunk_bytes;
    const size_t part = std::min(labels.size(), chunk_bytes - in_chunk);
    const bool labelled = std::any_of(labels.begin(), labels.begin() + static_cast<std::ptrdiff_t>(part),
                                      [](Label l) { return l != 0; });
    Chunk* to = labelled ? make_chunk(channel, offset) : chunk(channel, offset);
    if (to != nullptr) std::copy_n(labels.begin(), part, to->labels + in_chunk);
    else all = all && !labelled;
    offset += part;
    labels = labels.subspan(part);
  }
  return all;
}

void Channels::read(const Channel& channel, uint64_t offset, std::span<Label> labels, bool forget) {
  while (!labels.empty()) {
    const size_t in_chunk = offset % chunk_bytes;
    const size_t part = std::min(labels.size(), chunk_bytes - in_chunk);
    if (Chunk* from = chunk(channel, offset); from != nullptr) {
      std::copy_n(from->labels + in_chunk, part, labels.begin());
      if (forget) std::fill_n(from->labels + in_chunk, part, Label{0});
      // Whoever writes is past it then.
      if (forget && in_chunk + part == chunk_bytes) key_of(*from).store(freed, std::memory_order_release);
    } else {
      std::fill_n(labels.begin(), part, Label{0});
    }
    offset += part;
    labels = labels.subspan(part);
  }
}

Label* Channels::page(const Channel& channel, uint64_t offset, bool make) {
  Chunk* found = make ? make_chunk(channel, offset) : chunk(channel, offset);
  return found == nullptr ? nullptr : found->labels;
}

void Channels::each(const Channel& channel, uint64_t offset, uint64_t count,
                    const std::function<void(uint64_t offset, std::span<const Label>)>& piece) const {
  const uint64_t end = count > ~offset ? ~uint64_t{0} : offset + count, whose = chunk_key(number(channel), channel, 0) >> 32;
  for (size_t i = 0; i < max_chunks; ++i) {
    const uint64_t key = table_.chunk_keys[i].load(std::memory_order_acquire);
    if (key >> 32 != whose) continue;
    const uint64_t at = (key & 0xffffffffu) * chunk_bytes;
    const uint64_t from = std::max(at, offset), to = std::min(at + chunk_bytes, end);
    if (from < to) piece(from, std::span(table_.chunks[i].labels).subspan(from - at, to - from));
  }
}

void Channels::clear(const Channel& channel, uint64_t offset, uint64_t count) {
  while (count > 0) {
    const size_t in_chunk = offset % chunk_bytes;
    const size_t part = std::min<uint64_t>(count, chunk_bytes - in_chunk);
    if (Chunk* from = chunk(channel, offset); from != nullptr) std::fill_n(from->labels + in_chunk, part, Label{0});
    offset += part;
    count -= part;
  }
}

}  // namespace shikake::taint::qemu
