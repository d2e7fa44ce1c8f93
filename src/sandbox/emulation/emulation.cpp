#include "sandbox/emulation/emulation.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "gateway/fd_passing.h"
#include "sandbox/emulation/bell.h"
#include "sandbox/emulation/foreign_calls.h"
#include "sandbox/emulation/target.h"
#include "sandbox/monitor/paths.h"

namespace shikake::sandbox::emulation {

using trace::Call;
using trace::CallAction;
using trace::GuestAddress;
using trace::Sys;
using trace::Thread;

namespace {

static_assert(bell == trace::FilterProgram::bell);

// The kernel's own bound is far higher; a list as long as this one lies below the stack without harm.
constexpr size_t max_pointers = 2048;
// What is written for a changed exec lies below the stack's red zone.
constexpr uint64_t red_zone = 128;
constexpr size_t max_remarks = 16;
// Of programs that were copied for their emulators, in all of a run: they lie in memory that no bound of the cell
// counts.
constexpr uint64_t max_copied_bytes = uint64_t{256} << 20;
constexpr uint64_t number_of_narrow_execve = 11;  // in i386's table

// Pointers of argv or envp; nothing where they cannot be read or are too many.
std::optional<std::vector<uint64_t>> read_pointers(Thread& thread, const Call& call, uint64_t list) {
  std::vector<uint64_t> all;
  for (uint64_t at = list; list != 0 && all.size() < max_pointers; at += call.pointer_bytes()) {
    const auto pointer = thread.read_pointer(call, {at});
    if (!pointer) return std::nullopt;
    if (pointer->value == 0) return all;
    all.push_back(pointer->value);
  }
  if (list == 0) return all;
  return std::nullopt;
}

// What is for the guest alone would reach the emulator or its loader too.
bool is_loaders(std::string_view variable) {
  return variable.starts_with("LD_") || variable.starts_with("QEMU_") || variable.starts_with("GLIBC_");
}

// Of a guest's own numbers of errors, in this machine's; MIPS numbers those above 34 otherwise.
int64_t own_error(std::string_view target, int64_t result) {
  constexpr int64_t no_such_call_of_mips = 89;
  return target.starts_with("mips") && result == -no_such_call_of_mips ? -ENOSYS : result;
}

// Strings and lists of pointers to lay below a guest's stack.
class Layout {
 public:
  explicit Layout(size_t pointer_bytes) : word_(pointer_bytes) {}
  size_t add(std::string_view text) {
    const size_t at = bytes_.size();
    bytes_.append(text).push_back('\0');
    return at;
  }
  // Of strings (offsets) and pointers that are the guest's already.
  struct Entry {
    bool own;
    uint64_t value;
  };
  size_t add(const std::vector<Entry>& entries) {
    bytes_.resize((bytes_.size() + 7) / 8 * 8);
    const size_t at = bytes_.size();
    for (const Entry& entry : entries) {
      if (entry.own) moved_.push_back(bytes_.size());
      append(entry.value);
    }
    append(0);
    return at;
  }
  size_t size() const { return bytes_.size(); }
  std::string placed(uint64_t base) {
    for (const size_t at : moved_) {
      uint64_t value = 0;
      std::memcpy(&value, &bytes_[at], word_);
      value += base;
      std::memcpy(&bytes_[at], &value, word_);
    }
    return std::move(bytes_);
  }

 private:
  void append(uint64_t value) { bytes_.append(reinterpret_cast<const char*>(&value), word_); }
  size_t word_;
  std::string bytes_;
  std::vector<size_t> moved_;
};

}  // namespace

Emulation::Emulation(Emulators emulators, Calls calls)
    : emulators_(std::move(emulators)), calls_(std::move(calls)), copied_bytes_left_(max_copied_bytes) {}

bool Emulation::has(std::string_view target) const {
  return std::ranges::find(emulators_.targets, target) != emulators_.targets.end();
}

void Emulation::remark(std::string text) {
  if (remarks_.size() < max_remarks && std::ranges::find(remarks_, text) == remarks_.end())
    remarks_.push_back(std::move(text));
}

std::vector<trace::Interest> Emulation::interests() const {
  return {{.sys = Sys::execve}, {.sys = Sys::execveat}, {.sys = Sys::memfd_create}, {.sys = Sys::openat}};
}

// The emulator makes one for itself, first, in each process that it starts in or forks.
void Emulation::on_thread(Thread& thread) {
  trace::Emulated& emulated = thread.process().emulated;
  if (!emulated.by.empty() && emulated.own_threads == 0) emulated.own_threads = 1;
}

void Emulation::on_thread_end(trace::Process&, trace::Tid tid) {
  own_work_.erase(tid);
}

void Emulation::on_process_end(const trace::Process& process, const trace::Ending& ending) {
  const bool killed = ending.status == base::WaitStatus{base::WaitStatus::How::killed, SIGKILL};
  if (!process.emulated.by.empty() && !process.emulated.started && !killed)
    remark(fmt::format("{} did not run: qemu-{} ended before its first instruction", process.executable,
                       process.emulated.by));
  changed_.erase(process.id);
  unopened_.erase(process.id);
  not_followed_.erase(process.id);
}

// --- exec --------------------------------------------------------------------------------------------------

CallAction Emulation::exec(Thread& thread, const Call& call) {
  changed_.erase(thread.process().id);
  not_followed_.erase(thread.process().id);
  std::optional<Program> program = program_of(thread, call);
  if (!program && emulators_.own) not_followed_.insert(thread.process().id);
  if (!program || (is_own(program->target) && !emulators_.own)) return {};
  if (!has(program->target)) {
    remark(fmt::format("{} is a program for {}, whose emulator this run does not have", program->path,
                       program->target));
    return {};
  }
  const bool changed = change(thread, call, std::move(*program));
  if (!changed && emulators_.own) not_followed_.insert(thread.process().id);
  return {.want_return = changed};
}

// Lets the kernel start the emulator with the program as its argument. False: it stays as it is.
bool Emulation::change(Thread& thread, const Call& call, Program program) {
  const size_t first = call.sys == Sys::execveat ? 2 : 1;
  auto arguments = read_pointers(thread, call, call[first]);
  auto environment = read_pointers(thread, call, call[first + 1]);
  auto registers = thread.registers();
  if (!arguments || !environment || !registers) return false;

  Layout layout(call.pointer_bytes());
  std::vector<Layout::Entry> line, variables;
  const auto say = [&](std::string_view text) { line.push_back({true, layout.add(text)}); };
  for (const std::string& word : emulators_.command) say(word);
  const std::string emulator = emulators_.folder + "/qemu-" + program.target;
  say(emulator);
  for (const std::string& option : emulators_.options) say(option);
  if (const auto more = emulators_.own_options.find(program.target); more != emulators_.own_options.end())
    for (const std::string& option : more->second) say(option);
  if (const auto libraries = emulators_.libraries.find(program.target);
      libraries != emulators_.libraries.end()) {
    say("-L");
    say(libraries->second);
  }
  for (const uint64_t pointer : *environment) {
    const std::string name = thread.read_string({pointer}).value_or("");
    if (!is_loaders(name)) {
      variables.push_back({false, pointer});
    } else if (name.find(',') == std::string::npos) {  // a list of them, for the emulator
      say("-E");
      line.push_back({false, pointer});
    }
  }
  say("-0");
  if (program.interpreters.empty() && !arguments->empty())
    line.push_back({false, arguments->front()});
  else
    say(program.interpreters.empty() ? program.path : program.interpreters.front());
  const size_t before = line.size();
  say(program.path);
  for (size_t i = 1; i < program.interpreters.size(); ++i) say(program.interpreters[i]);
  for (size_t i = 1; i < arguments->size(); ++i) line.push_back({false, (*arguments)[i]});

  const size_t path_at = layout.add(emulators_.command.empty() ? emulator : emulators_.command.front());
  const size_t line_at = layout.add(line), variables_at = layout.add(variables);
  const uint64_t base = (call.stack - red_zone - layout.size()) & ~uint64_t{63};
  if (!thread.write({base}, base::as_bytes(layout.placed(base)))) return false;

  Changed& changed = changed_[thread.process().id];
  changed.executable = link_of(*program.file);
  changed.program = std::move(program);
  changed.before = before - 1;  // -0's value stays, as the program's own first argument
  changed.registers = *registers;
  if (call.sys == Sys::execveat) {
    registers->orig_rax = call.is_32_bit() ? number_of_narrow_execve : uint64_t{SYS_execve};
    (void)thread.set_registers(*registers);
  }
  thread.set_argument(0, base + path_at);
  thread.set_argument(1, base + line_at);
  thread.set_argument(2, base + variables_at);
  return true;
}

void Emulation::before_execution(Thread& thread, trace::Execution& execution) {
  own_work_.erase(thread.tid());
  unopened_.erase(thread.process().id);
  const auto changed = changed_.extract(thread.process().id);
  if (not_followed_.erase(thread.process().id) != 0 && !changed)
    remark(fmt::format("{} ran outside of the emulators: what it did with received bytes was not followed",
                       execution.executable));
  if (!changed) return;
  Changed& what = changed.mapped();
  execution.executable = what.executable;
  auto& arguments = execution.arguments;
  // What was passed by -E is the program's environment.
  for (size_t i = 0; i + 1 < what.before && i + 1 < arguments.size(); ++i)
    if (arguments[i] == "-E") execution.environment.push_back(arguments[++i]);
  // The emulator's part, then the first argument, then the program's path, which is no argument of its own.
  if (arguments.size() > what.before + 1) {
    arguments.erase(arguments.begin() + static_cast<ptrdiff_t>(what.before) + 1);
    arguments.erase(arguments.begin(), arguments.begin() + static_cast<ptrdiff_t>(what.before));
  }
  trace::Process& process = thread.process();
  process.executable = what.executable;
  process.emulated.by = what.program.target;
  process.emulated.program = what.program.file;
  unopened_[process.id] = std::move(what.program);
}

void Emulation::on_return(Thread& thread, const Call& call, int64_t result) {
  if (call.sys == Sys::openat && !thread.process().emulated.started) {
    const auto unopened = unopened_.extract(thread.process().id);
    if (unopened && (result == -EACCES || (result >= 0 && unopened.mapped().odd_header)))
      (void)hand_copy(thread, unopened.mapped(), result, copied_bytes_left_);
    return;
  }
  if ((call.sys != Sys::execve && call.sys != Sys::execveat) || result >= 0) return;
  const auto changed = changed_.extract(thread.process().id);
  if (!changed) return;
  // A system call keeps its arguments' registers.
  trace::Registers before = changed.mapped().registers;
  before.rax = static_cast<uint64_t>(result);
  (void)thread.set_registers(before);
}

// --- calls
// ---------------------------------------------------------------------------------------------------

bool Emulation::is_hidden(Thread& thread, const Call& call) const {
  for (int nth = 0; nth < 2; ++nth) {
    if (monitor::path_argument(call.sys, nth).path < 0) return false;
    const std::string path = monitor::path_of_call(thread, call, nth);
    if (path.starts_with(emulators_.folder)) return true;
  }
  return false;
}

// Between its bells our plugin looks at programs and at its own mappings, and takes memory. Of all that only the
// mappings are none of the guest's business: the rest may be seen as what a guest does. And whoever asks for
// anything else there is a guest that broke out of its emulator and rang the bell itself.
bool Emulation::is_own_work(Thread& thread, const Call& call) {
  if (!own_work_.contains(thread.tid())) return false;
  switch (call.sys) {
    case Sys::open:
    case Sys::openat: {
      const auto flags = static_cast<int>(call[call.sys == Sys::open ? 1 : 2]);
      if ((flags & (O_ACCMODE | O_CREAT | O_TRUNC)) != O_RDONLY) break;
      return monitor::path_of_call(thread, call) == "/proc/self/maps";
    }
    case Sys::access:
    case Sys::faccessat:
    case Sys::stat:
    case Sys::fstat:
    case Sys::newfstatat:
    case Sys::statx:
    case Sys::readlink:
    case Sys::readlinkat:
    case Sys::read:
    case Sys::pread64:
    case Sys::lseek:
    case Sys::close:
    case Sys::mmap:
    case Sys::mremap:
    case Sys::munmap:
    case Sys::mprotect:
    case Sys::futex: return false;
    default: break;
  }
  own_work_.erase(thread.tid());
  remark(fmt::format("{} was asked for where only our plugin works: a program broke out of its emulator ({}), and what "
                     "it received is not followed any more",
                     trace::name(call.sys), thread.process().emulated.by));
  return false;
}

CallAction Emulation::on_call(Thread& thread, const Call& call) {
  const trace::Emulated& emulated = thread.process().emulated;
  if (call.number == bell && !call.is_32_bit()) {
    if (emulated.by.empty()) return {.keep = true};  // a native program's: the kernel says that there is none
    thread.skip_call(rung(thread, call));
    return {.keep = true};
  }
  if (!emulated.by.empty() && !emulated.started)
    return {.want_return = opens_its_program(thread, call), .keep = true};
  // The emulator passes on no such call of a guest's: it is how our plugin reads its guest.
  if (!emulated.by.empty() && call.sys == Sys::process_vm_readv && call.as_int(0) == thread.process().inner_pid)
    return {.keep = true};
  if (is_own_work(thread, call)) return {.keep = true};
  if (is_hidden(thread, call)) {
    thread.skip_call(-ENOENT);
    return {.keep = true};
  }
  if (call.sys == Sys::execve || call.sys == Sys::execveat) return exec(thread, call);
  // A program in memory is opened once more by its emulator, by the descriptor that is to close at exec.
  if (call.sys == Sys::memfd_create) thread.set_argument(1, call[1] & ~uint64_t{1});  // MFD_CLOEXEC
  return {};
}

// By name: a copy may have to take its place.
bool Emulation::opens_its_program(Thread& thread, const Call& call) const {
  if (call.sys != Sys::openat) return false;
  const auto unopened = unopened_.find(thread.process().id);
  return unopened != unopened_.end() && thread.read_string({call[1]}) == unopened->second.path;
}

int64_t Emulation::hand_state(Thread& thread, int socket) {
  // Asked for by an emulator that starts. Later it is a guest that broke out.
  if (!emulators_.state || thread.process().emulated.started) return -EPERM;
  const auto end = thread.duplicate_fd(socket);
  return end && gateway::send_with_fd(end->get(), "s", emulators_.state->get()) ? 0 : -EBADF;
}

int64_t Emulation::rung(Thread& thread, const Call& call) {
  trace::Emulated& emulated = thread.process().emulated;
  switch (static_cast<Ring>(call[0])) {
    case Ring::started:
      emulated.started = true;
      break;
    case Ring::answered: {
      const auto said = thread.read_value<Answered>({call[1]});
      const auto sys = said ? answered_call(emulated.by, said->number) : std::nullopt;
      if (!sys || !calls_.answered) break;
      Call made = call;
      made.sys = *sys;
      made.arguments = said->arguments;
      for (const trace::CallRow& row : trace::call_rows())
        if (row.sys == *sys) made.number = row.x86_64;
      remark(fmt::format("{} was answered by the emulator ({}): a program can tell from it that it is in one",
                         trace::name(*sys), emulated.by));
      calls_.answered(thread, made, own_error(emulated.by, said->result));
      break;
    }
    case Ring::own_work:
      if (call[1] != 0)
        own_work_.insert(thread.tid());
      else
        own_work_.erase(thread.tid());
      break;
    case Ring::taint: {
      if (!calls_.taint) break;
      if (call[2] > max_line_bytes) {
        remark("an event of the taint plugin was too long, and left out");
        break;
      }
      std::string line(call[2], '\0');
      line.resize(thread.read({call[1]}, {reinterpret_cast<uint8_t*>(line.data()), line.size()}));
      calls_.taint(thread, line);
      break;
    }
    case Ring::state: return hand_state(thread, call.as_int(1));
  }
  return 0;
}

}  // namespace shikake::sandbox::emulation
