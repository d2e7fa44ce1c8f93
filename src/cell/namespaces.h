// Namespaces of one's own: see namespaces(7), user_namespaces(7), pid_namespaces(7).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>

#include "base/result.h"
#include "base/unique_fd.h"
#include "cell/users.h"

namespace shikake::cell {

// Who exists inside a new user namespace.
enum class UserMap : uint8_t {
  // Everyone under their own number: for root everyone, for an ordinary user that user alone. The child
  // holds every capability over its own namespaces until it executes a program as somebody other than
  // root; none over the machine's.
  same,
  // The caller alone, who is root inside.
  root,
};

// Whom a new user namespace knows: `inside` and the next are `outside.first` and the next.
struct IdMap {
  uint32_t inside = 0;
  IdRange outside = {};  // of the caller's, who needs CAP_SETUID and CAP_SETGID over them, or is the only one
};

struct NamespacePlan {
  bool user = false;  // an ordinary user needs it for any of the others
  UserMap users = UserMap::same;
  std::optional<IdMap> ids =
      {};  // instead of `users`; the child becomes `inside`, holding every capability there
  bool mount = false;
  bool network = false;
  bool pid = false;  // the child is process 1: at its end the kernel kills every process inside
  bool uts = false;
  bool ipc = false;
  bool cgroup = false;
  // The monotonic and the boot clock go before the machine's by so much (after, if negative): needs `pid`,
  // since only a child of who asks for it has another time. time_namespaces(7).
  std::optional<std::chrono::seconds> clock_offset = {};
  // Done in the child first of all, with the caller's powers still: to join what it could not join later.
  std::function<Result<>()> first = {};
};

// A child in namespaces of its own. It dies with its owner: by the destructor, and by the kernel when
// the thread that made it ends in whatever way.
class Contained {
 public:
  Contained(Contained&& other) noexcept;
  Contained& operator=(Contained&& other) noexcept;
  ~Contained();

  // The process to signal and to wait for. With a pid namespace it is a keeper outside of it, which
  // ends as process 1 does and takes it along when killed; it heeds SIGKILL alone.
  pid_t pid() const { return pid_; }
  // Blocks; the wait status as waitpid(2) gives it. Once.
  Result<int> wait();
  void kill();  // and reaps

 private:
  friend Result<Contained> spawn(const NamespacePlan&, const std::function<int()>&);
  explicit Contained(pid_t pid) : pid_(pid) {}
  pid_t pid_ = -1;
};

// Forks, enters the namespaces, calls `body` there and exits with what it returns; comes back when the
// namespaces stand. Mounts are private in a new mount namespace already. Call it from a thread that
// lives as long as the child should.
// ErrorCode::unsupported: this machine forbids it, and the text says what to do about it.
Result<Contained> spawn(const NamespacePlan& plan, const std::function<int()>& body);

// The same for the calling process alone, which must have one thread: a user namespace, with nobody in it
// yet.
Result<> enter_new_user_namespace();

// Moves the calling thread into a new network namespace, which has a loopback device that is down and
// nothing else. Gives a descriptor that keeps it alive and leads back to it.
Result<base::UniqueFd> enter_new_network();
Result<base::UniqueFd> current_network();
Result<> enter_network(const base::UniqueFd& network);

}  // namespace shikake::cell
