// For tests only: a script in a cell, made by root or by an ordinary user, and what it printed.
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "cell/cell.h"
#include "cell/guest.h"
#include "cell/users.h"

namespace shikake::cell {

// Who makes the cell. The ordinary user owns nothing and has no subordinate ids.
enum class Maker { root, ordinary };
inline constexpr uid_t ordinary_user = 64123;
inline constexpr std::array makers{Maker::root, Maker::ordinary};
inline std::string maker_name(const ::testing::TestParamInfo<Maker>& row) {
  return row.param == Maker::root ? "root" : "ordinary_user";
}

// What a child process did that changed its user, which is for ever.
struct Told {
  std::string text;
  int status = -1;       // its exit status; the numbers below are about itself
  bool skipped = false;  // not to be had on this machine, and `text` says why
};
inline constexpr int told_unsupported = 91;

// `body` runs in a child as that user, in a user namespace where it is root; what it returns is told.
inline Told as(Maker maker, const std::function<Result<std::string>()>& body) {
  if (maker == Maker::root && geteuid() != 0) return {"not root", -1, true};
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return {"no pipe", -1, false};
  std::fflush(nullptr);  // or both would write what is buffered
  const pid_t child = fork();
  if (child == 0) {
    if (maker == Maker::ordinary && geteuid() == 0 &&
        (setgroups(0, nullptr) != 0 || setgid(ordinary_user) != 0 || setuid(ordinary_user) != 0))
      _exit(90);
    auto entered = enter_user_namespace();
    auto done = entered ? body() : tl::unexpected(entered.error());
    const std::string text = done ? *done : done.error().message();
    for (size_t at = 0; at < text.size();) {
      const ssize_t count = write(ends[1], text.data() + at, text.size() - at);
      if (count <= 0) break;
      at += static_cast<size_t>(count);
    }
    _exit(done ? 0 : done.error().code == ErrorCode::unsupported ? told_unsupported : 92);
  }
  close(ends[1]);
  Told told;
  std::array<char, 4096> bytes{};
  for (ssize_t count = 0; (count = read(ends[0], bytes.data(), bytes.size())) > 0;)
    told.text.append(bytes.data(), static_cast<size_t>(count));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  told.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  told.skipped = told.status == told_unsupported;
  return told;
}

// What a program prints on its standard output and error, and how it ends: "…\n[exited with status 0]".
inline Result<std::string> output_of(Cell& cell, CellCommand command) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno(Module::cell, "no pipe");
  base::UniqueFd from(ends[0]);
  base::UniqueFd to(ends[1]);
  command.out = command.err = to.get();
  SHIKAKE_ASSIGN(CellProcess process, cell.start(command));
  to.reset();
  std::string text;
  std::array<char, 4096> bytes{};
  for (ssize_t count = 0; (count = read(from.get(), bytes.data(), bytes.size())) > 0;)
    text.append(bytes.data(), static_cast<size_t>(count));
  SHIKAKE_ASSIGN(const base::WaitStatus ended, process.wait(base::Deadline::after(std::chrono::seconds(30))));
  return text + "[" + ended.describe() + "]";
}

// The same of a program of ours that is planted at `place` in a cell over this machine's /usr, as the guest's
// root or its user.
inline Result<std::string> output_of_planted(bool root, const std::string& program, const std::string& place,
                                             std::vector<std::string> arguments) {
  SHIKAKE_ASSIGN(Guest guest, machine_as_guest());
  CellPlan plan{.guest = &guest};
  if (root) plan.user = GuestUser{.name = "root"};
  plan.files = {{place, program, 0755}};
  SHIKAKE_ASSIGN(Cell cell, Cell::make(plan));
  return output_of(cell, {.program = place, .arguments = std::move(arguments)});
}

inline Result<std::string> shell(Cell& cell, const std::string& script) {
  return output_of(cell, {.program = "/bin/sh", .arguments = {"-c", script}});
}

}  // namespace shikake::cell
