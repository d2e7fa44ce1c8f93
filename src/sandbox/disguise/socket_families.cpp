#include "sandbox/disguise/socket_families.h"

#include <linux/net.h>

#include "cell/refusals.h"

namespace shikake::sandbox::disguise {
namespace {

using trace::Sys;

constexpr long i386_socket = 359;
constexpr long i386_socketpair = 360;

}  // namespace

std::vector<trace::Interest> SocketFamilies::interests() const {
  return {{Sys::socketcall}};
}

trace::CallAction SocketFamilies::on_call(trace::Thread& thread, const trace::Call& call) {
  if (call.sys != Sys::socketcall || (call[0] != SYS_SOCKET && call[0] != SYS_SOCKETPAIR)) return {};
  const auto family = thread.read_value<uint32_t>({call[1]});
  if (!family) return {};  // the kernel says EFAULT
  const long same = call[0] == SYS_SOCKET ? i386_socket : i386_socketpair;
  if (const auto error = cell::refusal(cell::CallTable::i386, same, {*family})) thread.skip_call(-*error);
  return {};
}

}  // namespace shikake::sandbox::disguise
