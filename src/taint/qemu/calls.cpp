// System calls: where labels come from and what they may reach.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "taint/qemu/guest_memory.h"
#include "taint/qemu/plugin.h"

namespace shikake::taint::qemu {
namespace {

std::string to_text(const sockaddr_storage& address, socklen_t length) {
  char host[INET6_ADDRSTRLEN] = "";
  char text[INET6_ADDRSTRLEN + 16] = "";
  if (address.ss_family == AF_INET && length >= sizeof(sockaddr_in)) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &in.sin_addr, host, sizeof host);
    std::snprintf(text, sizeof text, "%s:%u", host, ntohs(in.sin_port));
  } else if (address.ss_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    const auto& in = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &in.sin6_addr, host, sizeof host);
    std::snprintf(text, sizeof text, "[%s]:%u", host, ntohs(in.sin6_port));
  }
  return text;
}

// Content is moved in pieces of this size, so that a megabyte's labels are no megabytes on the stack.
constexpr size_t piece_bytes = 4096;
// Vectors longer than the kernel's own limit don't exist.
constexpr uint64_t max_vector = 1024;

// A program's content is looked at up to here; what comes after is its data.
constexpr off_t max_content = off_t{16} << 20;

bool opens_to_write(uint64_t flags) { return (flags & O_ACCMODE) != O_RDONLY; }

}  // namespace

// i386 and MIPS may call socket functions through one number and arguments in memory.
CallArguments Plugin::unpack(int64_t number, const std::array<uint64_t, 6>& a) const {
  CallArguments call{call_of(engine_.architecture(), number), a};
  if (engine_.architecture() != Architecture::x86_64 && engine_.architecture() != Architecture::aarch64)
    for (uint64_t& argument : call.a) argument &= 0xffffffff;
  if (call.call != Call::socketcall) return call;
  static constexpr Call calls[] = {Call::other,    Call::socket,     Call::bind,    Call::connect, Call::listen,
                                   Call::accept,   Call::other,      Call::other,   Call::socketpair, Call::send,
                                   Call::recv,     Call::sendto,     Call::recvfrom, Call::other,  Call::other,
                                   Call::other,    Call::sendmsg,    Call::recvmsg, Call::accept4, Call::recvmmsg,
                                   Call::sendmmsg};
  call.call = call.a[0] < std::size(calls) ? calls[call.a[0]] : Call::other;
  const Address arguments = call.a[1];
  for (size_t i = 0; i < call.a.size(); ++i) call.a[i] = word(arguments + 4 * i);
  return call;
}

uint64_t Plugin::word(Address address) const {
  return read_word(address, word_bytes(), engine_.architecture() == Architecture::mips);
}

bool Plugin::is_network(int fd) const {
  int domain = 0;
  socklen_t length = sizeof domain;
  return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && (domain == AF_INET || domain == AF_INET6);
}

uint16_t Plugin::flow(int fd, Channel& channel) {
  if (channel.source != 0) return channel.source;
  channel.kind = ChannelKind::network;
  channel.source = static_cast<uint16_t>(state_.next_source.fetch_add(1) + 1);
  int type = 0;
  socklen_t length = sizeof type;
  getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length);
  sockaddr_storage local{}, remote{};
  socklen_t local_length = sizeof local, remote_length = sizeof remote;
  getsockname(fd, reinterpret_cast<sockaddr*>(&local), &local_length);
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&remote), &remote_length) != 0) remote_length = 0;
  Event event("source");
  event.number("pid", getpid())
      .number("source", channel.source)
      .text("kind", "flow")
      .text("protocol", type == SOCK_DGRAM ? "udp" : "tcp")
      .text("local", to_text(local, local_length))
      .text("remote", to_text(remote, remote_length));
  recorder_.write(std::move(event));
  return channel.source;
}

uint16_t Plugin::labelled_file(int fd, Channel& channel) {
  if (channel.source != 0 || options_.labelled_paths.empty()) return channel.source;
  char link[64], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path);
  if (length <= 0) return 0;
  const std::string_view name(path, static_cast<size_t>(length));
  if (std::none_of(options_.labelled_paths.begin(), options_.labelled_paths.end(),
                   [&](const std::string& prefix) { return name.starts_with(prefix); }))
    return 0;
  channel.source = static_cast<uint16_t>(state_.next_source.fetch_add(1) + 1);
  Event event("source");
  event.number("pid", getpid()).number("source", channel.source).text("kind", "file").text("path", name);
  recorder_.write(std::move(event));
  return channel.source;
}

void Plugin::put_labels(Thread&, Address address, std::span<const Label> labels) {
  const bool labelled = std::any_of(labels.begin(), labels.end(), [](Label l) { return l != 0; });
  if (labelled) activate();
  engine_.shadow().write(address, labels.size(), labels.data());
}

void Plugin::received(Thread& thread, int fd, Address buffer, uint64_t count) {
  Channel* channel = channels_.of(fd);
  if (channel == nullptr) return;
  if (!is_network(fd)) {
    read_back(thread, fd, buffer, count, std::nullopt);
    return;
  }
  const uint16_t source = flow(fd, *channel);
  const uint64_t start = channel->read.fetch_add(count);
  Event event("received");
  event.number("pid", getpid())
      .number("source", source)
      .number("offset", static_cast<int64_t>(start))
      .number("count", static_cast<int64_t>(count))
      .hex("data", read_guest(buffer, std::min<uint64_t>(count, max_event_data)));
  recorder_.write(std::move(event));
  std::vector<Label> labels(std::min<uint64_t>(count, piece_bytes));
  for (uint64_t done = 0; done < count; done += piece_bytes) {
    const size_t part = std::min<uint64_t>(piece_bytes, count - done);
    for (size_t i = 0; i < part; ++i) {
      const uint64_t offset = start + done + i;
      labels[i] = thread.labels().source(source, static_cast<uint32_t>(std::min<uint64_t>(offset, UINT32_MAX)));
    }
    put_labels(thread, buffer + done, std::span(labels).first(part));
  }
}

// Bytes that come back from a file or out of a pipe, with the labels they went in with.
void Plugin::read_back(Thread& thread, int fd, Address buffer, uint64_t count, std::optional<uint64_t> offset) {
  Channel* channel = channels_.of(fd);
  if (channel == nullptr) return;
  const bool stream = channel->kind == ChannelKind::stream;
  uint64_t start = 0;
  if (stream) start = channel->read.fetch_add(count);
  else if (offset) start = *offset;
  else start = static_cast<uint64_t>(std::max<off_t>(lseek(fd, 0, SEEK_CUR), static_cast<off_t>(count))) - count;
  const uint16_t source = stream ? uint16_t{0} : labelled_file(fd, *channel);
  std::vector<Label> labels(std::min<uint64_t>(count, piece_bytes));
  for (uint64_t done = 0; done < count; done += piece_bytes) {
    const auto part = std::span(labels).first(std::min<uint64_t>(piece_bytes, count - done));
    channels_.read(*channel, start + done, part, stream);
    for (size_t i = 0; source != 0 && i < part.size(); ++i)
      part[i] = thread.labels().join(
          part[i], thread.labels().source(source, static_cast<uint32_t>(std::min<uint64_t>(start + done + i, UINT32_MAX))));
    put_labels(thread, buffer + done, part);
  }
}

// The offset of pread and its like. ARM and MIPS begin a 64-bit argument at an even register; preadv gives words.
uint64_t Plugin::file_offset(const CallArguments& call) const {
  if (word_bytes() == 8) return call.a[3];
  const bool words = call.call == Call::preadv || call.call == Call::pwritev;
  const size_t at = words || architecture() == Architecture::i386 ? 3 : 4;
  const bool high_first = !words && architecture() == Architecture::mips;
  return call.a[high_first ? at + 1 : at] | call.a[high_first ? at : at + 1] << 32;
}

// Where the first of `count` bytes that have just gone by lies in a file; nothing for what has no places.
std::optional<uint64_t> Plugin::began(int fd, uint64_t count) {
  const off_t now = lseek(fd, 0, SEEK_CUR);
  if (now < 0) return std::nullopt;
  return static_cast<uint64_t>(std::max<off_t>(now, static_cast<off_t>(count))) - count;
}

void Plugin::scatter(Thread& thread, const CallArguments& call, uint64_t count, std::optional<uint64_t> offset) {
  const size_t w = word_bytes();
  const auto fd = static_cast<int>(call.a[0]);
  if (!offset) offset = began(fd, count);
  for (uint64_t i = 0; i < std::min(call.a[2], max_vector) && count > 0; ++i) {
    const Address entry = call.a[1] + i * 2 * w;
    const uint64_t part = std::min(count, word(entry + w));
    if (offset) read_back(thread, fd, word(entry), part, offset);
    else received(thread, fd, word(entry), part);
    if (offset) *offset += part;
    count -= part;
  }
}

void Plugin::message_received(Thread& thread, int fd, Address message, uint64_t count) {
  const size_t w = word_bytes();
  scatter(thread, {Call::readv, {static_cast<uint64_t>(fd), word(message + 2 * w), word(message + 3 * w)}}, count, std::nullopt);
}

Label Plugin::joined(Thread& thread, Address address, uint64_t count) {
  Label all = 0;
  for (uint64_t i = 0; i < count && !engine_.shadow().empty(); ++i)
    all = thread.labels().join(all, engine_.shadow().get(address + i));
  return all;
}

Event Plugin::action(Thread& thread, std::string_view kind) {
  Event event("action");
  event.number("pid", getpid()).text("kind", kind);
  std::string within = "[";
  for (const Region& region : thread.regions()) {
    if (within.size() > 1) within += ',';
    within += std::to_string(region.decision);
  }
  event.raw("within", within + "]");
  return event;
}

void Plugin::sent(Thread& thread, int fd, Address buffer, uint64_t count, std::optional<uint64_t> offset) {
  Channel* channel = channels_.of(fd);
  if (channel == nullptr) return;
  channel = channels_.other_end(*channel);
  const bool network = is_network(fd);
  const bool stream = channel->kind == ChannelKind::stream;
  uint64_t start = 0;
  if (network || stream) start = channel->written.fetch_add(count);
  else if (offset) start = *offset;
  else start = static_cast<uint64_t>(std::max<off_t>(lseek(fd, 0, SEEK_CUR), static_cast<off_t>(count))) - count;
  std::vector<Label> labels(std::min<uint64_t>(count, piece_bytes));
  Label all = 0;
  for (uint64_t done = 0; done < count; done += piece_bytes) {
    const auto part = std::span(labels).first(std::min<uint64_t>(piece_bytes, count - done));
    engine_.shadow().read(buffer + done, part.size(), part.data());
    for (const Label label : part) all = thread.labels().join(all, label);
    if (!network) channels_.write(*channel, start + done, part);
  }
  tell_sent(thread, fd, *channel, start, count, all,
            network ? read_guest(buffer, std::min<uint64_t>(count, max_event_data)) : std::vector<uint8_t>());
}

// Bytes went into a file, a stream or the network.
void Plugin::tell_sent(Thread& thread, int fd, Channel& channel, uint64_t start, uint64_t count, Label all,
                       std::span<const uint8_t> data) {
  const bool network = is_network(fd);
  if (network) flow(fd, channel);
  if (!network && all == 0) return;
  Event event = action(thread, network ? "send" : "write");
  event.number("channel", static_cast<int64_t>(channels_.number(channel)))
      .number("offset", static_cast<int64_t>(start))
      .number("count", static_cast<int64_t>(count));
  if (network) event.number("source", channel.source).hex("data", data);
  if (!network && channel.kind != ChannelKind::stream) {
    char link[64], path[4096];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, sizeof path);
    event.text("object", std::string_view(path, static_cast<size_t>(std::max<ssize_t>(length, 0))));
  }
  event.label("label", thread.labels(), all);
  recorder_.write(std::move(event));
}

void Plugin::paired(Address descriptors) {
  const bool big_endian = architecture() == Architecture::mips;
  Channel* a = channels_.of(static_cast<int>(read_word(descriptors, 4, big_endian)));
  Channel* b = channels_.of(static_cast<int>(read_word(descriptors + 4, 4, big_endian)));
  if (a != nullptr && b != nullptr) channels_.pair(*a, *b);
}

// A reader may have a pipe's bytes before the writer's call is back: their labels must be there first.
void Plugin::announce(int fd, Address buffer, uint64_t count) {
  if (engine_.shadow().empty() || is_network(fd)) return;
  Channel* channel = channels_.of(fd);
  if (channel == nullptr || channel->kind != ChannelKind::stream) return;
  channel = channels_.other_end(*channel);
  const uint64_t start = channel->written.load();
  std::vector<Label> labels(piece_bytes);
  for (uint64_t done = 0; done < std::min<uint64_t>(count, max_content); done += piece_bytes) {
    const auto part = std::span(labels).first(std::min<uint64_t>(piece_bytes, count - done));
    engine_.shadow().read(buffer + done, part.size(), part.data());
    channels_.write(*channel, start + done, part);
  }
}

void Plugin::gather(Thread& thread, const CallArguments& call, uint64_t count, std::optional<uint64_t> offset) {
  const size_t w = word_bytes();
  if (!offset) offset = began(static_cast<int>(call.a[0]), count);
  for (uint64_t i = 0; i < std::min(call.a[2], max_vector) && count > 0; ++i) {
    const Address entry = call.a[1] + i * 2 * w;
    const uint64_t part = std::min(count, word(entry + w));
    sent(thread, static_cast<int>(call.a[0]), word(entry), part, offset);
    if (offset) *offset += part;
    count -= part;
  }
}

void Plugin::message_sent(Thread& thread, int fd, Address message, uint64_t count) {
  const size_t w = word_bytes();
  gather(thread, {Call::writev, {static_cast<uint64_t>(fd), word(message + 2 * w), word(message + 3 * w)}}, count, std::nullopt);
}

void Plugin::path_action(Thread& thread, const CallArguments& call, int64_t result) {
  const bool at = call.call == Call::openat || call.call == Call::unlinkat || call.call == Call::mkdirat ||
                  call.call == Call::renameat || call.call == Call::renameat2 || call.call == Call::fchmodat;
  const Address path = call.a[at ? 1 : 0];
  const std::string text = read_string(path);
  const Label label = joined(thread, path, text.size());
  const bool opens = call.call == Call::open || call.call == Call::openat;
  const bool writes = !opens || opens_to_write(call.a[at ? 2 : 1]);
  // Opening to read is done all the time; it counts when received bytes named the file.
  if (!writes && label == 0) return;
  Event event = action(thread, opens && writes ? "create" : name(call.call));
  event.text("object", text).number("result", result).label("label", thread.labels(), label);
  if (call.call == Call::rename) event.text("arguments", read_string(call.a[1]));
  if (call.call == Call::renameat || call.call == Call::renameat2) event.text("arguments", read_string(call.a[3]));
  recorder_.write(std::move(event));
}

void Plugin::connecting(Thread& thread, const CallArguments& call, int64_t result) {
  const auto fd = static_cast<int>(call.a[0]);
  if (!is_network(fd)) return;
  const std::vector<uint8_t> bytes = read_guest(call.a[1], std::min<uint64_t>(call.a[2], sizeof(sockaddr_storage)));
  sockaddr_storage address{};
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<uint8_t*>(&address));
  if (bytes.size() >= 2)  // the family is in the guest's byte order
    address.ss_family = static_cast<sa_family_t>(read_word(call.a[1], 2, engine_.architecture() == Architecture::mips));
  Channel* channel = channels_.of(fd);
  // A failed connect has no peer; the number is the flow's all the same.
  const uint16_t source = channel == nullptr ? uint16_t{0} : flow(fd, *channel);
  Event event = action(thread, "connect");
  event.text("object", to_text(address, static_cast<socklen_t>(bytes.size())))
      .number("source", source)
      .number("result", result)
      .label("label", thread.labels(), joined(thread, call.a[1] + 2, bytes.size() > 2 ? bytes.size() - 2 : 0));
  recorder_.write(std::move(event));
}

void Plugin::simple_action(Thread& thread, unsigned vcpu, const CallArguments& call) {
  if (call.call == Call::kill && static_cast<int64_t>(call.a[1]) == 0) return;
  Event event = action(thread, name(call.call));
  event.number("thread", vcpu).number("argument", static_cast<int64_t>(call.a[0]));
  recorder_.write(std::move(event));
}

// An action that was told of before its call is back, as it may not come back: it did, and failed.
void Plugin::failed(unsigned vcpu, std::string_view kind, int64_t result) {
  Event event("failed");
  event.number("pid", getpid()).number("thread", vcpu).text("kind", kind).number("result", result);
  recorder_.write(std::move(event));
}

void Plugin::executing(Thread& thread, unsigned vcpu, const CallArguments& call) {
  const OwnWork quiet(bell_);
  const bool at = call.call == Call::execveat;
  const Address path = call.a[at ? 1 : 0];
  std::string text = read_string(path);
  Label label = joined(thread, path, text.size());
  std::vector<Argument> arguments = string_list(thread, call.a[at ? 2 : 1]);
  std::string line;
  for (const Argument& argument : arguments) {
    label = thread.labels().join(label, argument.label);
    if (!line.empty()) line += ' ';
    line += argument.text;
  }
  if (at && (text.empty() || text[0] != '/')) {
    // Relative to a descriptor, or the descriptor itself.
    const auto fd = static_cast<int>(call.a[0]);
    if (fd != AT_FDCWD) text = "/proc/self/fd/" + std::to_string(fd) + (text.empty() ? "" : "/" + text);
  }
  Event event = action(thread, "exec");
  event.number("thread", vcpu).text("object", text).text("arguments", line).label("label", thread.labels(), label);
  // What is in the file, by where its bytes came from.
  const int file = open(text.c_str(), O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    if (const Channel* channel = channels_.of(file)) event.number("channel", static_cast<int64_t>(channels_.number(*channel)));
    event.label("content", thread.labels(), content_label(thread, file));
    close(file);
  }
  recorder_.write(std::move(event));
  start_program(std::move(text), std::move(arguments), string_list(thread, call.a[at ? 3 : 2]));
}

// The labels of a file's bytes, all together.
Label Plugin::content_label(Thread& thread, int fd) {
  const Channel* channel = channels_.of(fd);
  const off_t size = lseek(fd, 0, SEEK_END);
  Label all = 0;
  std::vector<Label> labels(piece_bytes);
  for (off_t done = 0; channel != nullptr && done < std::min<off_t>(size, max_content); done += piece_bytes) {
    channels_.read(*channel, static_cast<uint64_t>(done), labels, false);
    for (const Label label : labels) all = thread.labels().join(all, label);
  }
  return all;
}

void Plugin::before_call(unsigned vcpu, int64_t number, std::array<uint64_t, 6> arguments) {
  Thread& t = thread(vcpu);
  t.flush();
  calls_[vcpu] = unpack(number, arguments);
  const CallArguments& call = calls_[vcpu];
  constexpr uint64_t share_memory = 0x100;  // CLONE_VM
  if (call.call == Call::clone && (call.a[0] & share_memory) != 0) inherited_ = t.save_registers();
  switch (call.call) {
    case Call::execve: case Call::execveat:
      tell_written(t, 0, ~Address{0});
      executing(t, vcpu, call);
      break;
    case Call::signal: case Call::sigaction: case Call::rt_sigaction: note_handler(call); break;
    case Call::sigreturn: case Call::rt_sigreturn: frame_returns(vcpu, call); break;
    case Call::write: case Call::send: case Call::sendto:
      announce(static_cast<int>(call.a[0]), call.a[1], call.a[2]);
      break;
    case Call::exit_group: case Call::kill: case Call::reboot: case Call::fork: case Call::vfork:
    case Call::clone: case Call::ptrace: case Call::init_module: case Call::finit_module:
    case Call::mount: simple_action(t, vcpu, call); break;
    default: break;
  }
}

void Plugin::after_call(unsigned vcpu, int64_t, int64_t result) {
  Thread& t = thread(vcpu);
  const CallArguments& call = calls_[vcpu];
  const auto fd = static_cast<int>(call.a[0]);
  const auto count = static_cast<uint64_t>(result);
  switch (call.call) {
    case Call::read: case Call::recv: case Call::recvfrom:
      if (result > 0) received(t, fd, call.a[1], count);
      break;
    case Call::readv: if (result > 0) scatter(t, call, count, std::nullopt); break;
    case Call::preadv: if (result > 0) scatter(t, call, count, file_offset(call)); break;
    case Call::recvmsg: if (result > 0) message_received(t, fd, call.a[1], count); break;
    case Call::recvmmsg: case Call::sendmmsg: if (result > 0) messages(t, call, count); break;
    case Call::sendfile: case Call::sendfile64: if (result > 0) sent_file(t, call, count); break;
    case Call::splice: case Call::copy_file_range:
      if (result > 0)
        carried(t, fd, static_cast<int>(call.a[2]), before(call.a[1], 8, count), before(call.a[3], 8, count), count);
      break;
    case Call::tee: if (result > 0) doubled(fd, static_cast<int>(call.a[1]), count); break;
    case Call::pread: if (result > 0) read_back(t, fd, call.a[1], count, file_offset(call)); break;
    case Call::write: case Call::send: case Call::sendto:
      if (result > 0) sent(t, fd, call.a[1], count, std::nullopt);
      break;
    case Call::pwrite: if (result > 0) sent(t, fd, call.a[1], count, file_offset(call)); break;
    case Call::writev: case Call::vmsplice: if (result > 0) gather(t, call, count, std::nullopt); break;
    case Call::pwritev: if (result > 0) gather(t, call, count, file_offset(call)); break;
    case Call::sendmsg: if (result > 0) message_sent(t, fd, call.a[1], count); break;
    case Call::open: case Call::openat: case Call::creat: case Call::unlink: case Call::unlinkat:
    case Call::rename: case Call::renameat: case Call::renameat2: case Call::mkdir: case Call::mkdirat:
    case Call::chmod: case Call::fchmodat: path_action(t, call, result); break;
    case Call::connect: connecting(t, call, result); break;
    case Call::execve: case Call::execveat: failed(vcpu, "exec", result); break;
    case Call::kill: case Call::reboot: case Call::ptrace: case Call::init_module: case Call::finit_module:
    case Call::mount:
      if (result < 0) failed(vcpu, name(call.call), result);
      break;
    case Call::socketpair:
      if (result == 0) paired(call.a[3]);
      break;
    case Call::munmap:
      forget_mappings();
      if (result == 0) unmapped(t, call.a[0], call.a[1]);
      break;
    case Call::mmap: case Call::mmap2: case Call::old_mmap: case Call::mremap: mapped(t, call, result); break;
    case Call::msync: tell_written(t, call.a[0], call.a[0] + call.a[1]); break;
    case Call::shmat: case Call::ipc: attached(call, result); break;
    case Call::sigreturn: case Call::rt_sigreturn: return frame_returned(vcpu);
    default: break;
  }
  t.set_register(engine_.layout().result, engine_.layout().word, 0);
}

}  // namespace shikake::taint::qemu
