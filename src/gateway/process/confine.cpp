#include "confine.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "cell/landlock.h"
#include "cell/limits.h"
#include "cell/seccomp.h"

namespace shikake::gateway {
namespace {

// Replies held in memory, input and TLS of a thousand connections, packets that wait for the capture file.
constexpr uint64_t address_space = uint64_t{3} << 30;
constexpr uint64_t own_descriptors = 64;

Result<> drop_capabilities() {
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
    return fail_errno(Module::gateway, "ambient capabilities cannot be dropped");
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> none{};
  if (syscall(SYS_capset, &header, none.data()) != 0)
    return fail_errno(Module::gateway, "capabilities cannot be dropped");
  return {};
}

}  // namespace

Result<> confine(uint64_t capture_bytes, uint32_t connections, bool with_broker) {
  auto policy = cell::SeccompPolicy::pure_computation().allow_threads();
  for (const char* call :
       {"accept", "accept4", "getsockname", "getpeername", "getsockopt", "setsockopt", "sendmsg", "recvmsg",
        "recvmmsg", "timerfd_settime", "ioctl", "fcntl", "ftruncate"})
    policy.allow(call);
  // The C library's allocator looks into /proc and /sys when threads use much memory, and does without.
  policy.answer(EACCES, "openat");
  if (with_broker) policy.allow("socketpair");
  SHIKAKE_ASSIGN(cell::SeccompProgram filter, policy.compile());
  SHIKAKE_TRY(cell::allow_reading_only({}));
  cell::Limits limits;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they reserve terabytes
  limits.address_space = address_space;
#endif
  limits.open_files = own_descriptors + 2 * uint64_t{connections};  // a relayed one has two ends
  limits.file_size = capture_bytes;
  SHIKAKE_TRY(cell::apply(limits));
  SHIKAKE_TRY(drop_capabilities());
  // Not forbid_tracing(): it would hide our descriptors from the parent, who checks them (inventory.h).
  return filter.install();
}

}  // namespace shikake::gateway
