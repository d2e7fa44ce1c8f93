// What a monitor keeps of a run, and the single acts that it looks at (acts.cpp).
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sandbox/monitor/book.h"
#include "sandbox/monitor/call_rules.h"
#include "sandbox/monitor/files.h"
#include "sandbox/monitor/monitor.h"
#include "sandbox/monitor/sockets.h"

namespace shikake::sandbox::monitor {

// What a call was about, from its entry to its return.
struct Pending {
  std::string path, second;  // resolved; second: of rename and link, or what the result depends on
  std::optional<intel::BehaviourKind> kind;  // of a path rule that waits for the result
  bool existed = false;
  bool writes = false;
  const CallRule* rule = nullptr;
  std::string object;  // for that rule
};

struct Monitor::State {
  State(MonitorOptions given, Sink& sink)
      : options(std::move(given)),
        book(
            sink, options.now ? options.now : [] { return base::system_clock().now(); }),
        files(book, options.keep),
        sockets(book) {}

  void opening(trace::Thread& thread, const trace::Call& call, trace::CallAction& action);
  void opened(trace::Thread& thread, const trace::Call& call, int64_t result, const Pending& pending);
  void looking(trace::Thread& thread, const trace::Call& call);
  void removing(trace::Thread& thread, const trace::Call& call);
  void changing_mode(trace::Thread& thread, const trace::Call& call);
  void setting_times(trace::Thread& thread, const trace::Call& call);
  void killing(trace::Thread& thread, const trace::Call& call);
  void naming(trace::Thread& thread, const trace::Call& call);
  void signals(trace::Thread& thread, const trace::Call& call);
  void walked(trace::Thread& thread, const std::string& path, const trace::Call& call);
  void patterns(trace::Thread& thread, const trace::Call& call);
  bool rules(trace::Thread& thread, const trace::Call& call, Pending& pending);
  void finished(trace::Thread& thread, const trace::Call& call, int64_t result, const Pending& pending);
  bool descends(trace::ProcessId process, trace::ProcessId from) const;

  struct Kin {
    trace::ProcessId parent;
    pid_t inner = 0;
    std::string executable;
    size_t folders = 0;       // listed
    std::vector<int> killed;  // strangers
  };

  MonitorOptions options;
  Book book;
  Files files;
  Sockets sockets;
  std::unordered_map<trace::Tid, Pending> pending;
  std::unordered_map<trace::ProcessId, Kin> alive;
};

}  // namespace shikake::sandbox::monitor
