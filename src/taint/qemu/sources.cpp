#include "taint/qemu/sources.h"

#include <unistd.h>

#include <algorithm>

#include "taint/qemu/guest_memory.h"

namespace shikake::taint::qemu {
void Sources::number(Labels& labels, uint16_t source, uint64_t offset, std::span<Label> to) {
  for (size_t i = 0; i < to.size(); ++i)
    to[i] = labels.join(to[i], labels.source(source, static_cast<uint32_t>(std::min<uint64_t>(offset + i, UINT32_MAX))));
}

uint64_t Sources::received(uint16_t flow, const End& end, const Transfer& transfer, std::span<const uint8_t> data) {
  if (end.channel == nullptr) return 0;
  if (transfer.peek) return end.channel->read.load();
  const uint64_t start = end.channel->read.fetch_add(transfer.count);
  if (flow == any_source) return start;
  Event event("received");
  event.number("pid", getpid())
      .number("source", flow)
      .number("offset", static_cast<int64_t>(start))
      .number("count", static_cast<int64_t>(transfer.count));
  if (!data.empty()) event.hex("data", data);
  guest_.recorder.write(std::move(event));
  return start;
}

void Sources::taken(Thread& thread, const Transfer& transfer, std::span<const Piece> pieces) {
  End end = guest_.descriptors.source(transfer.fd, transfer.peer);
  uint16_t source = 0;
  uint64_t at = 0;
  if (end.carrier == Carrier::flow) {
    source = guest_.descriptors.flow(transfer.fd, end);
    at = received(source, end, transfer, guest_.content(pieces));
  } else if (end.carrier == Carrier::file) {
    source = guest_.descriptors.labelled_file(transfer.fd, end.channel);
    at = transfer.offset ? *transfer.offset : position_before(transfer.fd, transfer.count);
  } else if (end.channel != nullptr) {
    at = transfer.peek ? end.channel->read.load() : end.channel->read.fetch_add(transfer.count);
  }
  fill(thread, end, source, at, end.carrier == Carrier::queue && !transfer.peek, pieces);
}

// `at`: where the bytes were in what carried them.
void Sources::fill(Thread& thread, const End& end, uint16_t source, uint64_t at, bool forget,
                   std::span<const Piece> pieces) {
  if (source == 0 && end.channel == nullptr) return guest_.clear_labels(pieces);
  std::vector<Label> labels(piece_bytes);
  for (const Piece& piece : pieces)
    for (uint64_t done = 0; done < piece.count; done += piece_bytes) {
      const auto part = std::span(labels).first(std::min(piece_bytes, piece.count - done));
      if (end.carrier == Carrier::flow || end.channel == nullptr) std::fill(part.begin(), part.end(), Label{0});
      else guest_.descriptors.channels().read(*end.channel, at, part, forget);
      if (source != 0) number(thread.labels(), source, at, part);
      guest_.put_labels(piece.at + done, part);
      at += part.size();
    }
}

// Behind a word that says its type: letters of one type come out in order.
void Sources::letter(Thread& thread, int queue, Address at, uint64_t count) {
  const End end = guest_.descriptors.letters(queue, guest_.word(at));
  const Piece pieces[] = {{at, guest_.word_bytes()}, {at + guest_.word_bytes(), count}};
  guest_.clear_labels(pieces);
  if (end.channel != nullptr) fill(thread, end, 0, end.channel->read.fetch_add(count), true, std::span(pieces).last(1));
}

void Sources::message(Thread& thread, Transfer transfer, Address header) {
  const size_t w = guest_.word_bytes();
  // What the kernel says of the message: whose it is, what came beside it, their lengths and flags (struct msghdr).
  const uint64_t named = std::min<uint64_t>(guest_.number(header + w, 4), sizeof(sockaddr_storage));
  const Piece beside[] = {{guest_.word(header), named}, {header + w, 4},
                          {guest_.word(header + 4 * w), std::min(guest_.word(header + 5 * w), piece_bytes)},
                          {header + 5 * w, w + 4}};
  guest_.clear_labels(beside);
  if (!transfer.peer.known()) transfer.peer = guest_.endpoint_at(guest_.word(header), guest_.number(header + w, 4));
  taken(thread, transfer, guest_.vector(guest_.word(header + 2 * w), guest_.word(header + 3 * w), transfer.count));
}

// struct mmsghdr: a msghdr of seven words, and how much of it was used.
void Sources::messages(Thread& thread, Transfer transfer, Address headers, uint64_t count) {
  const size_t w = guest_.word_bytes();
  for (uint64_t i = 0; i < std::min(count, max_vector); ++i) {
    const Piece length{headers + i * 8 * w + 7 * w, 4};
    guest_.clear_labels({&length, 1});
    transfer.count = guest_.number(length.at, 4);
    if (transfer.count != 0) message(thread, transfer, headers + i * 8 * w);
  }
}

}  // namespace shikake::taint::qemu
