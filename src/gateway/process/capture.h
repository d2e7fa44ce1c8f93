// Writes every packet of the cable to the capture file, in a thread of its own, so that a busy gateway misses
// none.
//
// A packet waits a moment before it is written: the secrets of its TLS connection, which the gateway learns
// only from packets themselves, then stand before it in the file, and so does the id of its flow.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "gateway/message.h"
#include "gateway/pcapng.h"

namespace shikake::gateway {

class Capture {
 public:
  // `socket` is arrange()'s; `file` stays the caller's. Starts the thread: before confine().
  static Result<std::unique_ptr<Capture>> start(base::UniqueFd socket, int file, uint64_t max_bytes);
  ~Capture();

  void tls_secret(std::string_view line);
  void name(std::string_view address, std::string_view host);
  // The next packet of the conversation gets the comment "flow 3".
  void flow(const Flow& flow);

  struct Totals {
    uint64_t packets = 0, bytes = 0, lost = 0;
    std::string failure;  // why writing ended early: a full disk; empty if it did not
    bool full = false;    // the bound was reached
  };
  Totals finish();  // takes what is still in the socket, writes all, ends the thread

 private:
  struct Held {
    base::TimePoint time;
    std::string bytes;
    uint32_t wire_size;
    bool from_cell;
  };

  Capture(base::UniqueFd socket, PcapngWriter writer, uint64_t max_bytes);
  void run();
  bool take_in();  // what the socket holds; false when it was empty
  void write_out(base::TimePoint until);
  std::string comment_for(const Held& held);

  base::UniqueFd socket_;
  base::UniqueFd wake_;
  PcapngWriter writer_;
  uint64_t max_bytes_;
  std::deque<Held> held_;  // the thread's alone
  size_t held_bytes_ = 0;
  std::mutex mutex_;  // guards what follows, and writer_
  std::unordered_map<std::string, uint32_t> new_flows_;
  Totals totals_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace shikake::gateway
