#include "sandbox/run/record.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/wire.h"
#include "sandbox/run/network_behaviour.h"
#include "sandbox/run/taint_flows.h"

namespace shikake::sandbox::run {
namespace {

tl::unexpected<Error> nonsense(std::string what) {
  return fail(Module::sandbox, ErrorCode::invalid_input, "the supervisor of the run says " + std::move(what));
}

// No run lasts longer, and no sleep that is skipped; sums with times stay dates.
base::Duration sane(base::Duration duration) {
  constexpr base::Duration longest = std::chrono::days(36500);
  return std::clamp(duration, base::Duration(0), longest);
}

// A row that may come again: rows keep their index, new ones are appended in order.
template <class Row>
Row* row_at(std::vector<Row>& rows, uint32_t index) {
  if (index < rows.size()) return &rows[index];
  return index == rows.size() ? &rows.emplace_back() : nullptr;
}

}  // namespace

RecordBuilder::RecordBuilder(intel::RunRecord record, Keep& keep, RecordLimits limits)
    : record_(std::move(record)), keep_(keep), limits_(limits) {}

void RecordBuilder::limit(std::string_view name) {
  auto& hit = record_.limits_hit;
  if (std::find(hit.begin(), hit.end(), name) == hit.end()) hit.emplace_back(name);
  record_.complete = false;
}

// Paths and arguments are any bytes; a record is JSON, and JSON is UTF-8.
bool RecordBuilder::clip(std::string& text) {
  if (text.size() > limits_.text) text.resize(limits_.text);
  if (!base::is_valid_utf8(text)) text = base::to_valid_utf8(text);
  text_bytes_ += text.size();
  return text_bytes_ <= limits_.rows;
}

bool RecordBuilder::clip(std::vector<std::string>& texts) {
  if (texts.size() > limits_.texts) texts.resize(limits_.texts);
  for (std::string& text : texts) clip(text);
  return text_bytes_ <= limits_.rows;
}

bool RecordBuilder::room(size_t now, size_t most, std::string_view what) {
  if (now < most && text_bytes_ <= limits_.rows) return true;
  limit(text_bytes_ > limits_.rows ? "record_bytes" : what);
  return false;
}

std::optional<base::Digest> RecordBuilder::put(std::string_view bytes) {
  Result<base::Digest> digest = keep_.put(bytes);
  if (!digest) {
    limit("kept bodies: " + digest.error().message());
    return std::nullopt;
  }
  blobs_.insert(*digest);
  return *digest;
}

template <class Message>
Result<> RecordBuilder::take_as(std::string_view body, Result<> (RecordBuilder::*use)(Message)) {
  SHIKAKE_ASSIGN(Message message, base::from_wire<Message>(body));
  return (this->*use)(std::move(message));
}

Result<> RecordBuilder::take(const base::Frame& frame) {
  if (state_ != State::running) return nonsense("more after its last word");
  if (frame.type > static_cast<uint8_t>(wire_last(Report{}))) return nonsense("a word that is none");
  switch (static_cast<Report>(frame.type)) {
    case Report::standing:
      return take_as(frame.body, &RecordBuilder::standing);
    case Report::process:
      return take_as(frame.body, &RecordBuilder::process);
    case Report::file:
      return take_as(frame.body, &RecordBuilder::file);
    case Report::dump:
      return take_as(frame.body, &RecordBuilder::dump);
    case Report::behaviour:
      return take_as(frame.body, &RecordBuilder::behaviour);
    case Report::socket:
      return take_as(frame.body, &RecordBuilder::socket);
    case Report::note:
      return take_as(frame.body, &RecordBuilder::note);
    case Report::content:
      return take_as(frame.body, &RecordBuilder::content);
    case Report::output:
      return output(frame.body);
    case Report::clock:
      return take_as(frame.body, &RecordBuilder::clock);
    case Report::gateway:
      return from_gateway(frame.body);
    case Report::taint:
      if (taint_events_.size() + frame.body.size() > limits_.taint)
        limit("taint_events");
      else
        taint_events_ += frame.body;
      return {};
    case Report::finished:
      return take_as(frame.body, &RecordBuilder::finished);
    case Report::refused:
      state_ = State::refused;
      record_.outcome = intel::RunOutcome::refused;
      record_.outcome_detail = frame.body;
      clip(record_.outcome_detail);
      return {};
    case Report::failed:
      return take_as(frame.body, &RecordBuilder::failed);
  }
  return {};
}

Result<> RecordBuilder::standing(Standing said) {
  clip(said.profile);
  clip(said.user);
  clip(said.remarks);
  record_.profile = std::move(said.profile);
  record_.user = std::move(said.user);
  record_.start = said.start;
  for (std::string& remark : said.remarks) record_.remarks.push_back(std::move(remark));
  for (Bound& bound : said.bounds) {
    if (!room(record_.bounds.size(), limits_.texts, "bounds")) break;
    clip(bound.name), clip(bound.value), clip(bound.held_by);
    record_.bounds.push_back({std::move(bound.name), std::move(bound.value), std::move(bound.held_by)});
  }
  for (Device& device : said.devices) {
    if (!room(record_.network.interfaces.size(), limits_.texts, "devices")) break;
    clip(device.where), clip(device.name), clip(device.addresses);
    record_.network.interfaces.push_back(
        {std::move(device.where), std::move(device.name), std::move(device.addresses)});
  }
  clip(said.sockets), clip(said.descriptors);
  record_.network.sockets = std::move(said.sockets);
  record_.network.descriptors = std::move(said.descriptors);
  resolvers_ = std::move(said.resolvers);
  clip(resolvers_);
  return {};
}

Result<> RecordBuilder::process(ProcessSeen said) {
  auto place = process_places_.find(said.id);
  if (place == process_places_.end()) {
    if (!room(record_.processes.size(), limits_.processes, "processes")) return {};
    place = process_places_.emplace(said.id, record_.processes.size()).first;
    record_.processes.emplace_back();
  }
  intel::RunProcess* row = &record_.processes[place->second];
  clip(said.exe), clip(said.cwd), clip(said.argv), clip(said.env), clip(said.how_ended);
  row->id = said.id;
  row->parent = said.parent;
  row->pid = said.pid;
  row->exe = std::move(said.exe);
  row->cwd = std::move(said.cwd);
  row->argv = std::move(said.argv);
  row->env = std::move(said.env);
  row->start = said.start;
  row->end = said.end;
  row->how_ended = std::move(said.how_ended);
  row->threads = said.threads;
  row->image = base::Digest::from_hex(said.image);
  return {};
}

Result<> RecordBuilder::file(FileSeen said) {
  const bool known = said.index < record_.files.size();
  if (!known && !room(record_.files.size(), limits_.files, "files")) return {};
  intel::RunFile* row = row_at(record_.files, said.index);
  if (!row) return nonsense("a file out of order");
  clip(said.path), clip(said.to), clip(said.why_not);
  row->path = std::move(said.path);
  row->action = said.action;
  row->to = std::move(said.to);
  row->sha256 = base::Digest::from_hex(said.sha256);
  row->size = said.size;
  row->why_not = std::move(said.why_not);
  row->process = said.process;
  row->time = said.time;
  return {};
}

Result<> RecordBuilder::dump(DumpSeen said) {
  auto sha256 = base::Digest::from_hex(said.sha256);
  if (!sha256) return nonsense("a dump without its digest");
  if (!room(record_.dumps.size(), limits_.dumps, "dumps")) return {};
  clip(said.why);
  intel::RunDump row;
  row.sha256 = *sha256;
  row.size = said.size;
  row.address = said.address;
  row.process = said.process;
  row.time = said.time;
  row.why = std::move(said.why);
  record_.dumps.push_back(std::move(row));
  return {};
}

Result<> RecordBuilder::behaviour(BehaviourSeen said) {
  const bool known = said.index < record_.behaviours.size();
  if (!known && !room(record_.behaviours.size(), limits_.behaviours, "behaviours")) return {};
  intel::RunBehaviour* row = row_at(record_.behaviours, said.index);
  if (!row) return nonsense("a behaviour out of order");
  clip(said.object), clip(said.proof);
  row->kind = said.kind;
  row->process = said.process;
  row->time = said.time;
  row->object = std::move(said.object);
  row->proof = std::move(said.proof);
  row->count = said.count;
  return {};
}

Result<> RecordBuilder::socket(SocketSeen said) {
  const bool known = said.index < sockets_.size();
  if (!known && !room(sockets_.size(), limits_.sockets, "sockets")) return {};
  SocketSeen* row = row_at(sockets_, said.index);
  if (!row) return nonsense("a socket out of order");
  clip(said.act), clip(said.transport), clip(said.local), clip(said.remote);
  *row = std::move(said);
  return {};
}

Result<> RecordBuilder::note(NoteSeen said) {
  if (!room(record_.notes.size(), limits_.notes, "notes")) return {};
  clip(said.text);
  record_.notes.push_back({said.time, said.process, std::move(said.text)});
  return {};
}

Result<> RecordBuilder::clock(ClockSeen said) {
  said.ahead = sane(said.ahead);
  if (clock_.empty() || said.time >= clock_.back().time) {
    if (room(clock_.size(), limits_.skips, "skips")) clock_.push_back(said);
  }
  return {};
}

Result<> RecordBuilder::content(ContentPart said) {
  if (part_.empty() && !part_too_large_) part_of_ = said.sha256;
  if (said.sha256 != part_of_) return nonsense("parts of two files at once");
  part_too_large_ = part_too_large_ || part_.size() + said.bytes.size() > limits_.content ||
                    content_bytes_ + said.bytes.size() > limits_.contents;
  if (!part_too_large_) part_ += said.bytes;
  content_bytes_ += said.bytes.size();
  if (!said.last) return {};
  const std::string whole = std::exchange(part_, {});
  if (std::exchange(part_too_large_, false)) {
    limit("kept_bytes");
    return {};
  }
  if (base::sha256(whole).hex() != said.sha256) return nonsense("a digest that is not its file's");
  if (auto digest = put(whole)) contents_.emplace(*digest, whole);
  return {};
}

Result<> RecordBuilder::output(std::string_view bytes) {
  record_.output_bytes += bytes.size();
  const uint64_t space = limits_.output - std::min<uint64_t>(limits_.output, output_.size());
  output_ += bytes.substr(0, space);
  if (bytes.size() > space) limit("output_bytes");
  return {};
}

Result<> RecordBuilder::finished(Finished said) {
  state_ = State::finished;
  record_.outcome = said.outcome;
  record_.outcome_detail = std::move(said.detail);
  clip(record_.outcome_detail), clip(said.limits_hit), clip(said.leaks), clip(said.remarks);
  for (const std::string& name : said.limits_hit) limit(name);
  record_.network.leaks = std::move(said.leaks);
  record_.network.packets_out += said.packets_out;
  for (std::string& remark : said.remarks) record_.remarks.push_back(std::move(remark));
  record_.elapsed = sane(said.elapsed);
  record_.skipped = sane(said.skipped);
  return {};
}

Result<> RecordBuilder::failed(Failure said) {
  state_ = State::failed;
  clip(said.text);
  const auto last = static_cast<uint8_t>(ErrorCode::cancelled);
  failure_ = {Module::sandbox, static_cast<ErrorCode>(std::min(said.code, last)), std::move(said.text)};
  return {};
}

intel::RunRecord RecordBuilder::finish(const std::string& why_cut) {
  if (state_ == State::running) {
    record_.outcome = intel::RunOutcome::partial;
    record_.outcome_detail = why_cut;
    record_.complete = false;
  }
  for (intel::RunFile& file : record_.files) file.kept = file.sha256 && contents_.contains(*file.sha256);
  std::sort(record_.processes.begin(), record_.processes.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  if (!output_.empty()) record_.output = put(output_);
  put_streams();
  join_flows();
  if (!taint_events_.empty()) {
    record_.taint_events = put(taint_events_);
    taint::report::Run taint = taint::report::read_events(taint_events_);
    taint::report::judge(taint);
    add_taint(record_, taint);
  }
  NetworkFacts facts{.sockets = sockets_, .resolvers = resolvers_};
  for (size_t i = 0; i < record_.flows.size(); ++i) {
    const uint32_t id = record_.flows[i].id;
    FlowFacts& flow = facts.flows.emplace_back();
    if (const auto found = streams_.find(id); found != streams_.end()) {
      flow.in = found->second.in;
      flow.out = found->second.out;
    }
    if (const auto found = details_.find(id); found != details_.end()) flow.detail = found->second;
  }
  add_network_behaviours(record_, facts, contents_);
  return std::move(record_);
}

}  // namespace shikake::sandbox::run
