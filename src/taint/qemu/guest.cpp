#include "taint/qemu/guest.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "taint/qemu/cpu_registers.h"
#include "taint/qemu/guest_memory.h"

namespace shikake::taint::qemu {
Guest::Guest(Architecture architecture, Options given, RunState& run_state, Listener& listener, AccessDecoder decoder,
             std::function<void()> labelled)
    : options(std::move(given)),
      bell(options.bell),
      state(run_state),
      descriptors(state, recorder, options.labelled_paths),
      engine(architecture, state.labels, state.next_decision, listener,
             [](Address address, std::span<uint8_t> to) { return read_guest(address, to); }, decoder,
             options.rules),
      goroutines(
          architecture, engine.layout().word, [this](int number) { return cpu_register(number, big_endian()); },
          [this](Address at) { return word(at); }),
      labelled_(std::move(labelled)) {}

uint64_t Guest::word(Address address) const { return number(address, word_bytes()); }
uint64_t Guest::number(Address address, size_t bytes) const { return read_word(address, bytes, big_endian()); }

Endpoint Guest::endpoint_at(Address address, uint64_t length) const {
  if (address == 0) return {};
  return endpoint(read_guest(address, std::min<uint64_t>(length, sizeof(sockaddr_storage))), big_endian());
}

CallArguments Guest::unpack(int64_t number, const std::array<uint64_t, 6>& a) const {
  CallArguments call{call_of(architecture(), number), a, number};
  if (word_bytes() == 4)
    for (uint64_t& argument : call.a) argument &= 0xffffffff;
  if (call.call == Call::ipc) {
    // ipc(2): which of them, its first, second and third argument, a pointer.
    constexpr uint64_t sends = 11, receives = 12;
    if (call.a[0] != sends && call.a[0] != receives) return call;
    Address letter = call.a[4];
    // Version 0 gives the pointer and the type in memory.
    if (call.a[0] == receives) letter = word(letter);
    return {call.a[0] == sends ? Call::msgsnd : Call::msgrcv, {call.a[1], letter, call.a[2], 0, call.a[3]}, number};
  }
  if (call.call != Call::socketcall) return call;
  static constexpr Call calls[] = {Call::other,    Call::socket,     Call::bind,    Call::connect, Call::listen,
                                   Call::accept,   Call::getsockname, Call::getpeername, Call::socketpair, Call::send,
                                   Call::recv,     Call::sendto,     Call::recvfrom, Call::other,  Call::other,
                                   Call::getsockopt, Call::sendmsg,    Call::recvmsg, Call::accept4, Call::recvmmsg,
                                   Call::sendmmsg};
  call.call = call.a[0] < std::size(calls) ? calls[call.a[0]] : Call::other;
  const Address arguments = call.a[1];
  for (size_t i = 0; i < call.a.size(); ++i) call.a[i] = word(arguments + 4 * i);
  return call;
}

std::vector<Piece> Guest::vector(Address address, uint64_t entries, uint64_t count) const {
  std::vector<Piece> pieces;
  const size_t w = word_bytes();
  for (uint64_t i = 0; i < std::min(entries, max_vector) && count > 0; ++i) {
    const Address entry = address + i * 2 * w;
    pieces.push_back({word(entry), std::min(count, word(entry + w))});
    count -= pieces.back().count;
  }
  return pieces;
}

std::vector<uint8_t> Guest::content(std::span<const Piece> pieces) const {
  std::vector<uint8_t> data;
  for (const Piece& piece : pieces) {
    const auto part = read_guest(piece.at, std::min<uint64_t>(piece.count, max_event_data - data.size()));
    data.insert(data.end(), part.begin(), part.end());
    if (data.size() == max_event_data) break;
  }
  return data;
}

Label Guest::joined(Thread& thread, Address address, uint64_t count) {
  Label all = 0;
  for (uint64_t i = 0; i < count && !engine.shadow().empty(); ++i)
    all = thread.labels().join(all, engine.shadow().get(address + i));
  return all;
}

void Guest::put_labels(Address address, std::span<const Label> labels) {
  if (std::any_of(labels.begin(), labels.end(), [](Label l) { return l != 0; })) labelled_();
  engine.shadow().write(address, labels.size(), labels.data());
}

void Guest::clear_labels(std::span<const Piece> pieces) {
  static constexpr std::array<Label, piece_bytes> none{};
  if (engine.shadow().empty()) return;
  for (const Piece& piece : pieces)
    for (uint64_t done = 0; done < piece.count; done += piece_bytes)
      engine.shadow().write(piece.at + done, std::min(piece_bytes, piece.count - done), none.data());
}

Label Guest::joined(Thread& thread, const Channel& channel, uint64_t offset, uint64_t count) {
  Label all = 0;
  descriptors.channels().each(channel, offset, count, [&](uint64_t, std::span<const Label> labels) {
    for (const Label label : labels) all = thread.labels().join(all, label);
  });
  return all;
}

Label Guest::content_label(Thread& thread, int fd) {
  const Channel* channel = descriptors.file(fd);
  struct stat status {};  // lseek fails on a descriptor that only names its file
  const off_t size = fstat(fd, &status) == 0 ? status.st_size : 0;
  return channel == nullptr || size <= 0 ? Label{0} : joined(thread, *channel, 0, static_cast<uint64_t>(size));
}

Event Guest::action(Thread& thread, std::string_view kind) {
  Event event("action");
  event.number("pid", getpid()).text("kind", kind);
  std::string within = "[";
  for (const uint32_t decision : goroutines.within(thread.regions())) {
    if (within.size() > 1) within += ',';
    within += std::to_string(decision);
  }
  event.raw("within", within + "]");
  return event;
}

uint64_t position_before(int fd, uint64_t count) {
  return static_cast<uint64_t>(std::max<off_t>(lseek(fd, 0, SEEK_CUR), static_cast<off_t>(count))) - count;
}

}  // namespace shikake::taint::qemu
