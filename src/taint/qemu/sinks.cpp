#include "taint/qemu/sinks.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "taint/qemu/guest_memory.h"

namespace shikake::taint::qemu {
namespace {

bool opens_to_write(uint64_t flags) { return (flags & O_ACCMODE) != O_RDONLY; }

constexpr const char* no_room = "labels in files and pipes";

}  // namespace

void Sinks::announced(const Transfer& transfer, std::span<const Piece> pieces) {
  if (guest_.engine.shadow().empty()) return;
  const End end = guest_.descriptors.destination(transfer.fd, transfer.peer, false);
  if (end.carrier != Carrier::queue || end.channel == nullptr) return;
  write(*end.channel, end.channel->written.load(), pieces);
}

void Sinks::write(const Channel& channel, uint64_t at, std::span<const Piece> pieces) {
  std::vector<Label> labels(piece_bytes);
  for (const Piece& piece : pieces)
    for (uint64_t done = 0; done < piece.count; done += piece_bytes) {
      const auto part = std::span(labels).first(std::min(piece_bytes, piece.count - done));
      guest_.engine.shadow().read(piece.at + done, part.size(), part.data());
      if (!guest_.descriptors.channels().write(channel, at, part)) guest_.descriptors.lost(no_room);
      at += part.size();
    }
}

void Sinks::letter(Thread& thread, int queue, Address at, uint64_t count, bool sent) {
  if (guest_.engine.shadow().empty() && !sent) return;
  const End end = guest_.descriptors.letters(queue, guest_.word(at));
  if (end.channel == nullptr) return;
  const Piece piece{at + guest_.word_bytes(), count};
  write(*end.channel, end.channel->written.load(), {&piece, 1});
  if (!sent) return;
  const uint64_t start = end.channel->written.fetch_add(count);
  tell(thread, {.count = count}, end, start, guest_.joined(thread, piece.at, count), {}, {});
}

uint64_t Sinks::start_of(const Transfer& transfer, const End& end) {
  if (end.carrier != Carrier::file) return end.channel == nullptr ? 0 : end.channel->written.fetch_add(transfer.count);
  const uint64_t start = transfer.offset ? *transfer.offset : position_before(transfer.fd, transfer.count);
  if (end.channel != nullptr) Descriptors::reaches(*end.channel, start + transfer.count);
  return start;
}

void Sinks::given(Thread& thread, const Transfer& transfer, std::span<const Piece> pieces) {
  Label all = 0;
  for (const Piece& piece : pieces) all = thread.labels().join(all, guest_.joined(thread, piece.at, piece.count));
  const End end = guest_.descriptors.destination(transfer.fd, transfer.peer, (all | transfer.peer_label) != 0);
  if (end.carrier == Carrier::nothing) return;
  const uint64_t start = start_of(transfer, end);
  const bool flow = end.carrier == Carrier::flow;
  if (!flow && end.channel != nullptr) write(*end.channel, start, pieces);
  tell(thread, transfer, end, start, all, flow ? guest_.content(pieces) : std::vector<uint8_t>(),
       all == 0 ? std::vector<Part>() : parts(thread, start, pieces));
}

// Bytes went into a file, a queue or a flow.
void Sinks::tell(Thread& thread, const Transfer& transfer, const End& end, uint64_t start, Label label,
                 std::span<const uint8_t> data, const std::vector<Part>& parts) {
  const bool flow = end.carrier == Carrier::flow;
  if (!flow && label == 0) return;
  Event event = guest_.action(thread, flow ? "send" : "write");
  if (end.channel != nullptr) event.number("channel", static_cast<int64_t>(guest_.descriptors.channels().number(*end.channel)));
  event.number("offset", static_cast<int64_t>(start)).number("count", static_cast<int64_t>(transfer.count));
  if (flow) {
    const uint16_t known = end.channel == nullptr ? uint16_t{0} : end.channel->source.load();
    // Datagrams go to thousands of receivers when a program floods or scans: those are flows once labels are concerned.
    const bool connection = end.channel != nullptr && end.channel->key.kind == ChannelKind::socket;
    const bool wanted = connection || known != 0 || (label | transfer.peer_label) != 0;
    const uint16_t source = wanted ? guest_.descriptors.flow(transfer.fd, end) : uint16_t{0};
    if (source != any_source && source != 0) event.number("source", source);
    event.text("object", end.remote.text()).hex("data", data);
    // To whom was computed: told once.
    if (transfer.peer_label != 0 && end.channel != nullptr && !end.channel->settled.exchange(true)) {
      Event named = guest_.action(thread, "connect");
      named.text("object", end.remote.text()).label("label", thread.labels(), transfer.peer_label);
      if (source != any_source) named.number("source", source);
      guest_.recorder.write(std::move(named));
    }
  } else if (end.carrier == Carrier::file) {
    event.text("object", path_of(transfer.fd));
  }
  event.label("label", thread.labels(), label);
  if (parts.size() > 1) event.parts("parts", thread.labels(), parts);  // of one alone, all is said
  guest_.recorder.write(std::move(event));
}

std::vector<Part> Sinks::parts(Thread& thread, uint64_t start, std::span<const Piece> pieces) {
  uint64_t count = 0;
  for (const Piece& piece : pieces) count += piece.count;
  Parts found(thread.labels(), start, count);
  std::vector<Label> labels(piece_bytes);
  for (const Piece& piece : pieces)
    for (uint64_t done = 0; done < piece.count; done += piece_bytes) {
      const auto part = std::span(labels).first(std::min(piece_bytes, piece.count - done));
      guest_.engine.shadow().read(piece.at + done, part.size(), part.data());
      found.add(part);
    }
  return found.all();
}

void Sinks::message(Thread& thread, Transfer transfer, Address header) {
  const size_t w = guest_.word_bytes();
  const Address name = guest_.word(header);
  const uint64_t length = guest_.number(header + w, 4);
  transfer.peer = guest_.endpoint_at(name, length);
  if (transfer.peer.known()) transfer.peer_label = guest_.joined(thread, name + 2, length - 2);
  given(thread, transfer, guest_.vector(guest_.word(header + 2 * w), guest_.word(header + 3 * w), transfer.count));
}

void Sinks::messages(Thread& thread, Transfer transfer, Address headers, uint64_t count) {
  const size_t w = guest_.word_bytes();
  for (uint64_t i = 0; i < std::min(count, max_vector); ++i) {
    transfer.count = guest_.number(headers + i * 8 * w + 7 * w, 4);
    if (transfer.count != 0) message(thread, transfer, headers + i * 8 * w);
  }
}

void Sinks::read_carried(Thread& thread, const Carried& from, uint64_t done, std::span<Label> part, bool forget) {
  if (from.in.carrier == Carrier::flow || from.in.channel == nullptr) std::fill(part.begin(), part.end(), Label{0});
  else guest_.descriptors.channels().read(*from.in.channel, from.at + done, part, forget);
  if (from.source != 0) Sources::number(thread.labels(), from.source, from.at + done, part);
}

// A queue's reader may have them before the call is back. Nothing is counted yet, and what does not come is written over
// by what comes next.
void Sinks::carries(Thread& thread, Transfer from, const Transfer& to) {
  Descriptors& descriptors = guest_.descriptors;
  const End out = descriptors.destination(to.fd, {}, false);
  if (out.carrier != Carrier::queue || out.channel == nullptr) return;
  Carried carried{descriptors.source(from.fd, {})};
  if (carried.in.carrier == Carrier::nothing) return;
  if (carried.in.carrier == Carrier::flow) {
    carried.source = descriptors.flow(from.fd, carried.in);
    carried.at = carried.in.channel == nullptr ? 0 : carried.in.channel->read.load();
  } else if (carried.in.carrier == Carrier::file) {
    carried.source = descriptors.labelled_file(from.fd, carried.in.channel);
    carried.at = from.offset ? *from.offset : position_before(from.fd, 0);
    struct stat status;
    const bool known = fstat(from.fd, &status) == 0 && S_ISREG(status.st_mode);
    const auto size = static_cast<uint64_t>(known ? std::max<off_t>(status.st_size, 0) : 0);
    from.count = std::min(from.count, size - std::min(size, carried.at));
  } else if (carried.in.channel != nullptr) {
    carried.at = carried.in.channel->read.load();
    from.count = std::min(from.count, carried.in.channel->written.load() - carried.at);
  }
  std::vector<Label> labels(piece_bytes);
  for (uint64_t done = 0; done < from.count && (carried.source != 0 || carried.in.channel != nullptr); done += piece_bytes) {
    const auto part = std::span(labels).first(std::min(piece_bytes, from.count - done));
    read_carried(thread, carried, done, part, false);
    if (!descriptors.channels().write(*out.channel, out.channel->written.load() + done, part)) descriptors.lost(no_room);
  }
}

void Sinks::carried(Thread& thread, const Transfer& from, const Transfer& to) {
  Descriptors& descriptors = guest_.descriptors;
  Carried carried{descriptors.source(from.fd, {})};
  End& in = carried.in;
  if (in.carrier == Carrier::nothing) return;
  if (in.carrier == Carrier::flow) {
    carried.source = descriptors.flow(from.fd, in);
    carried.at = sources_.received(carried.source, in, from, {});
  } else if (in.carrier == Carrier::file) {
    carried.source = descriptors.labelled_file(from.fd, in.channel);
    carried.at = from.offset ? *from.offset : position_before(from.fd, from.count);
  } else if (in.channel != nullptr) {
    carried.at = from.peek ? in.channel->read.load() : in.channel->read.fetch_add(from.count);
  }
  // To a file, only labels are worth a channel: look first whether there are any.
  std::vector<Label> labels(std::min(from.count, piece_bytes));
  const auto labels_at = [&](uint64_t done, bool forget) {
    const auto part = std::span(labels).first(std::min(piece_bytes, from.count - done));
    read_carried(thread, carried, done, part, forget);
    return part;
  };
  Label all = 0;
  for (uint64_t done = 0; done < from.count && (carried.source != 0 || in.channel != nullptr); done += piece_bytes)
    for (const Label label : labels_at(done, false)) all = thread.labels().join(all, label);
  const End out = descriptors.destination(to.fd, {}, all != 0);
  if (out.carrier == Carrier::nothing) return;
  const uint64_t start = start_of(to, out);
  Parts parts(thread.labels(), start, from.count);
  for (uint64_t done = 0; done < from.count && (out.channel != nullptr || in.channel != nullptr); done += piece_bytes) {
    const auto part = labels_at(done, in.carrier == Carrier::queue && !from.peek);
    if (all != 0) parts.add(part);
    if (out.channel == nullptr || out.carrier == Carrier::flow) continue;
    if (!descriptors.channels().write(*out.channel, start + done, part)) descriptors.lost(no_room);
  }
  tell(thread, to, out, start, all, {}, parts.all());
}

void Sinks::path(Thread& thread, const CallArguments& call, int64_t result) {
  const bool at = call.call == Call::openat || call.call == Call::openat2 || call.call == Call::unlinkat ||
                  call.call == Call::mkdirat || call.call == Call::renameat || call.call == Call::renameat2 ||
                  call.call == Call::fchmodat;
  const Address path = call.a[at ? 1 : 0];
  const std::string text = read_string(path);
  const Label label = guest_.joined(thread, path, text.size());
  const bool opens = call.call == Call::open || call.call == Call::openat || call.call == Call::openat2;
  const uint64_t flags = call.call == Call::openat2 ? guest_.number(call.a[2], 8) : call.a[at ? 2 : 1];
  const bool writes = !opens || opens_to_write(flags);
  if ((opens || call.call == Call::creat) && writes && result >= 0) guest_.descriptors.opened(static_cast<int>(result));
  // Opening to read is done all the time; it counts when received bytes named the file.
  if (!writes && label == 0) return;
  Event event = guest_.action(thread, (opens && writes) || call.call == Call::creat ? "create" : name(call.call));
  event.text("object", text).number("result", result).label("label", thread.labels(), label);
  if (call.call == Call::rename) event.text("arguments", read_string(call.a[1]));
  if (call.call == Call::renameat || call.call == Call::renameat2) event.text("arguments", read_string(call.a[3]));
  guest_.recorder.write(std::move(event));
}

void Sinks::connects(Thread& thread, int fd, Address address, uint64_t length, int64_t result) {
  const Endpoint to = guest_.endpoint_at(address, length);
  if (!to.known()) return;
  const Label label = guest_.joined(thread, address + 2, std::min<uint64_t>(length, sizeof(sockaddr_storage)) - 2);
  Event event = guest_.action(thread, "connect");
  event.text("object", to.text()).number("result", result).label("label", thread.labels(), label);
  // Only an address that was computed makes a flow before there are bytes: scanners call on thousands.
  if (label != 0) {
    const End end = guest_.descriptors.destination(fd, to, true);
    const uint16_t source = end.carrier == Carrier::flow ? guest_.descriptors.flow(fd, end) : uint16_t{0};
    if (source != any_source) event.number("source", source);
  }
  guest_.recorder.write(std::move(event));
}

void Sinks::simple(Thread& thread, unsigned thread_number, const CallArguments& call) {
  const bool signal = call.call == Call::kill || call.call == Call::tkill || call.call == Call::tgkill;
  const uint64_t number = call.a[call.call == Call::tgkill ? 2 : 1];
  if (signal && number == 0) return;  // asks whether the process is there
  // A thread's signals to its own process are abort() and its like.
  if ((call.call == Call::tgkill && call.a[0] == static_cast<uint64_t>(getpid())) ||
      (call.call == Call::tkill && call.a[0] == static_cast<uint64_t>(gettid())))
    return;
  Event event = guest_.action(thread, signal ? "kill" : name(call.call));
  event.number("thread", thread_number).number("argument", static_cast<int64_t>(call.a[0]));
  guest_.recorder.write(std::move(event));
}

void Sinks::failed(unsigned thread_number, std::string_view kind, int64_t result) {
  Event event("failed");
  event.number("pid", getpid()).number("thread", thread_number).text("kind", kind).number("result", result);
  guest_.recorder.write(std::move(event));
}

}  // namespace shikake::taint::qemu
