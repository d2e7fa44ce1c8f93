// The guest's process, as the plugin's parts share it: its engine and memory, its descriptors, where events go.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "taint/engine.h"
#include "taint/qemu/descriptors.h"
#include "taint/qemu/goroutines.h"
#include "taint/qemu/options.h"
#include "taint/qemu/recorder.h"
#include "taint/qemu/run_state.h"
#include "taint/qemu/system_call.h"

namespace shikake::taint::qemu {

// Content is moved in pieces of this size, so that a megabyte's labels are no megabytes on the stack.
inline constexpr uint64_t piece_bytes = 4096;
// A program's content is looked at up to here; what comes after is its data.
inline constexpr uint64_t max_content = uint64_t{16} << 20;

// Bytes of one call, and the descriptor that they come from or go to.
struct Transfer {
  int fd = -1;
  uint64_t count = 0;                // as the call says
  std::optional<uint64_t> offset{};  // in a file, when the call names one
  Endpoint peer{};                   // of a datagram, when the call names one
  Label peer_label = 0;
  bool peek = false;                 // they stay where they are
};

class Guest {
 public:
  // `labelled` is called before the first label is put into the guest's memory, and maybe again.
  Guest(Architecture architecture, Options options, RunState& state, Listener& listener, AccessDecoder decoder,
        std::function<void()> labelled);

  Architecture architecture() const { return engine.architecture(); }
  bool big_endian() const { return architecture() == Architecture::mips; }
  size_t word_bytes() const { return engine.layout().word; }
  uint64_t word(Address address) const;
  uint64_t number(Address address, size_t bytes) const;
  Endpoint endpoint_at(Address address, uint64_t length) const;

  // Of a call: socket calls that come through one number are told apart.
  CallArguments unpack(int64_t number, const std::array<uint64_t, 6>& a) const;
  // The first `count` bytes of the memory that a vector of buffers lists.
  std::vector<Piece> vector(Address address, uint64_t entries, uint64_t count) const;

  // As much of their bytes as an event takes.
  std::vector<uint8_t> content(std::span<const Piece> pieces) const;

  // The label of all bytes together.
  Label joined(Thread& thread, Address address, uint64_t count);
  void put_labels(Address address, std::span<const Label> labels);
  void clear_labels(std::span<const Piece> pieces);
  // Labels may come any time from now on.
  void follow() { labelled_(); }
  // The label of a file's bytes from `offset` on, all together.
  Label joined(Thread& thread, const Channel& channel, uint64_t offset, uint64_t count);
  // The labels of an open file's bytes, all together.
  Label content_label(Thread& thread, int fd);

  // An action, with the decisions that it depends on.
  Event action(Thread& thread, std::string_view kind);

  const Options options;
  const Bell bell;
  RunState& state;
  Recorder recorder;
  Descriptors descriptors;
  Engine engine;
  Goroutines goroutines;

 private:
  std::function<void()> labelled_;
};

// Where a file's bytes were, given that `count` of them have just gone by.
uint64_t position_before(int fd, uint64_t count);

}  // namespace shikake::taint::qemu
