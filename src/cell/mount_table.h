// The mount table of an ordinary installation on one disk, as /proc tells it: proc_pid_mounts(5),
// proc_pid_mountinfo(5), proc_pid_mountstats(5).
#pragma once

#include <string_view>

namespace shikake::cell {

std::string_view made_up_mounts();
std::string_view made_up_mountinfo();
std::string_view made_up_mountstats();

}  // namespace shikake::cell
