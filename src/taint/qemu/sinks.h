// What labels may reach: what leaves through descriptors, and the arguments of calls that do something.
#pragma once

#include "taint/qemu/guest.h"
#include "taint/qemu/sources.h"

namespace shikake::taint::qemu {

class Sinks {
 public:
  Sinks(Guest& guest, Sources& sources) : guest_(guest), sources_(sources) {}

  // Bytes are about to leave: a reader may have them before the writer's call is back.
  void announced(const Transfer& transfer, std::span<const Piece> pieces);
  // They have left.
  void given(Thread& thread, const Transfer& transfer, std::span<const Piece> pieces);
  // The same for a System V message queue's. `sent`: they have left.
  void letter(Thread& thread, int queue, Address at, uint64_t count, bool sent);
  void message(Thread& thread, Transfer transfer, Address header);
  void messages(Thread& thread, Transfer transfer, Address headers, uint64_t count);
  // Bytes are about to go from one descriptor to another: at most so many, and none of a file past its end.
  void carries(Thread& thread, Transfer from, const Transfer& to);
  // Bytes that went from one descriptor to another without the program's seeing them.
  void carried(Thread& thread, const Transfer& from, const Transfer& to);

  void path(Thread& thread, const CallArguments& call, int64_t result);
  void connects(Thread& thread, int fd, Address address, uint64_t length, int64_t result);
  // Calls whose mere being made counts. `thread_number` tells whose it was, should it fail.
  void simple(Thread& thread, unsigned thread_number, const CallArguments& call);
  // An action that was told of before its call is back, as it may not come back: it did, and failed.
  void failed(unsigned thread_number, std::string_view kind, int64_t result);

 private:
  // Where bytes that are handed on come from, and their labels.
  struct Carried {
    End in;
    uint16_t source = 0;
    uint64_t at = 0;
  };
  // Of `part` bytes that begin `done` bytes behind the first.
  void read_carried(Thread& thread, const Carried& from, uint64_t done, std::span<Label> part, bool forget);
  void tell(Thread& thread, const Transfer& transfer, const End& end, uint64_t start, Label label,
            std::span<const uint8_t> data, const std::vector<Part>& parts);
  std::vector<Part> parts(Thread& thread, uint64_t start, std::span<const Piece> pieces);
  void write(const Channel& channel, uint64_t at, std::span<const Piece> pieces);
  uint64_t start_of(const Transfer& transfer, const End& end);

  Guest& guest_;
  Sources& sources_;
};

}  // namespace shikake::taint::qemu
