#include "sandbox/supervisor/link.h"

#include <algorithm>

namespace shikake::sandbox::supervisor {

using run::Report;

// The parent only appends to memory and writes files: one that takes longer hangs.
constexpr std::chrono::seconds patience{30};

void Link::say_raw(Report type, std::string_view body) {
  if (lost_) return;
  if (body.size() > run::max_frame) return limit("frame_bytes");
  if (!channel_.send(static_cast<uint8_t>(type), body, base::Deadline::after(patience))) lost_ = true;
}

bool Link::stop_requested() {
  Result<base::Frame> order = channel_.receive(base::Deadline::after(std::chrono::milliseconds(0)));
  if (order) return order->type == static_cast<uint8_t>(run::Order::stop);
  if (order.error().code != ErrorCode::timeout) lost_ = true;
  return lost_;
}

void Link::process(const intel::RunProcess& process) {
  if (process.id == 0) first_ = process;
  run::ProcessSeen row;
  row.id = process.id;
  row.parent = process.parent;
  row.pid = process.pid;
  row.exe = process.exe;
  row.cwd = process.cwd;
  row.argv = process.argv;
  row.env = process.env;
  row.start = process.start;
  row.end = process.end;
  row.how_ended = process.how_ended;
  row.threads = process.threads;
  if (process.image) row.image = process.image->hex();
  say(Report::process, row);
}

void Link::file(uint32_t index, const intel::RunFile& file) {
  run::FileSeen row;
  row.index = index;
  row.path = file.path;
  row.action = file.action;
  row.to = file.to;
  if (file.sha256) row.sha256 = file.sha256->hex();
  row.size = file.size;
  row.kept = file.kept;
  row.why_not = file.why_not;
  row.process = file.process;
  row.time = file.time;
  say(Report::file, row);
}

void Link::behaviour(uint32_t index, const intel::RunBehaviour& behaviour) {
  next_behaviour_ = std::max(next_behaviour_, index + 1);
  kinds_[static_cast<size_t>(behaviour.kind)] = true;
  run::BehaviourSeen row;
  row.index = index;
  row.kind = behaviour.kind;
  row.process = behaviour.process;
  row.time = behaviour.time;
  row.object = behaviour.object;
  row.proof = behaviour.proof;
  row.count = behaviour.count;
  say(Report::behaviour, row);
}

void Link::add_behaviour(intel::BehaviourKind kind, uint32_t process, base::TimePoint time,
                         std::string object, std::string proof) {
  intel::RunBehaviour row;
  row.kind = kind;
  row.process = process;
  row.time = time;
  row.object = std::move(object);
  row.proof = std::move(proof);
  behaviour(next_behaviour_, row);
}

void Link::socket(uint32_t index, const monitor::SocketUse& use) {
  run::SocketSeen row;
  row.index = index;
  row.process = use.process;
  row.act = monitor::name(use.act);
  row.transport = use.transport;
  row.local = use.local;
  row.remote = use.remote;
  row.result = use.result;
  row.datagrams = use.datagrams;
  row.bytes_out = use.bytes_out;
  row.time = use.time;
  say(Report::socket, row);
}

void Link::content(const base::Digest& sha256, base::ByteSpan bytes) {
  if (bytes.size() > content_left_) return limit("kept_bytes");
  content_left_ -= bytes.size();
  run::ContentPart part;
  part.sha256 = sha256.hex();
  std::string_view rest = base::as_text(bytes);
  do {
    part.bytes = rest.substr(0, run::content_part);
    rest.remove_prefix(part.bytes.size());
    part.last = rest.empty();
    say(Report::content, part);
  } while (!rest.empty());
}

void Link::limit(std::string_view name) {
  if (std::find(limits_hit_.begin(), limits_hit_.end(), name) == limits_hit_.end())
    limits_hit_.emplace_back(name);
}

void Link::dump(const intel::RunDump& dump) {
  run::DumpSeen row;
  row.sha256 = dump.sha256.hex();
  row.size = dump.size;
  row.address = dump.address;
  row.process = dump.process;
  row.time = dump.time;
  row.why = dump.why;
  say(Report::dump, row);
}

void Link::note(const intel::RunNote& note) {
  run::NoteSeen row;
  row.process = note.process;
  row.time = note.time;
  row.text = note.text;
  say(Report::note, row);
}

}  // namespace shikake::sandbox::supervisor
