#include "sandbox/emulation/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/file.h"
#include "sandbox/emulation/target.h"
#include "sandbox/monitor/paths.h"
#include "taint/emulator.h"

namespace shikake::sandbox::emulation {

using trace::Call;
using trace::Sys;
using trace::Thread;

namespace {

// As the kernel does: interpreters of interpreters end somewhere (BINPRM_MAX_RECURSION).
constexpr int max_interpreters = 4;

base::UniqueFd open_in_guest(Thread& thread, const std::string& absolute) {
  const std::string root = fmt::format("/proc/{}/root", thread.tid().value);
  const base::UniqueFd folder(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return folder ? base::UniqueFd(static_cast<int>(
                      ::syscall(SYS_openat2, folder.get(), absolute.c_str(), &how, sizeof how)))
                : base::UniqueFd();
}

// What the kernel judges permissions by: user and groups for files, and whether it may pass over them.
struct Powers {
  std::vector<uint64_t> user, group, groups;  // user, group: real, effective, saved, of files
  uint64_t capabilities = 0;
};

Powers powers_of(Thread& thread) {
  Powers found;
  std::ifstream status(fmt::format("/proc/{}/status", thread.tid().value));
  for (std::string line; std::getline(status, line);) {
    std::istringstream words(line);
    std::string key;
    words >> key;
    if (key == "CapEff:") words >> std::hex >> found.capabilities;
    std::vector<uint64_t>* list = key == "Uid:"      ? &found.user
                                  : key == "Gid:"    ? &found.group
                                  : key == "Groups:" ? &found.groups
                                                     : nullptr;
    for (uint64_t number = 0; list && words >> number;) list->push_back(number);
  }
  return found;
}

bool may_run(Thread& thread, const struct stat& file) {
  constexpr mode_t everyone = 0111;
  if ((file.st_mode & everyone) == 0) return false;
  if ((file.st_mode & everyone) == everyone) return true;
  const Powers who = powers_of(thread);
  if (who.user.size() != 4 || who.group.size() != 4) return true;  // it is gone
  if ((who.capabilities & (uint64_t{1} << CAP_DAC_OVERRIDE)) != 0) return true;
  if (who.user[3] == file.st_uid) return (file.st_mode & S_IXUSR) != 0;
  const bool ours = who.group[3] == file.st_gid || std::ranges::find(who.groups, file.st_gid) != who.groups.end();
  return (file.st_mode & (ours ? S_IXGRP : S_IXOTH)) != 0;
}

// False: nothing was wrong with it.
bool put_right(std::string_view target, std::span<uint8_t> head) {
  const auto architecture = taint::architecture(target);
  return architecture && taint::put_header_right(*architecture, head);
}

// A regular file that its permissions let the caller run.
bool is_program(Thread& thread, const base::UniqueFd& file) {
  struct stat status {};
  return file && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) && may_run(thread, status);
}

}  // namespace

std::string link_of(const base::UniqueFd& file) {
  std::array<char, 4096> target;
  const ssize_t length =
      ::readlink(fmt::format("/proc/self/fd/{}", file.get()).c_str(), target.data(), target.size());
  return length > 0 ? std::string(target.data(), static_cast<size_t>(length)) : "";
}

std::optional<Program> program_of(Thread& thread, const Call& call) {
  const bool at = call.sys == Sys::execveat;
  const auto text = thread.read_string({call[at ? 1 : 0]});
  if (!text) return std::nullopt;
  const int folder = at ? call.as_int(0) : AT_FDCWD;
  Program program;
  program.path = *text;
  std::string path = monitor::resolve(thread, folder, *text);
  constexpr std::string_view own_descriptors = "/proc/self/fd/";
  base::UniqueFd file;
  if (path == "/proc/self/exe" && thread.process().emulated.program) {
    auto opened = thread.open_program();
    if (opened) file = std::move(*opened);
    program.path = path = thread.process().executable;
  } else if (path.starts_with(own_descriptors) || (at && text->empty())) {
    const std::string number = text->empty() ? std::to_string(folder) : path.substr(own_descriptors.size());
    if (number.empty() || number.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
    if (auto opened = thread.reopen_fd(std::atoi(number.c_str()))) file = std::move(*opened);
    program.path = std::string(own_descriptors) + number;
    // The emulator opens it anew, when descriptors that close at exec are gone.
    if (const std::string link = file ? link_of(file) : "";
        link.starts_with('/') && !link.starts_with("/memfd:") && !link.ends_with(" (deleted)"))
      program.path = link;
  } else {
    file = open_in_guest(thread, path);
    if (at && !text->starts_with('/')) program.path = path;
  }
  for (int depth = 0; depth <= max_interpreters; ++depth) {
    if (!is_program(thread, file)) return std::nullopt;
    std::array<uint8_t, head_bytes> head{};
    const ssize_t got = ::pread(file.get(), head.data(), head.size(), 0);
    const base::ByteSpan seen(head.data(), static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (const auto target = target_of(seen)) {
      program.target = *target;
      program.odd_header = put_right(*target, std::span(head).first(seen.size()));
      program.file = std::make_shared<const base::UniqueFd>(std::move(file));
      return program;
    }
    std::vector<std::string> before = taint::interpreter_of(base::as_text(seen));
    if (before.empty()) return std::nullopt;
    before.push_back(program.path);
    if (!program.interpreters.empty()) program.interpreters.erase(program.interpreters.begin());
    program.interpreters.insert(program.interpreters.begin(), before.begin(), before.end());
    program.path = before.front();
    file = open_in_guest(thread, monitor::resolve(thread, AT_FDCWD, program.path));
  }
  return std::nullopt;
}

bool hand_copy(Thread& thread, const Program& program, int64_t opened, uint64_t& most) {
  constexpr size_t longest_name = 200;  // memfd_create takes 249 bytes
  constexpr uint64_t closes_on_exec = 1;  // MFD_CLOEXEC
  const trace::GuestAddress at = thread.scratch();
  struct stat status {};
  if (::fstat(program.file->get(), &status) != 0 || static_cast<uint64_t>(status.st_size) > most) return false;
  most -= static_cast<uint64_t>(status.st_size);
  const std::string called(monitor::last_component(program.path).substr(0, longest_name));
  if (!thread.write(at, base::as_bytes(std::string_view(called.c_str(), called.size() + 1)))) return false;
  const auto call = [&](Sys sys, std::initializer_list<uint64_t> arguments) {
    return thread.inject(sys, std::span(arguments.begin(), arguments.size())).value_or(-1);
  };
  const int64_t made = call(Sys::memfd_create, {at.value, closes_on_exec});
  if (made < 0) return false;
  const auto memory = static_cast<uint64_t>(made);
  const auto copy = thread.duplicate_fd(static_cast<int>(made));
  std::vector<char> part(size_t{1} << 20);
  bool done = static_cast<bool>(copy);
  for (off_t offset = 0; done && offset < status.st_size;) {
    const ssize_t got = ::pread(program.file->get(), part.data(), part.size(), offset);
    if (got <= 0) break;
    if (offset == 0)
      put_right(program.target, {reinterpret_cast<uint8_t*>(part.data()), static_cast<size_t>(got)});
    done = base::write_all(copy->get(), std::string_view(part.data(), static_cast<size_t>(got)), "a copy").has_value();
    offset += got;
  }
  done = done && ::lseek(copy->get(), 0, SEEK_SET) == 0;
  if (done && opened < 0) return thread.set_result(made), true;
  done = done && call(Sys::dup3, {memory, static_cast<uint64_t>(opened), 0}) == opened;
  call(Sys::close, {memory});
  return done;
}

}  // namespace shikake::sandbox::emulation
