// The calls that stop a guest for the monitor, as narrow as the kernel can tell.
#include <fcntl.h>
#include <linux/net.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

#include <cerrno>
#include <csignal>

#include "sandbox/monitor/call_rules.h"
#include "sandbox/monitor/monitor.h"

namespace shikake::sandbox::monitor {

using trace::ArgumentTest;
using trace::Interest;
using trace::Sys;
using Op = ArgumentTest::Op;

std::vector<Interest> Monitor::interests() const {
  constexpr uint64_t low = 0xffffffff;  // an int's bits: what stands above them is left over from elsewhere
  std::vector<Interest> all;
  for (const Sys sys : {Sys::open,
                        Sys::openat,
                        Sys::openat2,
                        Sys::creat,
                        Sys::unlink,
                        Sys::unlinkat,
                        Sys::rename,
                        Sys::renameat,
                        Sys::renameat2,
                        Sys::link,
                        Sys::linkat,
                        Sys::symlink,
                        Sys::symlinkat,
                        Sys::truncate,
                        Sys::access,
                        Sys::faccessat,
                        Sys::memfd_create,
                        Sys::chmod,
                        Sys::fchmod,
                        Sys::fchmodat,
                        Sys::connect,
                        Sys::listen,
                        Sys::accept,
                        Sys::accept4,
                        Sys::sendmsg,
                        Sys::sendmmsg,
                        Sys::kill,
                        Sys::tkill,
                        Sys::tgkill,
                        Sys::rt_sigqueueinfo,
                        Sys::pidfd_send_signal})
    all.push_back({.sys = sys});
  // Looking whether a file is there. Not by a descriptor (AT_EMPTY_PATH), as fstat of a C library does, and
  // not without following a link (lstat): so programs look that walk through trees, which a stop a file would
  // slow down.
  constexpr uint64_t by_descriptor_or_walking = 0x1000 | 0x100;
  all.push_back({.sys = Sys::stat});
  all.push_back({.sys = Sys::newfstatat, .when = {{3, Op::equal, 0, by_descriptor_or_walking}}});
  all.push_back({.sys = Sys::statx, .when = {{2, Op::equal, 0, by_descriptor_or_walking}}});
  // Times that are given (not "now").
  for (const auto& [sys, index] :
       {std::pair<Sys, uint8_t>{Sys::utime, 1}, {Sys::utimes, 1}, {Sys::futimesat, 2}, {Sys::utimensat, 2}})
    all.push_back({.sys = sys, .when = {{index, Op::not_equal, 0}}});
  all.push_back({.sys = Sys::sendto, .when = {{4, Op::not_equal, 0}}});
  all.push_back({.sys = Sys::prctl, .when = {{0, Op::equal, PR_SET_NAME, low}}});
  // A hang-up's disposition: what daemons set. Other signals are set by every shell.
  all.push_back({.sys = Sys::rt_sigaction, .when = {{0, Op::equal, SIGHUP, low}, {1, Op::not_equal, 0}}});
  // A listener of the guest's own would hide calls from us: its verdicts outrank the tracer's.
  all.push_back({.sys = Sys::seccomp,
                 .when = {{0, Op::equal, SECCOMP_SET_MODE_FILTER, low},
                          {1, Op::not_equal, 0, SECCOMP_FILTER_FLAG_NEW_LISTENER}}});
  for (const int call :
       {SYS_SOCKET, SYS_CONNECT, SYS_LISTEN, SYS_ACCEPT, SYS_ACCEPT4, SYS_SENDTO, SYS_SENDMSG, SYS_SENDMMSG})
    all.push_back({.sys = Sys::socketcall, .when = {{0, Op::equal, static_cast<uint64_t>(call), low}}});
  for (const CallRule& rule : call_rules()) all.push_back({.sys = rule.sys, .when = rule.when});
  return all;
}

std::vector<trace::Answer> Monitor::answers() const {
  return {{Sys::io_uring_setup, ENOSYS}};  // requests in its rings are calls that no filter sees
}

}  // namespace shikake::sandbox::monitor
