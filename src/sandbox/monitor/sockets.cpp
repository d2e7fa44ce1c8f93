#include "sandbox/monitor/sockets.h"

#include <fmt/format.h>
#include <linux/net.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "sandbox/monitor/proof.h"

namespace shikake::sandbox::monitor {
namespace {

using K = intel::BehaviourKind;
using trace::Call;
using trace::Sys;
using trace::Thread;

constexpr uint16_t dns_port = 53;
constexpr uint16_t login_ports[] = {21, 22, 23, 110, 143, 445, 2222, 2323, 3306, 3389, 5432, 5900, 6379};
// Hosts and ports that are remembered of one process; past it patterns have shown themselves.
constexpr size_t max_contacts = 512;

struct Header {  // of a message: struct msghdr's first fields
  trace::GuestAddress name;
  uint64_t length = 0;
};

std::optional<Header> read_header(Thread& thread, const Call& call, trace::GuestAddress at) {
  const auto name = thread.read_pointer(call, at);
  const auto length = thread.read_value<uint32_t>(at + call.pointer_bytes());
  if (!name || !length) return std::nullopt;
  return Header{*name, *length};
}

}  // namespace

Call unfolded(Thread& thread, const Call& call) {
  if (call.sys != Sys::socketcall) return call;
  Call inner = call;
  switch (call.as_int(0)) {
    case SYS_SOCKET:
      inner.sys = Sys::socket;
      break;
    case SYS_CONNECT:
      inner.sys = Sys::connect;
      break;
    case SYS_LISTEN:
      inner.sys = Sys::listen;
      break;
    case SYS_ACCEPT:
      inner.sys = Sys::accept;
      break;
    case SYS_ACCEPT4:
      inner.sys = Sys::accept4;
      break;
    case SYS_SENDTO:
      inner.sys = Sys::sendto;
      break;
    case SYS_SENDMSG:
      inner.sys = Sys::sendmsg;
      break;
    case SYS_SENDMMSG:
      inner.sys = Sys::sendmmsg;
      break;
    default:
      return call;
  }
  std::array<uint32_t, 6> arguments{};
  thread.read({call[1]}, {reinterpret_cast<uint8_t*>(arguments.data()), sizeof arguments});
  std::copy(arguments.begin(), arguments.end(), inner.arguments.begin());
  return inner;
}

bool Sockets::wants(Sys sys) {
  switch (sys) {
    case Sys::connect:
    case Sys::listen:
    case Sys::accept:
    case Sys::accept4:
    case Sys::sendto:
    case Sys::sendmsg:
    case Sys::sendmmsg:
      return true;
    default:
      return false;
  }
}

std::optional<uint32_t> Sockets::add(SocketUse use) {
  if (next_index_ >= max_socket_uses) {
    book_.limit("sockets");
    return std::nullopt;
  }
  book_.sink().socket(next_index_, use);
  return next_index_++;
}

void Sockets::returned(Thread& thread, const Call& call, int64_t result) {
  switch (call.sys) {
    case Sys::connect:
      return connected(thread, call, result);
    case Sys::listen:
      return listening(thread, call, result);
    case Sys::accept:
    case Sys::accept4:
      return accepted(thread, call, result);
    case Sys::sendto:
      return sent(thread, call.as_int(0), read_address(thread, {call[4]}, call[5]),
                  result > 0 ? static_cast<uint64_t>(result) : 0, result);
    case Sys::sendmsg:
    case Sys::sendmmsg: {  // of several messages the first one's address stands for all
      const auto header = read_header(thread, call, {call[1]});
      if (!header || !header->name) return;
      return sent(thread, call.as_int(0), read_address(thread, header->name, header->length),
                  call.sys == Sys::sendmsg && result > 0 ? static_cast<uint64_t>(result) : 0, result);
    }
    default:
      return;
  }
}

void Sockets::connected(Thread& thread, const Call& call, int64_t result) {
  const auto remote = read_address(thread, {call[1]}, call[2]);
  if (!remote) return;
  const trace::ProcessId process = thread.process().id;
  if (remote->family == AF_UNIX)
    return book_.note(process, K::local_socket, remote->path, describe(thread, call, result));
  if (!remote->is_internet()) return;
  SocketUse use;
  use.process = Book::number(process);
  use.time = book_.now();
  use.remote = remote->text();
  use.result = result;
  use.transport = "tcp";
  if (const auto state = socket_state(thread, call.as_int(0))) {
    use.transport = state->transport;
    if (state->local) use.local = state->local->text();
  }
  const bool datagrams = use.transport == "udp";
  add(std::move(use));
  if (datagrams && remote->port == 0) return;  // a resolver asks the kernel which address it would use
  count(thread, *remote, datagrams, describe(thread, call, result));
}

// Notes the contact, and the pattern once contacts make one.
void Sockets::count(Thread& thread, const SocketAddress& remote, bool datagrams, const std::string& proof) {
  const trace::ProcessId process = thread.process().id;
  // A name server is asked: what for, and what comes of it, is the network's to tell.
  const bool look_up = datagrams && remote.port == dns_port && !remote.is_loopback();
  if (!look_up)
    book_.note(process, remote.is_loopback() ? K::host_contact : K::connection, remote.text(), proof);
  Contacts& contacts = contacts_[process];
  if (contacts.calls.size() >= max_contacts) return;
  auto& ports = contacts.ports_of[remote.host];
  auto& hosts = contacts.hosts_of[remote.port];
  ports.insert(remote.port);
  hosts.insert(remote.host);
  if (ports.size() == scan_targets || hosts.size() == scan_targets)
    book_.note(process, K::port_scan,
               ports.size() == scan_targets ? remote.host : fmt::format("port {}", remote.port), proof);

  Contacts::Calls& calls = contacts.calls[remote.text()];
  const base::TimePoint now = book_.now();
  calls.spaced += calls.count > 0 && now - calls.last >= beacon_pause;
  calls.last = now;
  ++calls.count;
  if (calls.spaced + 1 == beacon_calls) book_.note(process, K::beacon, remote.text(), proof);
  if (calls.count == login_attempts && std::ranges::find(login_ports, remote.port) != std::end(login_ports))
    book_.note(process, K::login_guessing, remote.text(), proof);
}

void Sockets::sent(Thread& thread, int fd, std::optional<SocketAddress> to, uint64_t bytes, int64_t result) {
  if (!to || !to->is_internet()) return;
  const auto state = socket_state(thread, fd);
  if (!state) return;
  SocketUse use;
  use.process = Book::number(thread.process().id);
  use.act = SocketAct::sent;
  use.transport = state->transport;
  if (state->local) use.local = state->local->text();
  use.remote = to->text();
  use.result = result;
  use.datagrams = 1;
  use.bytes_out = bytes;
  use.time = book_.now();
  const std::string key = fmt::format("{} {} {}", use.process, use.local, use.remote);
  if (const auto known = datagrams_.find(key); known != datagrams_.end()) {
    ++known->second.second.datagrams;
    known->second.second.bytes_out += bytes;
    return;
  }
  if (const auto index = add(use)) datagrams_.emplace(key, std::pair(*index, use));
  count(thread, *to, state->transport == "udp",
        fmt::format("{} datagram of {} bytes to {} = {}", use.transport, bytes, use.remote,
                    describe_result(result)));
}

void Sockets::listening(Thread& thread, const Call& call, int64_t result) {
  const auto state = socket_state(thread, call.as_int(0));
  if (!state || !state->local || !state->local->is_internet()) return;
  SocketUse use;
  use.process = Book::number(thread.process().id);
  use.act = SocketAct::listening;
  use.transport = state->transport;
  use.local = state->local->text();
  use.result = result;
  use.time = book_.now();
  book_.note(thread.process().id, K::listening_port, use.local, describe(thread, call, result));
  add(std::move(use));
}

void Sockets::accepted(Thread& thread, const Call&, int64_t result) {
  if (result < 0) return;
  const auto state = socket_state(thread, static_cast<int>(result));
  if (!state || !state->local || !state->local->is_internet()) return;
  SocketUse use;
  use.process = Book::number(thread.process().id);
  use.act = SocketAct::accepted;
  use.transport = state->transport;
  use.local = state->local->text();
  if (state->remote) use.remote = state->remote->text();
  use.result = result;
  use.time = book_.now();
  add(std::move(use));
}

void Sockets::finish() {
  for (const auto& [key, entry] : datagrams_)
    if (entry.second.datagrams > 1) book_.sink().socket(entry.first, entry.second);
}

std::string_view name(SocketAct act) {
  switch (act) {
    case SocketAct::connected:
      return "connected";
    case SocketAct::listening:
      return "listening";
    case SocketAct::accepted:
      return "accepted";
    case SocketAct::sent:
      return "sent";
  }
  return "connected";
}

}  // namespace shikake::sandbox::monitor
