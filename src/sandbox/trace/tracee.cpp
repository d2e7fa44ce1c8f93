#include "sandbox/trace/tracee.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/audit.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <utility>
#include <vector>

#include "base/check.h"
#include "sandbox/trace/auxiliary.h"
#include "sandbox/trace/options.h"

namespace shikake::sandbox::trace {
namespace {

constexpr uint64_t page_bytes = 4096;
constexpr uint64_t user_code_segment_32 = 0x23;  // the kernel's __USER32_CS
// A call that we run in a guest for our own ends (timers, prctl, small files) returns at once or never.
constexpr std::chrono::milliseconds patience{2000};

tl::unexpected<Error> gone() {
  return fail(Module::sandbox, ErrorCode::unavailable, "the guest's thread is gone");
}

bool is_narrow(const Registers& registers) {
  return registers.cs == user_code_segment_32;
}

}  // namespace

long Tracee::request(long what, void* address, void* data) const {
  return ptrace(static_cast<__ptrace_request>(what), tid_.value, address, data);
}

size_t Tracee::read(GuestAddress from, std::span<uint8_t> into) {
  if (into.empty()) return 0;
  // One element a page: a transfer stops at the element that cannot be read.
  std::array<iovec, 64> remote;
  size_t done = 0;
  while (done < into.size()) {
    size_t used = 0, planned = 0;
    while (used < remote.size() && done + planned < into.size()) {
      const uint64_t page = from.value + done + planned;
      const size_t length = std::min<size_t>(page_bytes - page % page_bytes, into.size() - done - planned);
      remote[used++] = {reinterpret_cast<void*>(page),
                        length};  // NOLINT: the kernel's interface wants a pointer
      planned += length;
    }
    iovec local{into.data() + done, planned};
    const ssize_t got = process_vm_readv(tid_.value, &local, 1, remote.data(), used, 0);
    if (got <= 0) break;
    done += static_cast<size_t>(got);
    if (static_cast<size_t>(got) < planned) break;
  }
  return done;
}

bool Tracee::write(GuestAddress to, base::ByteSpan bytes, bool force) {
  if (bytes.empty()) return true;
  if (!force) {
    iovec local{const_cast<uint8_t*>(bytes.data()), bytes.size()};
    iovec remote{reinterpret_cast<void*>(to.value), bytes.size()};  // NOLINT: as above
    return process_vm_writev(tid_.value, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes.size());
  }
  base::UniqueFd memory(open(fmt::format("/proc/{}/mem", tid_.value).c_str(), O_RDWR | O_CLOEXEC));
  return memory && pwrite(memory.get(), bytes.data(), bytes.size(), static_cast<off_t>(to.value)) ==
                       static_cast<ssize_t>(bytes.size());
}

Result<Registers> Tracee::registers() {
  if (!registers_) {
    Registers now;
    if (request(PTRACE_GETREGS, nullptr, &now) != 0) return gone();
    registers_ = now;
  }
  return *registers_;
}

Result<> Tracee::set_registers(const Registers& registers) {
  registers_ = registers;
  dirty_ = true;
  return {};
}

bool Tracee::flush() {
  if (!dirty_) return true;
  dirty_ = false;
  return request(PTRACE_SETREGS, nullptr, &*registers_) == 0;
}

void Tracee::skip_call(int64_t result) {
  auto now = registers();
  if (!now) return;
  now->orig_rax = ~0ull;
  now->rax = static_cast<uint64_t>(result);
  (void)set_registers(*now);
  skipped = true;
}

void Tracee::set_argument(size_t index, uint64_t value) {
  auto now = registers();
  if (!now || index >= call.arguments.size()) return;
  if (call.is_32_bit()) {
    unsigned long long* const slots[] = {&now->rbx, &now->rcx, &now->rdx, &now->rsi, &now->rdi, &now->rbp};
    *slots[index] = static_cast<uint32_t>(value);
  } else {
    unsigned long long* const slots[] = {&now->rdi, &now->rsi, &now->rdx, &now->r10, &now->r8, &now->r9};
    *slots[index] = value;
  }
  (void)set_registers(*now);
}

void Tracee::set_result(int64_t result) {
  auto now = registers();
  if (!now) return;
  now->rax = static_cast<uint64_t>(result);
  (void)set_registers(*now);
}

GuestAddress Tracee::scratch() {
  auto now = registers();
  // Below the red zone (System V ABI, 3.2.2) with room for a page.
  return now ? GuestAddress{(now->rsp - 128 - page_bytes) & ~uint64_t{63}} : GuestAddress{};
}

std::optional<uint64_t> Tracee::call_instruction(const Registers& now, bool narrow) {
  const std::array<uint8_t, 2> wanted =
      narrow ? std::array<uint8_t, 2>{0xcd, 0x80} : std::array<uint8_t, 2>{0x0f, 0x05};
  if (auto before = read_value<std::array<uint8_t, 2>>(GuestAddress{now.rip - 2});
      before && *before == wanted)
    return now.rip - 2;
  const auto vdso = auxiliary_value(tid_.value, narrow, AuxiliaryKey::vdso);
  if (!vdso) return std::nullopt;
  std::vector<uint8_t> image(2 * page_bytes);
  image.resize(read(GuestAddress{*vdso}, image));
  const auto found = std::search(image.begin(), image.end(), wanted.begin(), wanted.end());
  if (found == image.end()) return std::nullopt;
  return *vdso + static_cast<uint64_t>(found - image.begin());
}

bool Tracee::run_to_return() {
  bool entered = at == At::mid_call;
  for (;;) {
    if (!flush() || request(PTRACE_SYSCALL, nullptr, nullptr) != 0) return false;
    const auto status = host_.wait_for(tid_.value, patience);
    if (!status) return false;
    registers_.reset();
    switch (status->kind()) {
      case WaitStatus::Kind::exited:
      case WaitStatus::Kind::killed:
      case WaitStatus::Kind::exit:
        host_.defer(tid_.value, *status);
        ended = status->ended();
        return false;
      case WaitStatus::Kind::syscall:
        if (entered) {
          at = At::call_return;
          return true;
        }
        entered = true;
        break;
      case WaitStatus::Kind::signal:
        signal = status->value();
        break;  // delivered at the next resume
      default:
        break;
    }
  }
}

bool Tracee::interrupt_again() {
  if (request(PTRACE_INTERRUPT, nullptr, nullptr) != 0 || !flush() ||
      request(PTRACE_CONT, nullptr, nullptr) != 0)
    return false;
  const auto status = host_.wait_for(tid_.value, patience);
  if (!status) return false;
  registers_.reset();
  if (status->kind() == WaitStatus::Kind::stop || status->kind() == WaitStatus::Kind::group_stop) {
    at = status->kind() == WaitStatus::Kind::stop ? At::event : At::group_stop;
    return true;
  }
  host_.defer(tid_.value, *status);
  ended = status->ended();
  return false;
}

Result<int64_t> Tracee::inject(Sys sys, std::span<const uint64_t> arguments) {
  SHIKAKE_CHECK(at != At::call_entry && at != At::running && arguments.size() <= 6);
  if (ended || (at == At::mid_call && !run_to_return())) return gone();
  SHIKAKE_ASSIGN(const Registers before, registers());
  const bool narrow = is_narrow(before);
  const auto instruction = call_instruction(before, narrow);
  const auto row = std::find_if(call_rows().begin(), call_rows().end(), [&](const CallRow& each) {
    return each.sys == sys && (narrow ? each.i386 : each.x86_64) >= 0;
  });
  if (!instruction || row == call_rows().end())
    return fail(Module::sandbox, ErrorCode::unsupported, "no call can be made in this thread");

  std::array<uint64_t, 6> values{};
  std::copy(arguments.begin(), arguments.end(), values.begin());
  Registers now = before;
  now.rip = *instruction;
  now.rax = static_cast<uint64_t>(narrow ? row->i386 : row->x86_64);
  now.orig_rax = ~0ull;  // this is no call that the kernel would restart
  if (narrow) {
    now.rbx = values[0], now.rcx = values[1], now.rdx = values[2];
    now.rsi = values[3], now.rdi = values[4], now.rbp = values[5];
  } else {
    now.rdi = values[0], now.rsi = values[1], now.rdx = values[2];
    now.r10 = values[3], now.r8 = values[4], now.r9 = values[5];
  }
  (void)set_registers(now);
  at = At::event;
  if (!run_to_return()) return gone();
  SHIKAKE_ASSIGN(const Registers after, registers());
  const int64_t result = narrow ? static_cast<int32_t>(after.rax) : static_cast<int64_t>(after.rax);

  (void)set_registers(before);
  const int64_t pending = narrow ? static_cast<int32_t>(before.rax) : static_cast<int64_t>(before.rax);
  const bool restarts = pending == -EINTR || (pending <= -512 && pending >= -516);
  // The thread no longer stands where the kernel carries a planned restart out, or turns it into EINTR for a
  // signal's handler: another interrupt brings it there again.
  if (interrupted && restarts && static_cast<int64_t>(before.orig_rax) >= 0 && !interrupt_again())
    return gone();
  return result;
}

Result<> Tracee::step() {
  if (ended) return gone();
  long how = PTRACE_SINGLESTEP;
  for (;;) {
    if (!flush() || request(how, nullptr, nullptr) != 0) return gone();
    const auto status = host_.wait_for(tid_.value, patience);
    if (!status) return gone();
    if (status->ended()) {
      host_.defer(tid_.value, *status);
      ended = true;
      return gone();
    }
    stopped(At::event);
    if (status->kind() == WaitStatus::Kind::signal && status->value() == SIGTRAP) {
      at = At::signal;
      return {};
    }
    host_.handle(*this, *status);
    if (ended) return gone();
    if (status->kind() == WaitStatus::Kind::signal)
      return fail(Module::sandbox, ErrorCode::conflict, "a signal came before the step");
    // A call whose return is awaited ends the instruction by itself.
    if (status->kind() == WaitStatus::Kind::syscall && at == At::call_return) return {};
    how = awaits_return ? PTRACE_SYSCALL : PTRACE_SINGLESTEP;
  }
}

Result<base::UniqueFd> Tracee::duplicate_fd(int fd) {
  base::UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, process_->pid.value, 0)));
  if (!process) return gone();
  base::UniqueFd copy(static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), fd, 0)));
  if (!copy) return fail_errno(Module::sandbox, fmt::format("cannot take descriptor {} of a guest", fd));
  return copy;
}

Result<base::UniqueFd> Tracee::reopen_fd(int fd) {
  // Not by thread: a process' threads may have tables of their own (unshare), so the thread's own is asked.
  base::UniqueFd file(open(fmt::format("/proc/{}/fd/{}", tid_.value, fd).c_str(),
                           O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return fail_errno(Module::sandbox, fmt::format("cannot read descriptor {} of a guest", fd));
  return file;
}

Result<base::UniqueFd> Tracee::open_program() {
  const auto& emulated = process_->emulated.program;
  const std::string path = emulated ? fmt::format("/proc/self/fd/{}", emulated->get())
                                    : fmt::format("/proc/{}/exe", tid_.value);
  base::UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail_errno(Module::sandbox, "cannot read a guest's program");
  return file;
}

std::string Tracee::link(const std::string& name) {
  if (name == "exe" && !process_->emulated.by.empty()) return process_->executable;
  char path[64];
  std::array<char, PATH_MAX> target;
  *fmt::format_to_n(path, sizeof path - 1, "/proc/{}/{}", tid_.value, name).out = 0;
  const ssize_t length = readlink(path, target.data(), target.size());
  return length > 0 ? std::string(target.data(), static_cast<size_t>(length)) : std::string();
}

void Tracee::stopped(At where) {
  listening = false;
  at = where;
  registers_.reset();
  dirty_ = false;
}

void Tracee::listen() {
  listening = true;

  request(PTRACE_LISTEN, nullptr, nullptr);
}

void Tracee::begin_again() {
  auto now = registers();
  if (ended || !now || static_cast<int64_t>(now->orig_rax) < 0) return;
  const int64_t result = is_narrow(*now) ? static_cast<int32_t>(now->rax) : static_cast<int64_t>(now->rax);
  if (result != -EINTR) return;
  now->rax = now->orig_rax;
  now->rip -= 2;
  now->orig_rax = ~0ull;
  (void)set_registers(*now);
}

void Tracee::resume() {
  if (ended || held) return;
  const bool group = at == At::group_stop;
  const bool was_signal = at == At::signal;
  flush();
  registers_.reset();
  at = At::running;
  interrupted = false;
  if (group) return listen();
  // Sent from a stop that is no delivery, a signal is queued anew and comes back: hooks have seen it already.
  if (signal != 0 && !was_signal) passed_signal = signal;
  const auto deliver = static_cast<uintptr_t>(signal);
  signal = 0;
  request(awaits_return ? PTRACE_SYSCALL : PTRACE_CONT, nullptr, reinterpret_cast<void*>(deliver));  // NOLINT
}

bool Tracee::load_call() {
  __ptrace_syscall_info info;
  if (request(PTRACE_GET_SYSCALL_INFO, reinterpret_cast<void*>(sizeof info), &info) <= 0)
    return false;  // NOLINT
  const bool narrow = info.arch != AUDIT_ARCH_X86_64;
  uint64_t number;
  const auto* arguments = info.entry.args;
  if (info.op == PTRACE_SYSCALL_INFO_SECCOMP) {
    number = info.seccomp.nr;
    arguments = info.seccomp.args;
    filter_data = static_cast<uint16_t>(info.seccomp.ret_data);
  } else if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
    number = info.entry.nr;
  } else {
    return false;
  }
  constexpr uint64_t x32_bit = 0x40000000;
  call.abi = narrow ? Abi::i386 : (number & x32_bit) && number != ~0ull ? Abi::x32 : Abi::x86_64;
  call.number = static_cast<int>(call.abi == Abi::x32 ? number & ~x32_bit : number);
  std::copy_n(arguments, call.arguments.size(), call.arguments.begin());
  call.instruction = info.instruction_pointer;
  call.stack = info.stack_pointer;
  const CallRow* row = find_call(call.abi, call.number);
  call.sys = row ? row->sys : Sys::other;
  return true;
}

void Tracee::want_exit_stop() {
  if (std::exchange(exit_stop_wanted, true)) return;
  request(PTRACE_SETOPTIONS, nullptr, reinterpret_cast<void*>(trace_options | PTRACE_O_TRACEEXIT));  // NOLINT
}

}  // namespace shikake::sandbox::trace
