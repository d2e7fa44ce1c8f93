#include "cell/powers.h"

#include <linux/capability.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace shikake::cell {
namespace {

constexpr int ordinary[] = {CAP_CHOWN,   CAP_DAC_OVERRIDE,     CAP_FOWNER,  CAP_FSETID,
                            CAP_KILL,    CAP_SETGID,           CAP_SETUID,  CAP_SETPCAP,
                            CAP_NET_RAW, CAP_NET_BIND_SERVICE, CAP_SETFCAP, CAP_AUDIT_WRITE};

}  // namespace

Result<> keep_ordinary_powers() {
  for (int power = 0;; ++power) {
    if (std::find(std::begin(ordinary), std::end(ordinary), power) != std::end(ordinary)) continue;
    if (prctl(PR_CAPBSET_DROP, power, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) break;  // past the last that this kernel knows
    return fail_errno(Module::cell, "a capability cannot be given up");
  }
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
    return fail_errno(Module::cell, "ambient capabilities cannot be given up");
  return {};
}

}  // namespace shikake::cell
