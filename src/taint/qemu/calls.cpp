// Which system call is a source, which a sink, and where their arguments are.
#include <algorithm>
#include <sys/socket.h>

#include "taint/qemu/cpu_registers.h"
#include "taint/qemu/guest_memory.h"
#include "taint/qemu/outputs.h"
#include "taint/qemu/plugin.h"

namespace shikake::taint::qemu {
namespace {

// As much of what one descriptor hands to another as a pipe holds where nobody asked for a larger one, is told of before
// it moves.
constexpr uint64_t max_announced = 65536;

// Flags of the calls that receive, by the place of their argument.
uint64_t message_flags(const CallArguments& call) {
  switch (call.call) {
    case Call::recv: case Call::recvfrom: case Call::recvmmsg: return call.a[3];
    case Call::recvmsg: return call.a[2];
    default: return 0;
  }
}

}  // namespace

// pread and its like: 32-bit guests pass 64-bit offsets in two registers, ARM and MIPS in an even pair.
uint64_t Plugin::file_offset(const CallArguments& call) const {
  if (guest_.word_bytes() == 8) return call.a[3];
  const bool vector = call.call == Call::preadv || call.call == Call::pwritev;
  const bool pair = !vector && architecture() != Architecture::i386;
  const size_t first = pair ? 4 : 3;
  // A vector's offset comes as low and high half everywhere.
  const bool high_first = pair && guest_.big_endian();
  return high_first ? call.a[first] << 32 | call.a[first + 1] : call.a[first + 1] << 32 | call.a[first];
}

// An offset that the kernel has moved on by `count`, as it was before; nothing when there is no pointer to one.
std::optional<uint64_t> Plugin::offset_before(Address pointer, size_t bytes, uint64_t count) const {
  if (pointer == 0) return std::nullopt;
  return guest_.number(pointer, bytes) - count;
}

Transfer Plugin::incoming(const CallArguments& call, uint64_t count) const {
  Transfer transfer{.fd = static_cast<int>(call.a[0]), .count = count};
  transfer.peek = (message_flags(call) & MSG_PEEK) != 0;
  if (call.call == Call::pread || call.call == Call::preadv) {
    const uint64_t offset = file_offset(call);
    if (offset != ~uint64_t{0}) transfer.offset = offset;  // preadv2's -1: the file's own
  }
  if (call.call == Call::recvfrom && call.a[4] != 0 && call.a[5] != 0)
    transfer.peer = guest_.endpoint_at(call.a[4], guest_.number(call.a[5], 4));
  return transfer;
}

void Plugin::take(Thread& thread, const CallArguments& call, uint64_t count) {
  // What the kernel tells of errors of one's own packets.
  if ((message_flags(call) & MSG_ERRQUEUE) != 0) return;
  const Transfer transfer = incoming(call, count);
  switch (call.call) {
    case Call::recvmsg: return sources_.message(thread, transfer, call.a[1]);
    case Call::recvmmsg: return sources_.messages(thread, transfer, call.a[1], count);
    case Call::readv: case Call::preadv:
      return sources_.taken(thread, transfer, guest_.vector(call.a[1], call.a[2], count));
    default: break;
  }
  // With MSG_TRUNC more may have come than there was room for; of a connection's bytes none are kept then.
  Piece piece{call.a[1], std::min(count, call.a[2])};
  int type = 0;
  socklen_t length = sizeof type;
  if ((message_flags(call) & MSG_TRUNC) != 0 && getsockopt(transfer.fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
      type == SOCK_STREAM)
    piece.count = 0;
  sources_.taken(thread, transfer, {&piece, 1});
}

Transfer Plugin::outgoing(Thread& thread, const CallArguments& call, uint64_t count) {
  Transfer transfer{.fd = static_cast<int>(call.a[0]), .count = count};
  if (call.call == Call::pwrite || call.call == Call::pwritev) {
    const uint64_t offset = file_offset(call);
    if (offset != ~uint64_t{0}) transfer.offset = offset;
  }
  if (call.call == Call::sendto && call.a[4] != 0) {
    const uint64_t length = std::min<uint64_t>(call.a[5], sizeof(sockaddr_storage));
    transfer.peer = guest_.endpoint_at(call.a[4], length);
    if (transfer.peer.known()) transfer.peer_label = guest_.joined(thread, call.a[4] + 2, length - 2);
  }
  return transfer;
}

void Plugin::give(Thread& thread, const CallArguments& call, uint64_t count) {
  const Transfer transfer = outgoing(thread, call, count);
  switch (call.call) {
    case Call::sendmsg: return sinks_.message(thread, transfer, call.a[1]);
    case Call::sendmmsg: return sinks_.messages(thread, transfer, call.a[1], count);
    case Call::writev: case Call::pwritev: case Call::vmsplice:
      return sinks_.given(thread, transfer, guest_.vector(call.a[1], call.a[2], count));
    default: break;
  }
  const Piece piece{call.a[1], std::min(count, call.a[2])};
  sinks_.given(thread, transfer, {&piece, 1});
}

void Plugin::announce(Thread& thread, const CallArguments& call) {
  if (guest_.engine.shadow().empty()) return;
  const size_t w = guest_.word_bytes();
  const Transfer transfer = outgoing(thread, call, 0);
  const auto message = [&](Address header) { return guest_.vector(guest_.word(header + 2 * w), guest_.word(header + 3 * w), max_content); };
  if (call.call == Call::writev || call.call == Call::pwritev || call.call == Call::vmsplice)
    return sinks_.announced(transfer, guest_.vector(call.a[1], call.a[2], max_content));
  if (call.call == Call::sendmsg) return sinks_.announced(transfer, message(call.a[1]));
  if (call.call == Call::sendmmsg) {
    std::vector<Piece> all;
    for (uint64_t i = 0; i < std::min(call.a[2], max_vector); ++i)
      for (const Piece& piece : message(call.a[1] + i * 8 * w)) all.push_back(piece);
    return sinks_.announced(transfer, all);
  }
  const Piece piece{call.a[1], std::min(call.a[2], max_content)};
  sinks_.announced(transfer, {&piece, 1});
}

// A call that moves bytes from one descriptor to another. `count`: as many as were moved, or nothing before the call.
void Plugin::carry(Thread& thread, const CallArguments& call, std::optional<uint64_t> count) {
  const uint64_t moved = count.value_or(0);
  Transfer from{.count = moved}, to{.count = moved};
  size_t most = 3;  // the argument that says how many bytes at most
  if (call.call == Call::tee) {
    from.fd = static_cast<int>(call.a[0]);
    from.peek = true;
    to.fd = static_cast<int>(call.a[1]);
    most = 2;
  } else if (call.call == Call::splice || call.call == Call::copy_file_range) {
    from.fd = static_cast<int>(call.a[0]);
    from.offset = offset_before(call.a[1], 8, moved);
    to.fd = static_cast<int>(call.a[2]);
    to.offset = offset_before(call.a[3], 8, moved);
    most = 4;
  } else {
    to.fd = static_cast<int>(call.a[0]);
    from.fd = static_cast<int>(call.a[1]);
    from.offset = offset_before(call.a[2], call.call == Call::sendfile64 ? 8 : guest_.word_bytes(), moved);
  }
  if (count) return sinks_.carried(thread, from, to);
  from.count = to.count = std::min(call.a[most], max_announced);
  sinks_.carries(thread, from, to);
}

void Plugin::socket_call(Follower& follower, int64_t result) {
  const CallArguments& call = follower.call;
  Descriptors& descriptors = guest_.descriptors;
  const auto fd = static_cast<int>(call.a[0]);
  switch (call.call) {
    case Call::socketpair:
      if (result == 0)
        descriptors.paired(static_cast<int>(guest_.number(call.a[3], 4)), static_cast<int>(guest_.number(call.a[3] + 4, 4)));
      break;
    case Call::bind: case Call::listen:
      if (result == 0) descriptors.listens(fd, call.call == Call::listen);
      break;
    case Call::accept: case Call::accept4:
      if (result >= 0) descriptors.accepted(static_cast<int>(result));
      break;
    case Call::connect:
      descriptors.connected(fd, guest_.endpoint_at(call.a[1], call.a[2]), follower.listener, result == 0);
      sinks_.connects(follower.thread, fd, call.a[1], call.a[2], result);
      break;
    default: break;
  }
}

void Plugin::clear_outputs(const Follower& follower, int64_t result) {
  if (guest_.engine.shadow().empty()) return;
  guest_.clear_labels(outputs(architecture(), follower.call, follower.room, result,
                              [this](Address address, size_t bytes) { return guest_.number(address, bytes); }));
}

void Plugin::before_call(unsigned vcpu, int64_t number, std::array<uint64_t, 6> arguments) {
  Follower& follower = this->follower(vcpu);
  Thread& t = follower.thread;
  t.flush();
  if (!t.regions().empty()) t.stands_at(stack_pointer(architecture()).value_or(0));
  guest_.goroutines.calls(t.regions());
  follower.call = guest_.unpack(number, arguments);
  follower.listener = nullptr;
  const CallArguments& call = follower.call;
  follower.room = room(call, [this](Address address, size_t bytes) { return guest_.number(address, bytes); });
  constexpr uint64_t share_memory = 0x100;  // CLONE_VM
  if (call.call == Call::clone && (call.a[0] & share_memory) != 0) inherited = t.save_registers();
  switch (call.call) {
    case Call::execve: case Call::execveat:
      memory_.tell_written(t, 0, ~Address{0});
      programs_.executing(t, vcpu, call);
      break;
    case Call::signal: case Call::sigaction: case Call::rt_sigaction: note_handler(call); break;
    case Call::sigreturn: case Call::rt_sigreturn: frame_returns(follower); break;
    case Call::write: case Call::send: case Call::sendto: case Call::writev: case Call::vmsplice:
    case Call::sendmsg: case Call::sendmmsg: case Call::pwritev: announce(t, call); break;
    case Call::sendfile: case Call::sendfile64: case Call::splice: case Call::tee: carry(t, call, std::nullopt); break;
    case Call::msgsnd: sinks_.letter(t, static_cast<int>(call.a[0]), call.a[1], std::min(call.a[2], max_content), false); break;
    case Call::connect:
      follower.listener = guest_.descriptors.connecting(static_cast<int>(call.a[0]), guest_.endpoint_at(call.a[1], call.a[2]));
      break;
    case Call::exit_group: case Call::kill: case Call::tkill: case Call::tgkill: case Call::reboot: case Call::fork:
    case Call::vfork: case Call::clone: case Call::ptrace: case Call::init_module: case Call::finit_module:
    case Call::mount: sinks_.simple(t, vcpu, call); break;
    default: break;
  }
}

void Plugin::after_call(unsigned vcpu, int64_t, int64_t result) {
  Follower& follower = this->follower(vcpu);
  Thread& t = follower.thread;
  const CallArguments& call = follower.call;
  const auto count = static_cast<uint64_t>(result);
  clear_outputs(follower, result);
  switch (call.call) {
    case Call::read: case Call::recv: case Call::recvfrom: case Call::pread: case Call::readv: case Call::preadv:
    case Call::recvmsg: case Call::recvmmsg:
      if (result > 0) take(t, call, count);
      break;
    case Call::write: case Call::send: case Call::sendto: case Call::pwrite: case Call::writev: case Call::pwritev:
    case Call::vmsplice: case Call::sendmsg: case Call::sendmmsg:
      if (result > 0) give(t, call, count);
      break;
    case Call::msgsnd:
      if (result == 0) sinks_.letter(t, static_cast<int>(call.a[0]), call.a[1], call.a[2], true);
      break;
    case Call::msgrcv:
      if (result >= 0) sources_.letter(t, static_cast<int>(call.a[0]), call.a[1], count);
      break;
    case Call::sendfile: case Call::sendfile64: case Call::splice: case Call::copy_file_range: case Call::tee:
      if (result > 0) carry(t, call, count);
      break;
    case Call::open: case Call::openat: case Call::openat2: case Call::creat: case Call::unlink: case Call::unlinkat:
    case Call::rename: case Call::renameat: case Call::renameat2: case Call::mkdir: case Call::mkdirat:
    case Call::chmod: case Call::fchmodat: sinks_.path(t, call, result); break;
    case Call::socketpair: case Call::bind: case Call::listen: case Call::accept: case Call::accept4:
    case Call::connect: socket_call(follower, result); break;
    case Call::execve: case Call::execveat: sinks_.failed(vcpu, "exec", result); break;
    case Call::kill: case Call::tkill: case Call::tgkill:
      if (result < 0) sinks_.failed(vcpu, "kill", result);
      break;
    case Call::reboot: case Call::ptrace: case Call::init_module: case Call::finit_module: case Call::mount:
      if (result < 0) sinks_.failed(vcpu, name(call.call), result);
      break;
    case Call::munmap:
      modules_.forget();
      if (result == 0) memory_.unmapped(t, call.a[0], call.a[1]);
      break;
    case Call::mmap: case Call::mmap2: case Call::old_mmap: case Call::mremap:
      modules_.forget();
      memory_.mapped(t, call, result);
      break;
    case Call::brk: memory_.broken(result); break;
    case Call::msync: memory_.tell_written(t, call.a[0], call.a[0] + call.a[1]); break;
    case Call::shmat: case Call::ipc: memory_.attached(call, result); break;
    case Call::sigreturn: case Call::rt_sigreturn: return t.restore_registers(follower.returning);
    default: break;
  }
  t.set_register(guest_.engine.layout().result, guest_.word_bytes(), 0);
}

}  // namespace shikake::taint::qemu
