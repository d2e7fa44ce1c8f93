// What a cell's /proc and /sys say of the machine that is not the guest's: files with made-up content lie
// over them.
#pragma once

#include <string>

#include "base/result.h"
#include "cell/guest.h"
#include "cell/root.h"

namespace shikake::cell {

// Over the /proc that is mounted below the stage's root.
Result<> disguise_proc(RootStage& stage, const GuestIdentity& identity);

// No namespaces below the cell's own user namespace, whoever asks: the limits in its /proc/sys/user.
Result<> allow_no_namespaces(const std::string& proc);

// Host and domain name of the calling process' uts namespace.
Result<> set_host_name(const std::string& name);

}  // namespace shikake::cell
