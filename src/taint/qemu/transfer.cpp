// Calls that move bytes without the program's memory in between (sendfile, splice), and many messages at once.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "taint/qemu/guest_memory.h"
#include "taint/qemu/plugin.h"

namespace shikake::taint::qemu {
namespace {

// Labels are moved in pieces of this size.
constexpr uint64_t piece_bytes = 4096;
// More messages than this the kernel does not take (UIO_MAXIOV).
constexpr uint64_t max_messages = 1024;

// Where a file's bytes were, given that `count` of them have just gone by.
uint64_t position(int fd, uint64_t count) {
  return static_cast<uint64_t>(std::max<off_t>(lseek(fd, 0, SEEK_CUR), static_cast<off_t>(count))) - count;
}

}  // namespace

// struct mmsghdr: a msghdr of seven words, and how much of it was used.
void Plugin::messages(Thread& thread, const CallArguments& call, uint64_t count) {
  const size_t w = word_bytes();
  const auto fd = static_cast<int>(call.a[0]);
  for (uint64_t i = 0; i < std::min(count, max_messages); ++i) {
    const Address message = call.a[1] + i * 8 * w;
    const uint64_t length = read_word(message + 7 * w, 4, architecture() == Architecture::mips);
    if (length == 0) continue;
    if (call.call == Call::recvmmsg) message_received(thread, fd, message, length);
    else message_sent(thread, fd, message, length);
  }
}

// An offset that the kernel has moved on by `count`, as it was before; nothing when there is no pointer to one.
std::optional<uint64_t> Plugin::before(Address pointer, size_t bytes, uint64_t count) const {
  if (pointer == 0) return std::nullopt;
  return read_word(pointer, bytes, engine_.architecture() == Architecture::mips) - count;
}

void Plugin::sent_file(Thread& thread, const CallArguments& call, uint64_t count) {
  const auto offset = before(call.a[2], call.call == Call::sendfile64 ? 8 : word_bytes(), count);
  carried(thread, static_cast<int>(call.a[1]), static_cast<int>(call.a[0]), offset, std::nullopt, count);
}

// tee: a pipe's next bytes are in another pipe too, and stay where they are.
void Plugin::doubled(int from, int to, uint64_t count) {
  const Channel* in = channels_.of(from);
  Channel* out = channels_.of(to);
  if (in == nullptr || out == nullptr) return;
  const uint64_t read_at = in->read.load(), written_at = out->written.fetch_add(count);
  std::vector<Label> labels(std::min(count, piece_bytes));
  for (uint64_t done = 0; done < count; done += piece_bytes) {
    const auto part = std::span(labels).first(std::min(piece_bytes, count - done));
    channels_.read(*in, read_at + done, part, false);
    channels_.write(*out, written_at + done, part);
  }
}

void Plugin::carried(Thread& thread, int from, int to, std::optional<uint64_t> from_offset,
                     std::optional<uint64_t> to_offset, uint64_t count) {
  Channel* in = channels_.of(from);
  Channel* out = channels_.of(to);
  if (in == nullptr || out == nullptr) return;
  out = channels_.other_end(*out);
  const bool received = is_network(from), network = is_network(to);
  const uint16_t source = received ? flow(from, *in) : labelled_file(from, *in);
  const bool in_stream = received || in->kind == ChannelKind::stream;
  const bool out_stream = network || out->kind == ChannelKind::stream;
  const uint64_t read_at = in_stream ? in->read.fetch_add(count) : from_offset.value_or(position(from, count));
  const uint64_t written_at = out_stream ? out->written.fetch_add(count) : to_offset.value_or(position(to, count));
  if (received) {
    Event event("received");
    event.number("pid", getpid()).number("source", source).number("offset", static_cast<int64_t>(read_at));
    event.number("count", static_cast<int64_t>(count));
    recorder_.write(std::move(event));
  }
  std::vector<Label> labels(std::min(count, piece_bytes));
  Label all = 0;
  for (uint64_t done = 0; done < count; done += piece_bytes) {
    const auto part = std::span(labels).first(std::min(piece_bytes, count - done));
    std::fill(part.begin(), part.end(), Label{0});
    if (!received) channels_.read(*in, read_at + done, part, in_stream);
    for (size_t i = 0; i < part.size(); ++i) {
      if (source != 0) {
        const uint64_t at = std::min<uint64_t>(read_at + done + i, UINT32_MAX);
        part[i] = thread.labels().join(part[i], thread.labels().source(source, static_cast<uint32_t>(at)));
      }
      all = thread.labels().join(all, part[i]);
    }
    if (!network) channels_.write(*out, written_at + done, part);
  }
  tell_sent(thread, to, *out, written_at, count, all, {});
}

}  // namespace shikake::taint::qemu
