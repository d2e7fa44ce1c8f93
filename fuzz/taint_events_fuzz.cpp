// A run's events are the guest's word: a hostile guest may write anything into the file. Whatever comes, what
// is kept of it is bounded and can be judged and shown; and what the plugin's writer makes of it is read back
// as the same.
#include <cstdint>
#include <memory>
#include <string>

#include <boost/json.hpp>

#include "base/check.h"
#include "taint/qemu/recorder.h"
#include "taint/report/provenance.h"

using namespace shikake::taint;
using qemu::Event;
using qemu::max_event_data;

namespace {

// As the plugin writes them.
class Writer {
 public:
  std::string all(const report::Run& run) {
    for (const auto& [number, flow] : run.flows) {
      Event event("source");
      event.number("source", flow.source).text("kind", flow.file ? "file" : "flow").text("path", flow.path);
      event.text("protocol", flow.protocol).text("local", flow.local).text("remote", flow.remote);
      text_ += std::move(event).line();
    }
    for (const auto& [number, d] : run.decisions) {
      Event event("decision");
      event.number("number", d.number).number("pid", d.pid).number("address", static_cast<int64_t>(d.address));
      event.number("taken", static_cast<int64_t>(d.taken)).flag("indirect", d.indirect);
      event.number("other_branches", d.other_branches).number("other_calls", d.other_calls);
      event.raw("label", ranges(d.label));
      text_ += std::move(event).line();
    }
    for (const report::Action& a : run.actions) {
      if (a.kind == "code") continue;  // of another event
      Event event("action");
      event.number("pid", a.pid).text("kind", a.kind).text("object", a.object).text("arguments", a.arguments);
      event.number("offset", static_cast<int64_t>(a.offset)).number("count", static_cast<int64_t>(a.count));
      event.raw("label", ranges(a.label)).raw("content", ranges(a.content));
      text_ += std::move(event).line();
    }
    return text_;
  }

 private:
  static std::string ranges(const std::vector<Range>& label) {
    boost::json::array all;
    for (const Range& r : label) all.push_back(boost::json::array{r.source, r.first, r.last, r.by_decision ? 1 : 0});
    return boost::json::serialize(all);
  }
  std::string text_;
};

bool short_ascii(const std::string& text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x80) return false;  // one byte is written as one character, and read as two
  return text.size() <= max_event_data;
}

void check_same(const report::Run& a, const report::Run& b) {
  SHIKAKE_CHECK(a.flows.size() == b.flows.size() && a.decisions.size() == b.decisions.size());
  for (const auto& [number, flow] : a.flows) {
    const report::Flow& other = b.flows.at(number);
    SHIKAKE_CHECK(flow.file == other.file);
    if (short_ascii(flow.remote)) SHIKAKE_CHECK(flow.remote == other.remote);
  }
  for (const auto& [number, d] : a.decisions) {
    const report::Decision& other = b.decisions.at(number);
    SHIKAKE_CHECK(d.label == other.label && d.indirect == other.indirect && d.taken == other.taken && d.pid == other.pid);
  }
  size_t n = 0;
  for (const report::Action& action : a.actions) {
    if (action.kind == "code") continue;
    const report::Action& other = b.actions.at(n++);
    SHIKAKE_CHECK(action.label == other.label && action.content == other.content && action.count == other.count);
    if (short_ascii(action.object)) SHIKAKE_CHECK(action.object == other.object);
  }
  SHIKAKE_CHECK(n == b.actions.size() && b.bad_lines == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  report::Run run = report::read_events({reinterpret_cast<const char*>(data), size});
  for (const auto& [number, flow] : run.flows) SHIKAKE_CHECK(flow.received.size() <= size_t{1} << 16);
  check_same(run, report::read_events(Writer().all(run)));
  report::judge(run);
  const std::string shown = report::to_json(run);
  SHIKAKE_CHECK(boost::json::parse(shown).is_object());
  return 0;
}
