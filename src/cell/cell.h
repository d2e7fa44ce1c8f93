// A cell: the isolated place where something hostile runs.
//
//   SHIKAKE_ASSIGN(Guest guest, open_guest_or_machine(home, "office"));
//   SHIKAKE_ASSIGN(Cell cell, Cell::make({.guest = &guest, .network = gateway.cell_network()}));
//   SHIKAKE_ASSIGN(CellProcess sample, cell.start({.program = "/home/mika/a.out"}, [] { raise(SIGSTOP); }));
//   … sample.wait(deadline) …  changed_files(cell) (changes.h)
//
// The caller has to be root, be it of the machine or of a user namespace of its own: an ordinary user's
// process calls enter_user_namespace() (users.h) once, while it has one thread.
//
// A cell dies with the thread that made it, in whatever way that ends: no process, mount, namespace or cgroup
// stays. docs/cell.md says what it looks like from inside, and what it can't hide.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/child.h"
#include "base/deadline.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "cell/guest.h"

namespace shikake::cell {

// What all of a cell may use together, where the kernel lets us say so: Cell::bounds() tells what is in
// force.
struct CellBounds {
  uint32_t processes = 256;                  // threads too
  uint64_t memory = uint64_t{1} << 30;       // bytes
  double processors = 1.0;                   // of time on them; 0.5: half of one
  uint64_t disk = uint64_t{256} << 20;       // bytes that files changed or made may hold
  uint64_t file_size = uint64_t{128} << 20;  // bytes, of one file; SIGXFSZ
  uint64_t open_files = 1024;                // of one process
  std::chrono::seconds processor_time{600};  // of one process; SIGXCPU
};

// What happens to a system call that no program in a cell may make (refusals.h).
enum class Refusals : uint8_t {
  answer,  // the kernel answers with an errno; nobody is told
  trace,  // stops for the tracer, who has to answer (refusals.h); without one it is ENOSYS. Never carried out
};

struct CellPlan {
  const Guest* guest = nullptr;  // has to live until make() returns
  CellBounds bounds = {};
  std::optional<GuestUser> user = {};  // instead of the guest's; "root" has number 0 and home /root
  std::vector<GuestFile> files = {};   // planted, above the guest's own: the sample, a CA, resolv.conf
  // A network namespace to live in, the caller's still; -1: an empty one of its own with loopback up.
  int network = -1;
  Refusals refusals = Refusals::answer;
};

struct CellCommand {
  std::string program;                    // a path inside; not searched for
  std::vector<std::string> arguments;     // after argv[0]
  std::optional<std::string> argv0 = {};  // instead of `program`
  // NAME=value; without it, what the guest's user has after a login.
  std::optional<std::vector<std::string>> environment = {};
  std::string folder = {};  // to start in; the user's home without it
  // Descriptors of the caller's; -1: the cell's /dev/null. No other descriptor is let through.
  int in = -1;
  int out = -1;
  int err = -1;
};

// A program in a cell. Its end does not end the cell.
class CellProcess {
 public:
  CellProcess(CellProcess&& other) noexcept;
  CellProcess& operator=(CellProcess&& other) noexcept;
  ~CellProcess();  // kills and reaps the process; what it started stays until the cell ends

  pid_t pid() const { return pid_; }          // as the caller counts
  pid_t inside() const { return inside_; }    // as the cell counts
  int pidfd() const { return pidfd_.get(); }  // readable once it has ended

  // Whether exec succeeded: nothing once the program runs, an error with errno if it could not be started,
  // `timeout` while before_exec is still at work. start() without a before_exec has asked already.
  Result<> started(const base::Deadline& deadline);
  // How it ended; `timeout` when the deadline comes first.
  Result<base::WaitStatus> wait(const base::Deadline& deadline);
  void kill() const;

 private:
  friend class Cell;
  CellProcess() = default;
  void end();

  pid_t pid_ = -1;
  pid_t inside_ = -1;
  pid_t waiter_ = -1;  // our child, the program's parent inside: it ends as the program does
  base::UniqueFd pidfd_;
  base::UniqueFd waiter_pidfd_;
  base::UniqueFd report_;  // closed by a successful exec
  std::optional<base::WaitStatus> status_;
};

// One bound as it is in force.
struct BoundInForce {
  enum class By : uint8_t { cgroup_v1, cgroup_v2, rlimit, tmpfs, none };
  std::string_view what;  // the member of CellBounds: "processes", "memory", …
  By by = By::none;
  double value = 0;          // in the member's unit
  bool per_process = false;  // each process may use as much, not all of them together
};
std::string_view name(BoundInForce::By by);

// Bounds that were met while the cell ran.
struct BoundsMet {
  bool memory = false;     // the kernel killed for it
  bool processes = false;  // a fork was refused
  bool disk = false;       // full now
};

class Cell {
 public:
  // ErrorCode::unsupported: this machine forbids it, and the text says what to do about it.
  static Result<Cell> make(const CellPlan& plan);

  Cell(Cell&&) noexcept;
  Cell& operator=(Cell&&) noexcept;
  ~Cell();  // end()

  // Starts a program as the cell's user. `before_exec` runs in the new process as the last thing before exec,
  // confined already (it may raise(SIGSTOP), ask for a filter, use descriptors that it knows); then start()
  // does not wait for the exec: see CellProcess::started().
  Result<CellProcess> start(const CellCommand& command, const std::function<void()>& before_exec = {});

  const std::vector<BoundInForce>& bounds() const;
  BoundsMet bounds_met() const;

  const GuestIdentity& identity() const;
  const GuestUser& user() const;
  const base::UniqueFd& upper() const;  // O_PATH: the folder that holds what changed; changes.h reads it
  // O_PATH: the guest as it was before, uppermost first; for the fallback the folder /usr is not among it.
  const std::array<base::UniqueFd, 2>& lower() const;
  uid_t inside(
      uid_t outside) const;  // the number that a user, as the caller counts, has inside; 65534: nobody's
  pid_t init() const;        // process 1, as the caller counts; for a look from outside

  void end();  // kills every process inside and waits until they are gone; the cell is of no more use

  struct State;  // state.h: for the files that make up a cell

 private:
  explicit Cell(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace shikake::cell
