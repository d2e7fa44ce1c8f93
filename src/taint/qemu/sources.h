// Where labels come from: bytes of the network and of labelled files, and labels that come back from files, pipes
// and local connections.
#pragma once

#include "taint/qemu/guest.h"

namespace shikake::taint::qemu {

class Sources {
 public:
  explicit Sources(Guest& guest) : guest_(guest) {}

  // Bytes have come into the guest's memory.
  void taken(Thread& thread, const Transfer& transfer, std::span<const Piece> pieces);
  // The same, out of a System V message queue.
  void letter(Thread& thread, int queue, Address at, uint64_t count);
  // A message, as `struct msghdr` describes it.
  void message(Thread& thread, Transfer transfer, Address header);
  void messages(Thread& thread, Transfer transfer, Address headers, uint64_t count);

  // A flow's bytes were received without having come into memory; where in the flow they were is given back.
  uint64_t received(uint16_t flow, const End& end, const Transfer& transfer, std::span<const uint8_t> data);
  // Labels of bytes of a numbered flow or file, joined to what is there.
  static void number(Labels& labels, uint16_t source, uint64_t offset, std::span<Label> to);

 private:
  void fill(Thread& thread, const End& end, uint16_t source, uint64_t at, bool forget, std::span<const Piece> pieces);

  Guest& guest_;
};

}  // namespace shikake::taint::qemu
