#include "flow_book.h"

#include <algorithm>

#include "base/wire.h"
#include "url/ip.h"

namespace shikake::gateway {
namespace {

constexpr size_t max_text = 1000;  // of host, detail and the like: names and request lines, not content

base::TimePoint now() {
  return base::system_clock().now();
}

}  // namespace

FlowBook::Handle FlowBook::open(Transport transport, Endpoint local, Endpoint remote) {
  ++acts_;
  if (opened_ >= limits_.flows) {
    say_limit("flows");
    return nullptr;
  }
  auto record = std::make_shared<Record>();
  Flow& flow = record->facts;
  flow.id = ++opened_;
  flow.transport = transport;
  flow.local = std::move(local);
  flow.remote = std::move(remote);
  flow.start = flow.end = now();
  if (auto address = url::IpAddress::parse(flow.remote.address)) {
    if (auto host = names_.name_of(*address)) set_host(*record, *host, HostSource::dns);
  }
  open_.emplace(flow.id, record);
  say_(FrameType::flow_opened, base::to_wire(flow));
  return record;
}

void FlowBook::update(Record& record) {
  if (record.facts.detail.size() > max_text) record.facts.detail.resize(max_text);
  if (record.facts.ending == FlowEnd::open) say_(FrameType::flow_updated, base::to_wire(record.facts));
}

void FlowBook::set_host(Record& record, std::string_view host, HostSource source) {
  if (host.empty() || source < record.facts.host_source) return;
  record.facts.host = host.substr(0, max_text);
  record.facts.host_source = source;
}

void FlowBook::data(Record& record, bool out, std::string_view bytes) {
  ++acts_;
  StreamFacts& stream = out ? record.facts.out : record.facts.in;
  (out ? record.out_hash : record.in_hash).update(bytes);
  const uint64_t from = stream.bytes;
  stream.bytes += bytes.size();
  record.facts.end = now();
  // What is kept is a beginning without gaps.
  if (from != stream.kept_bytes) return;
  auto left = [](uint64_t bound, uint64_t used) { return bound - std::min(bound, used); };
  const uint64_t flow_room = left(limits_.kept_flow_bytes, stream.kept_bytes);
  const uint64_t run_room = left(limits_.kept_bytes, kept_);
  const uint64_t room = std::min(flow_room, run_room);
  if (room < bytes.size()) say_limit(run_room < flow_room ? "kept_bytes" : "kept_flow_bytes");
  std::string_view keep = bytes.substr(0, room);
  while (!keep.empty()) {
    std::string_view part = keep.substr(0, max_data_bytes);
    say_(FrameType::flow_data, base::to_wire(FlowData{record.facts.id, out, stream.kept_bytes,
                                                      record.facts.end, std::string(part)}));
    stream.kept_bytes += part.size();
    kept_ += part.size();
    keep.remove_prefix(part.size());
  }
}

void FlowBook::close(Record& record, FlowEnd ending) {
  Flow& flow = record.facts;
  if (flow.ending != FlowEnd::open) return;
  ++acts_;
  flow.ending = ending;
  open_.erase(flow.id);
  if (flow.out.bytes > 0) flow.out.sha256 = record.out_hash.finish().hex();
  if (flow.in.bytes > 0) flow.in.sha256 = record.in_hash.finish().hex();
  if (flow.detail.size() > max_text) flow.detail.resize(max_text);
  say_(FrameType::flow_closed, base::to_wire(flow));
}

void FlowBook::close_all(FlowEnd ending) {
  while (!open_.empty()) {
    auto record = open_.begin()->second.lock();
    open_.erase(open_.begin());
    if (record) close(*record, ending);
  }
}

void FlowBook::say_limit(const std::string& limit) {
  if (limits_said_.insert(limit).second) say_(FrameType::limit, base::to_wire(LimitReached{limit, now()}));
}

}  // namespace shikake::gateway
