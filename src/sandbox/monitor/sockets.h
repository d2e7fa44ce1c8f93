// What processes do with sockets: where to, from which port, how often.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>

#include "sandbox/monitor/addresses.h"
#include "sandbox/monitor/book.h"
#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::monitor {

inline constexpr size_t max_socket_uses = 4096;  // of a run
// When contacts become a pattern.
inline constexpr size_t scan_targets = 12;   // different hosts on a port, or ports of a host, by one process
inline constexpr size_t login_attempts = 8;  // connections to one service that asks for a login
inline constexpr size_t beacon_calls = 3;    // of the same host and port, with pauses between
inline constexpr std::chrono::seconds beacon_pause{1};

// A 32-bit program's socketcall(2) as the call that it stands for; any other call as it is.
trace::Call unfolded(trace::Thread& thread, const trace::Call& call);

class Sockets {
 public:
  explicit Sockets(Book& book) : book_(book) {}

  static bool wants(trace::Sys sys);
  // After a call of connect, listen, accept, accept4, sendto, sendmsg, sendmmsg (unfolded).
  void returned(trace::Thread& thread, const trace::Call& call, int64_t result);
  void ended(trace::ProcessId process) { contacts_.erase(process); }
  void finish();

 private:
  struct Contacts {  // of one process
    std::map<std::string, std::set<uint16_t>> ports_of;
    std::map<uint16_t, std::set<std::string>> hosts_of;
    struct Calls {
      size_t count = 0, spaced = 0;
      base::TimePoint last;
    };
    std::map<std::string, Calls> calls;  // by "host:port"
  };

  void connected(trace::Thread& thread, const trace::Call& call, int64_t result);
  void sent(trace::Thread& thread, int fd, std::optional<SocketAddress> to, uint64_t bytes, int64_t result);
  void listening(trace::Thread& thread, const trace::Call& call, int64_t result);
  void accepted(trace::Thread& thread, const trace::Call& call, int64_t result);
  void count(trace::Thread& thread, const SocketAddress& remote, bool datagrams, const std::string& proof);
  std::optional<uint32_t> add(SocketUse use);

  Book& book_;
  uint32_t next_index_ = 0;
  std::unordered_map<trace::ProcessId, Contacts> contacts_;
  std::map<std::string, std::pair<uint32_t, SocketUse>> datagrams_;  // by process and both ends
};

}  // namespace shikake::sandbox::monitor
