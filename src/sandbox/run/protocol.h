// What a run's supervisor and the program that started it say to each other, in frames (base/frame.h,
// base/wire.h).
//
//   parent ──► orders
//   parent ◄── standing · process · file · dump · behaviour · socket · note · content · output · gateway ·
//   finished
//              or refused, or failed, at any time; each is the last
//
// The supervisor looks into a hostile program's memory and files, so the parent trusts none of it: every
// frame is bounded, digests are made by the parent, numbers of processes and contents are only names.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "gateway/gateway.h"
#include "intel/behaviour.h"
#include "intel/run.h"

namespace shikake::sandbox::run {

inline constexpr std::string_view supervisor_program = "shikake-supervisor";

// Descriptors that the supervisor is started with.
inline constexpr int channel_fd = 3;
inline constexpr int sample_fd = 4;   // the file, read from its start
inline constexpr int capture_fd = 5;  // where the gateway writes packets; /dev/null without a network
inline constexpr int broker_fd = 6;   // the gateway's end of the broker; open mode only

inline constexpr uint32_t max_frame = 1u << 20;
// The plan may hold scripted replies with their files (gateway::Replies::max_bytes).
inline constexpr uint32_t max_plan_frame = 72u << 20;
inline constexpr size_t content_part = 256u << 10;

enum class Order : uint8_t {
  plan,  // Plan: the first
  stop,  // no body: end the run now, and say what was seen
};

enum class Report : uint8_t {
  standing,   // Standing: cell and gateway stand, the program is about to start
  process,    // ProcessSeen; again when it executes another program or ends
  file,       // FileSeen
  dump,       // DumpSeen
  behaviour,  // BehaviourSeen; again with a higher count
  socket,     // SocketSeen
  note,       // NoteSeen: a debugger script's line
  content,    // ContentPart
  output,     // bytes that the program wrote to stdout and stderr
  clock,      // ClockSeen: sleep was skipped
  gateway,    // one byte gateway::FrameType, then that frame's body
  finished,   // Finished
  refused,    // text: why this file cannot be started; data about the file
  failed,     // Failure: what this machine could not do; our own failure
  taint,      // lines of the taint plugin's events (docs/taint.md)
};
constexpr Report wire_last(Report) {
  return Report::taint;
}

struct PlannedFile {
  std::string path, content;
  uint32_t mode = 0644;
  bool users = false;
  static void wire(auto& codec, auto& self) { codec(self.path, self.content, self.mode, self.users); }
};

struct Plan {
  std::string guests;  // the folder that profiles lie in
  std::string profile;
  bool as_root = false;              // the program runs as the guest's root, not as its person
  std::string sample_path;           // inside; the sample's bytes are planted there
  std::vector<std::string> command;  // the program (a path inside, or a name to look for) and its arguments
  std::vector<std::string> environment;  // besides the guest's own
  std::vector<PlannedFile> files;
  intel::RunNetwork network = intel::RunNetwork::closed;
  gateway::Replies replies;
  std::chrono::milliseconds time{0};
  uint32_t processes = 0;
  uint64_t memory = 0, disk = 0;  // bytes
  double processors = 0;          // as fixed-point thousandths on the wire
  std::string debug_script;
  std::vector<std::string> emulators;  // that the run may need: "arm", as in qemu-arm
  bool taint = false;                  // all programs in emulators, under the taint plugin
  bool taint_tables = true;            // with it: table look-ups by received bytes give received bytes
  std::vector<std::string> labelled;   // beginnings of paths whose content is followed too, besides the usual ones
  uint64_t kept_bytes = 0;  // of contents that are sent back, all together

  static void wire(auto& codec, auto& self) {
    auto thousandths = static_cast<uint32_t>(self.processors * 1000);
    codec(self.guests, self.profile, self.as_root, self.sample_path, self.command, self.environment,
          self.files, self.network, self.replies, self.time, self.processes, self.memory, self.disk,
          thousandths, self.debug_script, self.emulators, self.taint,
          self.taint_tables, self.labelled, self.kept_bytes);
    if constexpr (requires { codec.refuse(); }) self.processors = thousandths / 1000.0;
  }
};

struct Bound {
  std::string name, value, held_by;
  static void wire(auto& codec, auto& self) { codec(self.name, self.value, self.held_by); }
};
struct Device {
  std::string where, name;
  std::vector<std::string> addresses;
  static void wire(auto& codec, auto& self) { codec(self.where, self.name, self.addresses); }
};

struct Standing {
  std::string profile, user;
  std::vector<Bound> bounds;
  std::vector<Device> devices;
  std::vector<std::string> sockets, descriptors;  // of cell and gateway: "cell: udp 192.168.1.1:53"
  std::vector<std::string> resolvers, cell_addresses;
  std::vector<std::string> remarks;
  base::TimePoint start{};  // of the program
  static void wire(auto& codec, auto& self) {
    codec(self.profile, self.user, self.bounds, self.devices, self.sockets, self.descriptors, self.resolvers,
          self.cell_addresses, self.remarks, self.start);
  }
};

struct ProcessSeen {
  uint32_t id = 0;
  std::optional<uint32_t> parent;
  uint32_t pid = 0;
  std::string exe, cwd;
  std::vector<std::string> argv, env;
  base::TimePoint start{};
  std::optional<base::TimePoint> end;
  std::string how_ended;
  uint32_t threads = 1;
  std::string image;  // SHA-256 in hexadecimal, where the run made the program's file
  static void wire(auto& codec, auto& self) {
    codec(self.id, self.parent, self.pid, self.exe, self.cwd, self.argv, self.env, self.start, self.end,
          self.how_ended, self.threads, self.image);
  }
};

struct FileSeen {
  uint32_t index = 0;
  std::string path;
  intel::FileAction action = intel::FileAction::created;
  std::string to;
  std::string sha256;  // hexadecimal; "" where it was not read
  uint64_t size = 0;
  bool kept = false;  // its content is sent
  std::string why_not;
  uint32_t process = 0;
  base::TimePoint time{};
  static void wire(auto& codec, auto& self) {
    codec(self.index, self.path, self.action, self.to, self.sha256, self.size, self.kept, self.why_not,
          self.process, self.time);
  }
};

struct DumpSeen {
  std::string sha256;
  uint64_t size = 0, address = 0;
  uint32_t process = 0;
  base::TimePoint time{};
  std::string why;
  static void wire(auto& codec, auto& self) {
    codec(self.sha256, self.size, self.address, self.process, self.time, self.why);
  }
};

struct BehaviourSeen {
  uint32_t index = 0;
  intel::BehaviourKind kind = intel::BehaviourKind::connection;
  uint32_t process = 0;
  base::TimePoint time{};
  std::string object, proof;
  uint64_t count = 1;
  static void wire(auto& codec, auto& self) {
    codec(self.index, self.kind, self.process, self.time, self.object, self.proof, self.count);
  }
};

// A socket of a process, at the moment when its two ends became known; addresses as "192.0.2.1:80",
// "[2001:db8::1]:80".
struct SocketSeen {
  uint32_t index = 0;
  uint32_t process = 0;
  std::string act;        // "connected", "listening", "accepted", "sent"
  std::string transport;  // "tcp", "udp", "icmp", "raw"
  std::string local, remote;
  int64_t result = 0;                     // of the call
  uint64_t datagrams = 0, bytes_out = 0;  // sent to this remote; a stream's bytes are the gateway's to count
  base::TimePoint time{};
  static void wire(auto& codec, auto& self) {
    codec(self.index, self.process, self.act, self.transport, self.local, self.remote, self.result,
          self.datagrams, self.bytes_out, self.time);
  }
};

// The programs' clock runs ahead of ours by so much, from this moment of ours on. Times in other rows are
// theirs.
struct ClockSeen {
  base::TimePoint time{};
  base::Duration ahead{};
  static void wire(auto& codec, auto& self) { codec(self.time, self.ahead); }
};

struct NoteSeen {
  uint32_t process = 0;
  base::TimePoint time{};
  std::string text;
  static void wire(auto& codec, auto& self) { codec(self.process, self.time, self.text); }
};

// A part of a kept file, image or dump, in order, one content after another.
struct ContentPart {
  std::string sha256;  // as the supervisor has it
  bool last = false;
  std::string bytes;
  static void wire(auto& codec, auto& self) { codec(self.sha256, self.last, self.bytes); }
};

struct Finished {
  intel::RunOutcome outcome = intel::RunOutcome::exited;
  std::string detail;
  std::vector<std::string> limits_hit;
  std::vector<std::string> leaks;
  uint64_t packets_out = 0;  // over devices that should not be there
  std::vector<std::string> remarks;
  base::Duration elapsed{}, skipped{};
  static void wire(auto& codec, auto& self) {
    codec(self.outcome, self.detail, self.limits_hit, self.leaks, self.packets_out, self.remarks,
          self.elapsed, self.skipped);
  }
};

struct Failure {
  uint8_t code = 0;  // ErrorCode
  std::string text;
  static void wire(auto& codec, auto& self) { codec(self.code, self.text); }
};

}  // namespace shikake::sandbox::run
