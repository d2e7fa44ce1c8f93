#include "sandbox/monitor/proof.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/prctl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>

#include <cstring>
#include <span>

#include "sandbox/monitor/addresses.h"

namespace shikake::sandbox::monitor {
namespace {

using trace::Call;
using trace::Sys;
using trace::Thread;

struct Word {
  uint64_t value;
  std::string_view name;
};

constexpr Word open_words[] = {
    {O_CREAT, "O_CREAT"},       {O_EXCL, "O_EXCL"},         {O_TRUNC, "O_TRUNC"},
    {O_APPEND, "O_APPEND"},     {O_NONBLOCK, "O_NONBLOCK"}, {O_DIRECTORY, "O_DIRECTORY"},
    {O_NOFOLLOW, "O_NOFOLLOW"}, {O_CLOEXEC, "O_CLOEXEC"},   {O_PATH, "O_PATH"}};
constexpr Word clone_words[] = {
    {CLONE_NEWNS, "CLONE_NEWNS"},         {CLONE_NEWUTS, "CLONE_NEWUTS"}, {CLONE_NEWIPC, "CLONE_NEWIPC"},
    {CLONE_NEWUSER, "CLONE_NEWUSER"},     {CLONE_NEWPID, "CLONE_NEWPID"}, {CLONE_NEWNET, "CLONE_NEWNET"},
    {CLONE_NEWCGROUP, "CLONE_NEWCGROUP"}, {CLONE_VM, "CLONE_VM"},         {CLONE_THREAD, "CLONE_THREAD"}};
constexpr Word protection_words[] = {
    {PROT_READ, "PROT_READ"}, {PROT_WRITE, "PROT_WRITE"}, {PROT_EXEC, "PROT_EXEC"}};
constexpr Word ptrace_names[] = {
    {PTRACE_TRACEME, "PTRACE_TRACEME"},   {PTRACE_PEEKTEXT, "PTRACE_PEEKTEXT"},
    {PTRACE_PEEKDATA, "PTRACE_PEEKDATA"}, {PTRACE_POKETEXT, "PTRACE_POKETEXT"},
    {PTRACE_POKEDATA, "PTRACE_POKEDATA"}, {PTRACE_CONT, "PTRACE_CONT"},
    {PTRACE_KILL, "PTRACE_KILL"},         {PTRACE_SINGLESTEP, "PTRACE_SINGLESTEP"},
    {PTRACE_GETREGS, "PTRACE_GETREGS"},   {PTRACE_SETREGS, "PTRACE_SETREGS"},
    {PTRACE_ATTACH, "PTRACE_ATTACH"},     {PTRACE_DETACH, "PTRACE_DETACH"},
    {PTRACE_SYSCALL, "PTRACE_SYSCALL"},   {PTRACE_SEIZE, "PTRACE_SEIZE"}};
constexpr Word prctl_names[] = {{PR_SET_NAME, "PR_SET_NAME"},       {PR_SET_DUMPABLE, "PR_SET_DUMPABLE"},
                                {PR_SET_PTRACER, "PR_SET_PTRACER"}, {PR_SET_MM, "PR_SET_MM"},
                                {PR_SET_TSC, "PR_SET_TSC"},         {PR_SET_PDEATHSIG, "PR_SET_PDEATHSIG"},
                                {PR_SET_SECCOMP, "PR_SET_SECCOMP"}, {PR_CAP_AMBIENT, "PR_CAP_AMBIENT"}};
constexpr Word families[] = {{AF_UNIX, "AF_UNIX"},       {AF_INET, "AF_INET"},     {AF_INET6, "AF_INET6"},
                             {AF_NETLINK, "AF_NETLINK"}, {AF_PACKET, "AF_PACKET"}, {AF_ALG, "AF_ALG"},
                             {AF_VSOCK, "AF_VSOCK"}};

std::string flags(uint64_t value, std::span<const Word> words, std::string first = {}) {
  std::string text = std::move(first);
  for (const Word& word : words) {
    if ((value & word.value) != word.value) continue;
    text.append(text.empty() ? "" : "|").append(word.name);
    value &= ~word.value;
  }
  return text.empty() ? fmt::format("{:#x}", value) : text;
}
std::string one_of(uint64_t value, std::span<const Word> words) {
  for (const Word& word : words)
    if (word.value == value) return std::string(word.name);
  return fmt::format("{:#x}", value);
}

// How the arguments of a call are shown, a letter each: d number, x hexadecimal, o octal, s text, p text as a
// path, D folder's descriptor, O open flags, R ptrace request, P prctl option, F socket family, A socket
// address whose length is the next argument, C clone flags, M protection, S signal, t struct timespec.
std::string_view shape(Sys sys) {
  switch (sys) {
    case Sys::open:
      return "pOo";
    case Sys::openat:
      return "DpOo";
    case Sys::openat2:
      return "Dpxd";
    case Sys::creat:
    case Sys::mkdir:
    case Sys::chmod:
    case Sys::mknod:
      return "po";
    case Sys::mkdirat:
    case Sys::fchmodat:
    case Sys::mknodat:
      return "Dpo";
    case Sys::fchmod:
      return "do";
    case Sys::unlink:
    case Sys::rmdir:
    case Sys::chroot:
    case Sys::swapon:
    case Sys::acct:
      return "p";
    case Sys::unlinkat:
      return "Dpx";
    case Sys::rename:
    case Sys::link:
    case Sys::symlink:
    case Sys::pivot_root:
      return "pp";
    case Sys::renameat:
      return "DpDp";
    case Sys::renameat2:
    case Sys::linkat:
      return "DpDpx";
    case Sys::symlinkat:
      return "pDp";
    case Sys::truncate:
      return "pd";
    case Sys::chown:
    case Sys::lchown:
      return "pdd";
    case Sys::fchown:
      return "ddd";
    case Sys::fchownat:
      return "Dpddx";
    case Sys::stat:
    case Sys::lstat:
      return "p";
    case Sys::newfstatat:
      return "Dpxx";
    case Sys::statx:
      return "Dpxxx";
    case Sys::access:
      return "pd";
    case Sys::faccessat:
      return "Dpd";
    case Sys::utime:
    case Sys::utimes:
      return "px";
    case Sys::utimensat:
      return "Dptx";
    case Sys::futimesat:
      return "Dpx";
    case Sys::setxattr:
    case Sys::lsetxattr:
      return "psxd";
    case Sys::fsetxattr:
      return "dsxd";
    case Sys::memfd_create:
      return "sx";
    case Sys::ptrace:
      return "Rdxx";
    case Sys::prctl:
      return "Pxxxx";
    case Sys::kill:
      return "dS";
    case Sys::tkill:
      return "dS";
    case Sys::tgkill:
      return "ddS";
    case Sys::clone:
    case Sys::unshare:
      return "C";
    case Sys::setns:
      return "dC";
    case Sys::mount:
      return "ppsxs";
    case Sys::umount2:
      return "px";
    case Sys::socket:
      return "Fxd";
    case Sys::connect:
    case Sys::bind:
      return "dA";
    case Sys::listen:
    case Sys::shutdown:
      return "dd";
    case Sys::accept:
    case Sys::accept4:
      return "d";
    case Sys::sendto:
      return "dxdxA";
    case Sys::sendmsg:
      return "dxx";
    case Sys::sendmmsg:
      return "dxdx";
    case Sys::setuid:
    case Sys::setgid:
    case Sys::setfsuid:
    case Sys::setfsgid:
      return "d";
    case Sys::setreuid:
    case Sys::setregid:
      return "dd";
    case Sys::setresuid:
    case Sys::setresgid:
      return "ddd";
    case Sys::setgroups:
      return "dx";
    case Sys::process_vm_readv:
    case Sys::process_vm_writev:
      return "dxdxdx";
    case Sys::mprotect:
    case Sys::pkey_mprotect:
      return "xdM";
    case Sys::mmap:
      return "xdMxdx";
    case Sys::ioctl:
      return "dxx";
    case Sys::nanosleep:
      return "tx";
    case Sys::clock_nanosleep:
      return "dxtx";
    case Sys::alarm:
      return "d";
    case Sys::poll:
      return "xdd";
    case Sys::epoll_wait:
    case Sys::epoll_pwait:
      return "dxdd";
    case Sys::setsid:
      return "";
    case Sys::seccomp:
      return "xxx";
    case Sys::sethostname:
      return "sd";
    case Sys::finit_module:
      return "dsx";
    case Sys::delete_module:
      return "sx";
    case Sys::rt_sigaction:
      return "Sxx";
    default:
      return "xxx";
  }
}

std::string text_at(Thread& thread, uint64_t pointer) {
  if (pointer == 0) return "NULL";
  const auto text = thread.read_string({pointer}, max_proof_text + 1);
  return text ? in_quotes(*text) : fmt::format("{:#x}", pointer);
}

std::string signal_name(int signal) {
  const char* short_name = sigabbrev_np(signal);
  return short_name ? fmt::format("SIG{}", short_name) : fmt::format("{}", signal);
}

std::string time_at(Thread& thread, const Call& call, uint64_t pointer) {
  if (pointer == 0) return "NULL";
  if (call.is_32_bit()) {
    if (auto value = thread.read_value<std::array<int32_t, 2>>({pointer}))
      return fmt::format("{{{}, {}}}", (*value)[0], (*value)[1]);
  } else if (auto value = thread.read_value<std::array<int64_t, 2>>({pointer})) {
    return fmt::format("{{{}, {}}}", (*value)[0], (*value)[1]);
  }
  return fmt::format("{:#x}", pointer);
}

std::string argument(Thread& thread, const Call& call, size_t index, char how) {
  const uint64_t value = call[index];
  const int number = call.as_int(index);
  switch (how) {
    case 'd':
      return fmt::format("{}", number);
    case 'o':
      return fmt::format("{:#o}", static_cast<uint32_t>(value));
    case 's':
    case 'p':
      return text_at(thread, value);
    case 'D':
      return number == AT_FDCWD ? "AT_FDCWD" : fmt::format("{}", number);
    case 'O': {
      constexpr std::string_view modes[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};
      return flags(value & ~uint64_t{O_ACCMODE}, open_words, std::string(modes[value & O_ACCMODE]));
    }
    case 'R':
      return one_of(value, ptrace_names);
    case 'P':
      return one_of(value, prctl_names);
    case 'F':
      return one_of(value, families);
    case 'A': {
      const auto address = read_address(thread, {value}, static_cast<size_t>(call[index + 1]));
      return address ? address->text() : fmt::format("{:#x}", value);
    }
    case 'C':
      return flags(value, clone_words);
    case 'M':
      return flags(value, protection_words);
    case 'S':
      return signal_name(number);
    case 't':
      return time_at(thread, call, value);
    default:
      return fmt::format("{:#x}", value);
  }
}

}  // namespace

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, max_proof_text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\x{:02x}", byte);
    else
      out += c;
  }
  return out + (text.size() > max_proof_text ? "\"..." : "\"");
}

std::string describe_result(int64_t result) {
  if (result >= 0 || result < -4095) return fmt::format("{}", result);
  const char* error = strerrorname_np(static_cast<int>(-result));
  return error ? fmt::format("-1 {}", error) : fmt::format("{}", result);
}

std::string describe(Thread& thread, const Call& call, std::optional<int64_t> result) {
  std::string text = trace::call_name(call.abi, call.number) + "(";
  const std::string_view how = shape(call.sys);
  for (size_t i = 0; i < how.size() && i < call.arguments.size(); ++i) {
    // A mode counts only where something may be made.
    if (how[i] == 'o' && i > 0 && how[i - 1] == 'O' && (call[i - 1] & (O_CREAT | O_TMPFILE)) == 0) break;
    text.append(i > 0 ? ", " : "").append(argument(thread, call, i, how[i]));
  }
  text += ")";
  return result ? text + " = " + describe_result(*result) : text;
}

std::string describe(const trace::Execution& execution) {
  constexpr size_t max_arguments = 16;
  std::string text = "execve(" + in_quotes(execution.executable) + ", [";
  for (size_t i = 0; i < execution.arguments.size() && i < max_arguments; ++i)
    text.append(i > 0 ? ", " : "").append(in_quotes(execution.arguments[i]));
  return text + (execution.arguments.size() > max_arguments ? ", ...])" : "])");
}

}  // namespace shikake::sandbox::monitor
