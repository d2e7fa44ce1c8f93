#include <algorithm>
#include <limits>
#include <utility>

#include <boost/json.hpp>

#include "base/bytes.h"
#include "taint/report/provenance.h"

namespace shikake::taint::report {
namespace {

namespace json = boost::json;

// The fields of one event. One that is missing is 0 or empty; one that cannot be makes the event a bad one.
class Fields {
 public:
  explicit Fields(const json::object& object) : object_(object) {}
  bool good() const { return good_; }

  template <class T>
  T number(std::string_view key, uint64_t most = std::numeric_limits<T>::max(), uint64_t least = 0) {
    uint64_t found = 0;
    if (const json::value* v = object_.if_contains(key)) found = natural(*v);
    check(found >= least && found <= most);
    return static_cast<T>(found);
  }
  std::string bytes(std::string_view key) {
    const auto found = base::from_hex(text(key));
    check(found.has_value());
    return found.value_or("");
  }
  int64_t result(std::string_view key) {
    const json::value* v = object_.if_contains(key);
    check(v == nullptr || v->is_int64());
    return v != nullptr && v->is_int64() ? v->as_int64() : 0;
  }
  std::string text(std::string_view key) {
    const json::value* v = object_.if_contains(key);
    check(v == nullptr || v->is_string());
    return v != nullptr && v->is_string() ? std::string(v->as_string()) : std::string();
  }
  bool flag(std::string_view key) {
    const json::value* v = object_.if_contains(key);
    check(v == nullptr || v->is_bool());
    return v != nullptr && v->is_bool() && v->as_bool();
  }
  bool has(std::string_view key) const { return object_.contains(key); }
  const json::object* object(std::string_view key) const {
    const json::value* v = object_.if_contains(key);
    return v == nullptr ? nullptr : v->if_object();
  }
  const json::array* array(std::string_view key) {
    const json::value* v = object_.if_contains(key);
    check(v == nullptr || v->is_array());
    return v == nullptr ? nullptr : v->if_array();
  }
  // As Event::label writes them.
  std::vector<Range> ranges(std::string_view key) {
    std::vector<Range> found;
    if (const json::array* all = array(key)) ranges(*all, found);
    return found;
  }
  // As Event::parts writes them.
  std::vector<Part> parts(std::string_view key) {
    std::vector<Part> found;
    const json::array* all = array(key);
    if (all == nullptr) return found;
    check(all->size() <= max_parts);
    for (const json::value& one : *all) {
      const json::array* fields = one.if_array();
      if (fields == nullptr || fields->size() != 3 || !(*fields)[2].is_array()) return check(false), found;
      Part part{natural((*fields)[0]), natural((*fields)[1]), {}};
      check(part.first <= part.last && part.last <= INT64_MAX);
      ranges((*fields)[2].get_array(), part.label);
      if (!good_) return found;
      found.push_back(std::move(part));
    }
    return found;
  }
  uint64_t natural(const json::value& v) {
    if (v.is_uint64()) return v.as_uint64();
    if (v.is_int64() && v.as_int64() >= 0) return static_cast<uint64_t>(v.as_int64());
    return check(false), 0;
  }

 private:
  void ranges(const json::array& all, std::vector<Range>& found) {
    check(all.size() <= max_ranges);
    for (const json::value& one : all) {
      const json::array* parts = one.if_array();
      if (parts == nullptr || parts->size() != 4) return check(false);
      const uint64_t source = natural((*parts)[0]), first = natural((*parts)[1]), last = natural((*parts)[2]);
      const uint64_t by_decision = natural((*parts)[3]);
      check(source >= 1 && source <= any_source && first <= last && last <= UINT32_MAX && by_decision <= 1);
      if (!good_) return;
      found.push_back({static_cast<uint16_t>(source), by_decision != 0, static_cast<uint32_t>(first),
                       static_cast<uint32_t>(last)});
    }
  }
  void check(bool holds) { good_ = good_ && holds; }

  const json::object& object_;
  bool good_ = true;
};

// Linux has no higher process numbers (PID_MAX_LIMIT).
constexpr uint64_t max_pid = uint64_t{1} << 22;
constexpr uint16_t max_source = any_source - 1;

class Reader {
 public:
  void line(std::string_view text) {
    if (text.size() > max_line) return bad();
    boost::system::error_code error;
    const json::value parsed = json::parse(json::string_view(text.data(), text.size()), error);
    if (error || !parsed.is_object()) return bad();
    Fields fields(parsed.as_object());
    const std::string kind = fields.text("event");
    const auto* found = std::ranges::find(kinds, kind, &Kind::name);
    if (found == std::end(kinds) || !(this->*found->read)(fields)) bad();
  }
  Run finish() && { return std::move(run_); }

 private:
  void bad() { ++run_.bad_lines; }
  // Whether there is room for one more; where there is none, the run says so.
  bool room(bool there, const char* limit) {
    if (!there) run_.limits.insert(limit);
    return there;
  }
  void coarsen(const std::vector<Range>& label) {
    for (const Range& range : label)
      if (range.source == any_source) ++run_.lost["a byte of more flows than a label can name"];
    for (const Range& range : label)
      if (const auto flow = run_.flows.find(range.source); flow != run_.flows.end()) flow->second.coarsened = true;
  }

  bool source(Fields& fields) {
    Flow flow;
    flow.source = fields.number<uint16_t>("source", max_source, 1);
    flow.file = fields.text("kind") == "file";
    flow.protocol = fields.text("protocol");
    flow.local = fields.text("local");
    flow.remote = fields.text("remote");
    flow.path = fields.text("path");
    if (!fields.good()) return false;
    const auto known = run_.flows.find(flow.source);
    if (known == run_.flows.end()) {
      if (room(run_.flows.size() < max_flows, "flows")) run_.flows.emplace(flow.source, std::move(flow));
      return true;
    }
    // Told again, with more that is known of it.
    flow.received = std::move(known->second.received);
    flow.coarsened = known->second.coarsened;
    known->second = std::move(flow);
    return true;
  }

  bool received(Fields& fields) {
    const auto source = fields.number<uint16_t>("source", max_source, 1);
    const auto offset = fields.number<uint64_t>("offset", INT64_MAX);
    const std::string bytes = fields.bytes("data");
    if (!fields.good()) return false;
    const auto flow = run_.flows.find(source);
    if (flow == run_.flows.end() || offset >= max_received || bytes.empty()) return true;
    std::string& to = flow->second.received;
    const size_t end = std::min(offset + bytes.size(), max_received);
    const size_t grows = end > to.size() ? end - to.size() : 0;
    if (!room(received_ + grows <= max_received_all, "received")) return true;
    received_ += grows;
    if (grows > 0) to.resize(end);
    std::copy_n(bytes.begin(), end - offset, to.begin() + static_cast<std::ptrdiff_t>(offset));
    return true;
  }

  bool decision(Fields& fields) {
    Decision d;
    d.number = fields.number<uint32_t>("number", UINT32_MAX, 1);
    d.pid = fields.number<int>("pid", max_pid);
    d.address = fields.number<uint64_t>("address", INT64_MAX);
    d.taken = fields.number<uint64_t>("taken", INT64_MAX);
    d.indirect = fields.flag("indirect");
    d.other_branches = fields.number<unsigned>("other_branches");
    d.other_calls = fields.number<unsigned>("other_calls");
    d.meets = fields.flag("meets");
    d.label = fields.ranges("label");
    const bool coarsened = fields.flag("coarsened");
    if (const json::object* place = fields.object("place")) {
      Fields inner(*place);
      d.module = inner.text("module");
      d.symbol = inner.text("symbol");
      d.offset = inner.number<uint64_t>("offset", INT64_MAX);
      if (!inner.good()) return false;
    }
    if (!fields.good()) return false;
    if (!room(run_.decisions.size() < max_decisions, "decisions")) return true;
    if (coarsened) coarsen(d.label);
    run_.decisions.insert_or_assign(d.number, std::move(d));
    return true;
  }

  bool action(Fields& fields) {
    Action a;
    a.pid = fields.number<int>("pid", max_pid);
    a.kind = fields.text("kind");
    a.object = fields.text("object");
    a.arguments = fields.text("arguments");
    if (fields.has("channel")) a.channel = fields.number<int64_t>("channel", INT64_MAX);
    a.source = fields.number<uint16_t>("source", max_source);
    a.offset = fields.number<uint64_t>("offset", INT64_MAX);
    a.count = fields.number<uint64_t>("count", INT64_MAX);
    a.label = fields.ranges("label");
    a.parts = fields.parts("parts");
    a.content = fields.ranges("content");
    // A connect that does not wait for its answer has a result below 0 too, and each one calls on somebody.
    a.failed = fields.result("result") < 0 && a.kind != "connect";
    const bool coarsened = fields.flag("coarsened");
    const auto thread = fields.number<uint32_t>("thread");
    a.data = fields.bytes("data");
    if (const json::array* within = fields.array("within"))
      for (const json::value& one : *within) {
        const uint64_t number = fields.natural(one);
        if (number == 0 || number > UINT32_MAX) return false;
        a.within.push_back(static_cast<uint32_t>(number));
      }
    if (!fields.good()) return false;
    if (!room(run_.actions.size() < max_actions, "actions")) return true;
    if (!room(within_ + a.within.size() <= max_within, "within")) a.within.clear();
    within_ += a.within.size();
    if (coarsened) coarsen(a.label), coarsen(a.content);
    if (fields.has("thread")) under_way_[{a.pid, thread}] = run_.actions.size();
    run_.actions.push_back(std::move(a));
    return true;
  }

  // A call that is told of before it is made came back without having done anything.
  bool failed(Fields& fields) {
    const int pid = fields.number<int>("pid", max_pid);
    const auto thread = fields.number<uint32_t>("thread");
    const std::string kind = fields.text("kind");
    if (!fields.good()) return false;
    const auto found = under_way_.find({pid, thread});
    if (found != under_way_.end() && run_.actions[found->second].kind == kind)
      run_.actions[found->second].failed = true;
    return true;
  }

  // Received bytes that ran as code are an action of their own.
  bool code(Fields& fields) {
    Action a;
    a.pid = fields.number<int>("pid", max_pid);
    a.kind = "code";
    a.content = fields.ranges("label");
    const bool coarsened = fields.flag("coarsened");
    if (!fields.good()) return false;
    if (coarsened) coarsen(a.content);
    if (room(run_.actions.size() < max_actions, "actions")) run_.actions.push_back(std::move(a));
    return true;
  }

  bool counted(Fields& fields, std::string_view key, std::map<std::string, uint64_t>& all, size_t most) {
    std::string what = fields.text(key);
    constexpr size_t longest = 64;  // an instruction's bytes, or a word
    if (!fields.good() || what.size() > longest) return false;
    if (room(all.size() < most || all.contains(what), "unsupported")) ++all[std::move(what)];
    return true;
  }
  bool without_rule(Fields& fields) { return counted(fields, "bytes", run_.without_rule, max_instructions); }
  bool lost(Fields& fields) { return counted(fields, "what", run_.lost, max_lost); }

  struct Kind {
    std::string_view name;
    bool (Reader::*read)(Fields&);
  };
  static const Kind kinds[8];

  Run run_;
  size_t received_ = 0, within_ = 0;
  std::map<std::pair<int, uint32_t>, size_t> under_way_;  // each thread's last action that may yet fail
};

const Reader::Kind Reader::kinds[] = {
    {"source", &Reader::source}, {"received", &Reader::received}, {"decision", &Reader::decision},
    {"action", &Reader::action}, {"failed", &Reader::failed},     {"code", &Reader::code},
    {"lost", &Reader::lost},     {"without_rule", &Reader::without_rule},
};

}  // namespace

Run read_events(std::string_view lines) {
  Reader reader;
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    if (!line.empty()) reader.line(line);
  }
  return std::move(reader).finish();
}

}  // namespace shikake::taint::report
