// The supervisor's end of the channel to whoever started the run, and what the monitor tells put into its
// frames.
#pragma once

#include <string>
#include <string_view>

#include "base/frame.h"
#include "base/wire.h"
#include "sandbox/monitor/sink.h"
#include "sandbox/run/protocol.h"

namespace shikake::sandbox::supervisor {

class Link final : public monitor::Sink {
 public:
  explicit Link(base::FrameChannel channel) : channel_(std::move(channel)) {}

  template <class Message>
  void say(run::Report type, const Message& message) {
    say_raw(type, base::to_wire(message));
  }
  // A parent that is gone or does not listen ends the run: is_lost().
  void say_raw(run::Report type, std::string_view body);
  bool is_lost() const { return lost_; }

  Result<base::Frame> receive(const base::Deadline& deadline) { return channel_.receive(deadline); }
  // Whether the parent asked for an end meanwhile; does not wait.
  bool stop_requested();

  // The run's bounds on what is sent back.
  void keep_at_most(uint64_t bytes) { content_left_ = bytes; }
  const std::vector<std::string>& limits_hit() const { return limits_hit_; }

  // --- monitor::Sink
  void process(const intel::RunProcess& process) override;
  void file(uint32_t index, const intel::RunFile& file) override;
  void behaviour(uint32_t index, const intel::RunBehaviour& behaviour) override;
  void socket(uint32_t index, const monitor::SocketUse& use) override;
  void content(const base::Digest& sha256, base::ByteSpan bytes) override;
  void limit(std::string_view name) override;

  void dump(const intel::RunDump& dump);
  void note(const intel::RunNote& note);
  // One more behaviour, after the monitor's.
  void add_behaviour(intel::BehaviourKind kind, uint32_t process, base::TimePoint time, std::string object,
                     std::string proof);
  bool has_behaviour(intel::BehaviourKind kind) const { return kinds_[static_cast<size_t>(kind)]; }
  // The first process as it was told last; null before it started.
  const intel::RunProcess* first() const { return first_ ? &*first_ : nullptr; }

 private:
  base::FrameChannel channel_;
  bool lost_ = false;
  uint64_t content_left_ = 0;
  uint32_t next_behaviour_ = 0;
  std::array<bool, intel::behaviour_kinds> kinds_{};
  std::optional<intel::RunProcess> first_;
  std::vector<std::string> limits_hit_;
};

}  // namespace shikake::sandbox::supervisor
