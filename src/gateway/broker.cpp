#include "gateway/broker.h"

#include <sys/mman.h>
#include <sys/socket.h>

#include <array>

#include "base/file.h"
#include "base/wire.h"

namespace shikake::gateway {

Result<Broker> Broker::start(Policy policy) {
  SHIKAKE_TRY(policy.add_surroundings());
  SHIKAKE_ASSIGN(auto program, base::find_sibling_executable("shikake-broker"));
  base::UniqueFd file(memfd_create("broker-policy", MFD_CLOEXEC));
  if (!file) return fail_errno(Module::gateway, "no memory file");
  SHIKAKE_TRY(base::write_all(file.get(), base::to_wire(policy), "broker-policy"));
  if (lseek(file.get(), 0, SEEK_SET) != 0)
    return fail_errno(Module::gateway, "a memory file cannot be rewound");
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return fail_errno(Module::gateway, "no socket to the broker");
  base::UniqueFd ours(ends[0]), theirs(ends[1]);
  base::ChildOptions options;
  options.path = program;
  options.environment.emplace();
  options.fds = {{theirs.get(), broker_gateway_fd}, {file.get(), broker_policy_fd}};
  options.inherit_stderr = false;
  SHIKAKE_ASSIGN(auto child, base::Child::start(options));
  return Broker(std::move(child), std::move(ours));
}

}  // namespace shikake::gateway
