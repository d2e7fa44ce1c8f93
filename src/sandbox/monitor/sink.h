// Where the monitor tells what it sees, as it sees it: so that a run cut short keeps what it had said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/digest.h"
#include "intel/run.h"
#include "sandbox/trace/ids.h"

namespace shikake::sandbox::monitor {

enum class SocketAct : uint8_t { connected, listening, accepted, sent };
std::string_view name(SocketAct act);

// A socket of a process, at the moment when its two ends became known: what joins a process with a flow of
// the gateway. Addresses are as RunFlow writes them: "10.1.0.2:40112", "[fd00::2]:443".
struct SocketUse {
  uint32_t process = 0;  // RunProcess::id
  SocketAct act = SocketAct::connected;
  std::string transport;  // "tcp", "udp", "icmp", "raw"
  std::string local;      // with the port that the kernel chose; "" where it has none
  std::string remote;     // "" for listening
  int64_t result = 0;  // of the call: 0, bytes, or a negative errno (EINPROGRESS is the usual way to connect)
  uint64_t datagrams = 0, bytes_out = 0;  // sent to this remote; a stream's bytes are the gateway's to count
  base::TimePoint time;
};

// The same index comes again when something became known or changed: the later value replaces the earlier.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void process(const intel::RunProcess& process) = 0;  // id is its index
  virtual void file(uint32_t index, const intel::RunFile& file) = 0;
  virtual void behaviour(uint32_t index, const intel::RunBehaviour& behaviour) = 0;
  virtual void socket(uint32_t index, const SocketUse& use) = 0;
  // Kept bytes, once a digest; valid during the call.
  virtual void content(const base::Digest& sha256, base::ByteSpan bytes) = 0;
  // A bound of the monitor was met: "files", "behaviours", "kept_bytes", …; once each.
  virtual void limit(std::string_view name) = 0;
};

}  // namespace shikake::sandbox::monitor
