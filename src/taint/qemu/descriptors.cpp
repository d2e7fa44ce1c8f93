#include "taint/qemu/descriptors.h"

#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace shikake::taint::qemu {
namespace {

// A connect that is under way is waited for by the accept that it leads to: not for ever, as it may have been killed.
constexpr int most_waits = 100000;

// What a queue's number is made of, so that no two kinds meet.
enum class Queue : uint64_t { pair = 1, internet, unix_name, letters };

uint64_t number_of(Queue kind, std::initializer_list<uint64_t> parts) {
  uint64_t number = static_cast<uint64_t>(kind);
  for (const uint64_t part : parts) {
    number = (number ^ part) * 0x9e3779b97f4a7c15u;
    number ^= number >> 32;
  }
  return number | 1;
}

uint64_t internet_queue(int type, const Endpoint& from, const Endpoint& to) {
  return number_of(Queue::internet, {static_cast<uint64_t>(type), from.port, to.port});
}

ChannelKey listener(int type, uint16_t port) { return {ChannelKind::listener, static_cast<uint64_t>(type), port}; }

bool same_machine(const Endpoint& local, const Endpoint& remote) {
  return remote.known() && (remote.loopback() || (local.family == remote.family && local.host == remote.host));
}

int option(int fd, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  return getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 ? value : -1;
}

// As the record of flows has it. Echo requests go by raw sockets and by those of datagrams.
const char* transport(int fd) {
  const int protocol = option(fd, SO_PROTOCOL);
  if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6) return "icmp";
  switch (option(fd, SO_TYPE)) {
    case SOCK_STREAM: return "tcp";
    case SOCK_DGRAM: return "udp";
    default: return protocol == IPPROTO_UDP ? "udp" : protocol == IPPROTO_TCP ? "tcp" : "raw";
  }
}

// The hash of a Unix socket's name; nothing when it has none.
template <class Ask>
std::optional<uint64_t> unix_name(int fd, Ask ask) {
  sockaddr_un address{};
  socklen_t length = sizeof address;
  if (ask(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return std::nullopt;
  if (length <= offsetof(sockaddr_un, sun_path) || length > sizeof address) return std::nullopt;
  const auto bytes = std::string_view(address.sun_path, length - offsetof(sockaddr_un, sun_path));
  return std::hash<std::string_view>()(bytes.substr(0, bytes[0] == 0 ? bytes.size() : bytes.find('\0')));
}

}  // namespace

std::string path_of(int fd) {
  char path[4096];
  const ssize_t length = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path, sizeof path);
  return {path, static_cast<size_t>(std::max<ssize_t>(length, 0))};
}

ChannelKey Descriptors::key(int fd, ChannelKind kind) const {
  struct stat status;
  if (fstat(fd, &status) != 0) return {};
  return {kind, status.st_dev, status.st_ino};
}

Channel* Descriptors::make(const ChannelKey& key) {
  if (key.kind == ChannelKind::none) return nullptr;
  Channel* channel = channels_.make(key);
  if (channel == nullptr) lost("open files and connections");
  return channel;
}

void Descriptors::lost(const char* what) {
  for (std::atomic<const char*>& told : told_) {
    const char* known = nullptr;
    if (told.compare_exchange_strong(known, what)) {
      Event event("lost");
      event.number("pid", getpid()).text("what", what);
      recorder_.write(std::move(event));
      return;
    }
    if (std::string_view(known) == what) return;
  }
}

End Descriptors::source(int fd, const Endpoint& named) {
  struct stat status;
  if (fstat(fd, &status) != 0) return {};
  if (S_ISFIFO(status.st_mode))
    return {Carrier::queue, make({ChannelKind::queue, status.st_dev, status.st_ino}), {}};
  if (!S_ISSOCK(status.st_mode)) return {Carrier::file, channels_.find({ChannelKind::file, status.st_dev, status.st_ino}), {}};
  return socket_end(fd, named, true, true);
}

End Descriptors::destination(int fd, const Endpoint& named, bool labelled) {
  struct stat status;
  if (fstat(fd, &status) != 0) return {};
  if (S_ISFIFO(status.st_mode))
    return {Carrier::queue, make({ChannelKind::queue, status.st_dev, status.st_ino}), {}};
  if (S_ISSOCK(status.st_mode)) return socket_end(fd, named, false, labelled);
  const ChannelKey file{ChannelKind::file, status.st_dev, status.st_ino};
  return {Carrier::file, labelled && S_ISREG(status.st_mode) ? make(file) : channels_.find(file), {}};
}

Channel* Descriptors::file(int fd) { return channels_.find(key(fd, ChannelKind::file)); }

void Descriptors::reaches(Channel& file, uint64_t end) {
  uint64_t far = file.written.load();
  while (far < end && !file.written.compare_exchange_weak(far, end)) {
  }
}

End Descriptors::socket_end(int fd, const Endpoint& named, bool incoming, bool labelled) {
  const int domain = option(fd, SO_DOMAIN);
  if (domain == AF_INET || domain == AF_INET6)
    return option(fd, SO_TYPE) == SOCK_STREAM ? connection_end(fd, named, incoming)
                                              : datagram_end(fd, named, incoming, labelled);
  if (domain != AF_UNIX) return {};
  Channel* socket = channels_.find(key(fd, ChannelKind::socket));
  if (socket == nullptr) return {Carrier::queue, nullptr, {}};  // of somebody outside the run
  return {Carrier::queue, queue(incoming ? socket->in.load() : socket->out.load()), {}};
}

End Descriptors::connection_end(int fd, const Endpoint& named, bool incoming) {
  Channel* socket = make(key(fd, ChannelKind::socket));
  if (socket == nullptr) return {Carrier::flow, nullptr, remote_end(fd)};
  if (!socket->settled.load()) settle(fd, *socket, named);
  if (socket->in.load() != 0) return {Carrier::queue, queue(incoming ? socket->in.load() : socket->out.load()), {}};
  return {Carrier::flow, socket, socket->remote};
}

// Which connection a socket is an end of. Once the other side has closed, the kernel no longer says whose it was.
void Descriptors::settle(int fd, Channel& socket, const Endpoint& named) {
  const Endpoint local = local_end(fd);
  Endpoint remote = remote_end(fd);
  if (!remote.known()) remote = socket.remote;
  if (!remote.known()) {
    if (named.known()) socket.remote = named;
    return;
  }
  socket.remote = remote;
  const uint64_t in = internet_queue(SOCK_STREAM, remote, local);
  if (same_machine(local, remote) && channels_.find({ChannelKind::queue, ~uint64_t{0}, in}) != nullptr) {
    socket.out.store(internet_queue(SOCK_STREAM, local, remote));
    socket.in.store(in);
  }
  socket.settled.store(true);
}

End Descriptors::datagram_end(int fd, const Endpoint& named, bool incoming, bool labelled) {
  const ChannelKey own = key(fd, ChannelKind::socket);
  Endpoint remote = named.known() ? named : remote_end(fd);
  if (!incoming && named.known()) {
    if (Channel* socket = make(own)) socket->remote = named;
  } else if (!remote.known()) {
    // The program does not ask who answers: whom it called last.
    if (const Channel* socket = channels_.find(own)) remote = socket->remote;
  }
  if (const uint64_t number = local_datagrams(local_end(fd), remote, incoming); number != 0)
    return {Carrier::queue, queue(number), {}};
  const ChannelKey peer{ChannelKind::peer, own.second, remote.hash()};
  return {Carrier::flow, incoming || labelled ? make(peer) : channels_.find(peer), remote};
}

// The queue that datagrams between programs of the run go through; 0 when one of the two is none.
uint64_t Descriptors::local_datagrams(const Endpoint& local, Endpoint remote, bool incoming) {
  if (local.port == 0) return 0;
  if (incoming && !remote.known())  // nobody asks who sent: who did last
    if (const Channel* here = channels_.find(listener(SOCK_DGRAM, local.port))) remote = here->remote;
  if (!same_machine(local, remote)) return 0;
  const uint64_t in = internet_queue(SOCK_DGRAM, remote, local), out = internet_queue(SOCK_DGRAM, local, remote);
  const bool answers = channels_.find({ChannelKind::queue, ~uint64_t{0}, in}) != nullptr;
  if (incoming) return answers ? in : 0;
  Channel* there = channels_.find(listener(SOCK_DGRAM, remote.port));
  if (there != nullptr) {
    there->remote = local;
    // The receiver sees where it came from, not what the sender is bound to.
    if (!local.loopback() && remote.loopback()) there->remote.host = remote.host, there->remote.family = remote.family;
  }
  return answers || there != nullptr ? out : 0;
}

End Descriptors::letters(int queue_number, uint64_t type) {
  return {Carrier::queue, queue(number_of(Queue::letters, {static_cast<uint64_t>(queue_number), type})), {}};
}

uint16_t Descriptors::new_source() {
  const uint32_t number = state_.next_source.fetch_add(1) + 1;
  if (number < any_source) return static_cast<uint16_t>(number);
  state_.next_source.store(any_source);
  lost("flows and labelled files");
  return any_source;
}

uint16_t Descriptors::flow(int fd, const End& end) {
  if (end.channel == nullptr) return any_source;
  std::atomic<uint16_t>& source = end.channel->source;
  if (const uint16_t known = source.load(); known != 0) return known;
  const uint16_t made = new_source();
  uint16_t first = 0;
  if (!source.compare_exchange_strong(first, made)) return first;
  if (made == any_source) return made;
  Event event("source");
  event.number("pid", getpid())
      .number("source", made)
      .text("kind", "flow")
      .text("protocol", transport(fd))
      .text("local", local_end(fd).text())
      .text("remote", end.remote.text());
  recorder_.write(std::move(event));
  return made;
}

bool Descriptors::is_labelled(std::string_view path) const {
  return std::ranges::any_of(labelled_paths_, [&](const std::string& prefix) { return path.starts_with(prefix); });
}

uint16_t Descriptors::labelled_file(int fd, Channel*& channel) {
  if (channel != nullptr && channel->settled.load()) return 0;
  if (channel != nullptr && channel->source.load() != 0) return channel->source.load();
  const std::string path = labelled_paths_.empty() ? std::string() : path_of(fd);
  if (!is_labelled(path)) return 0;
  if (channel == nullptr) channel = make(key(fd, ChannelKind::file));
  if (channel == nullptr) return any_source;
  const uint16_t made = new_source();
  uint16_t first = 0;
  if (!channel->source.compare_exchange_strong(first, made)) return first;
  if (made == any_source) return made;
  Event event("source");
  event.number("pid", getpid()).number("source", made).text("kind", "file").text("path", path);
  recorder_.write(std::move(event));
  return made;
}

void Descriptors::paired(int a, int b) {
  const ChannelKey first = key(a, ChannelKind::socket), second = key(b, ChannelKind::socket);
  const uint64_t to_first = number_of(Queue::pair, {first.first, first.second});
  const uint64_t to_second = number_of(Queue::pair, {second.first, second.second});
  if (Channel* end = make(first)) end->in.store(to_first), end->out.store(to_second);
  if (Channel* end = make(second)) end->in.store(to_second), end->out.store(to_first);
}

void Descriptors::listens(int fd, bool for_connections) {
  const int type = option(fd, SO_TYPE);
  if ((type == SOCK_STREAM) != for_connections) return;
  if (const Endpoint local = local_end(fd); local.port != 0) make(listener(type, local.port));
}

Channel* Descriptors::connecting(int fd, const Endpoint& to) {
  if (!to.known() || option(fd, SO_TYPE) != SOCK_STREAM) return nullptr;
  Channel* there = channels_.find(listener(SOCK_STREAM, to.port));
  if (there != nullptr) there->in.fetch_add(1);
  return there;
}

void Descriptors::connected(int fd, const Endpoint& to, Channel* there, bool success) {
  if (option(fd, SO_DOMAIN) == AF_UNIX) {
    if (success && option(fd, SO_TYPE) != SOCK_DGRAM) meet(fd, getpid(), true);
    return;
  }
  if (!to.known() || option(fd, SO_TYPE) != SOCK_STREAM) return;
  Channel* socket = make(key(fd, ChannelKind::socket));
  if (socket != nullptr && socket->remote != to) {  // it may have been an end of another connection before
    socket->settled.store(false);
    socket->source.store(0), socket->in.store(0), socket->out.store(0), socket->read.store(0), socket->written.store(0);
    socket->remote = to;
  }
  if (there == nullptr) return;
  if (const Endpoint local = local_end(fd); local.port != 0 && same_machine(local, to)) {
    queue(internet_queue(SOCK_STREAM, local, to));
    queue(internet_queue(SOCK_STREAM, to, local));
  }
  there->in.fetch_sub(1);
}

void Descriptors::accepted(int fd) {
  if (option(fd, SO_DOMAIN) == AF_UNIX) {
    ucred peer{};
    socklen_t length = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0) meet(fd, peer.pid, false);
    return;
  }
  const Endpoint local = local_end(fd), remote = remote_end(fd);
  if (same_machine(local, remote)) {
    const Channel* here = channels_.find(listener(SOCK_STREAM, local.port));
    const ChannelKey in{ChannelKind::queue, ~uint64_t{0}, internet_queue(SOCK_STREAM, remote, local)};
    for (int i = 0; i < most_waits && here != nullptr && here->in.load() != 0 && channels_.find(in) == nullptr; ++i)
      sched_yield();
  }
  if (Channel* socket = make(key(fd, ChannelKind::socket))) settle(fd, *socket, {});
}

// Both sides count the connections between a process and a name, and so agree on which this is.
void Descriptors::meet(int fd, int process, bool connects) {
  const auto name = connects ? unix_name(fd, getpeername) : unix_name(fd, getsockname);
  if (!name) return;
  Channel* meeting = make({ChannelKind::meeting, static_cast<uint64_t>(process), *name});
  Channel* socket = make(key(fd, ChannelKind::socket));
  if (meeting == nullptr || socket == nullptr) return;
  const uint64_t turn = (connects ? meeting->written : meeting->read).fetch_add(1);
  const auto direction = [&](uint64_t which) {
    return number_of(Queue::unix_name, {static_cast<uint64_t>(process), *name, turn, which});
  };
  socket->out.store(direction(connects ? 0 : 1));
  socket->in.store(direction(connects ? 1 : 0));
}

void Descriptors::opened(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size != 0) return;
  const ChannelKey key{ChannelKind::file, status.st_dev, status.st_ino};
  Channel* channel = channels_.find(key);
  if (channel != nullptr) channels_.clear(*channel, 0, channel->written.exchange(0));
  const bool own = !labelled_paths_.empty() && is_labelled(path_of(fd));
  if (own && channel == nullptr) channel = make(key);
  if (own && channel != nullptr) channel->settled.store(true), channel->source.store(0);
}

}  // namespace shikake::taint::qemu
