#include "taint/qemu/recorder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/bytes.h"

namespace shikake::taint::qemu {
namespace {

// Out of the way of descriptors that a guest counts on or closes in loops.
constexpr int lowest_descriptor = 900;

// Bytes of the UTF-8 sequence that `text` begins with, when it is one of more than one byte.
size_t sequence(std::string_view text) {
  const auto lead = static_cast<uint8_t>(text[0]);
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  return length != 0 && length <= text.size() && base::is_valid_utf8(text.substr(0, length)) ? length : 0;
}

void escape(std::string& out, std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text[i];
    } else if (const size_t length = byte < 0x80 ? 0 : sequence(text.substr(i)); length != 0) {
      out += text.substr(i, length);
      i += length - 1;
    } else if (byte < 0x20 || byte >= 0x7f) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\u%04x", byte);
      out += buffer;
    } else {
      out += text[i];
    }
  }
}

}  // namespace

Parts::Parts(Labels& labels, uint64_t start, uint64_t count)
    : labels_(labels), at_(start), piece_(std::max<uint64_t>(16, count / (max_parts / 2))) {}

bool Parts::same_sources(Label a, Label b) const {
  const auto of = [&](Label label) {
    std::vector<std::pair<uint16_t, bool>> found;  // sorted, as ranges are
    for (const Range& range : labels_.ranges(label))
      if (found.empty() || found.back() != std::pair(range.source, range.by_decision))
        found.emplace_back(range.source, range.by_decision);
    return found;
  };
  return of(a) == of(b);
}

void Parts::add(std::span<const Label> labels) {
  for (const Label label : labels) {
    const bool goes_on = !all_.empty() && (label == last_ || same_sources(label, last_)) &&
                         (at_ - all_.back().first < piece_ || label == 0);
    last_ = label;
    if (all_.empty() || (!goes_on && all_.size() < max_parts)) {
      all_.push_back({at_, at_, label});
    } else {
      all_.back().last = at_;
      all_.back().label = labels_.join(all_.back().label, label);
    }
    ++at_;
  }
}

Event::Event(std::string_view name) : text_("{\"event\":\"") { (text_ += name) += '"'; }

void Event::key(std::string_view key) { ((text_ += ",\"") += key) += "\":"; }

Event& Event::number(std::string_view name, int64_t value) {
  key(name);
  text_ += std::to_string(value);
  return *this;
}
Event& Event::text(std::string_view name, std::string_view value) {
  key(name);
  text_ += '"';
  escape(text_, value.substr(0, max_event_data));
  text_ += '"';
  return *this;
}
Event& Event::hex(std::string_view name, std::span<const uint8_t> value) {
  key(name);
  text_ += '"';
  text_ += base::to_hex(value.first(std::min(value.size(), max_event_data)));
  text_ += '"';
  return *this;
}
Event& Event::flag(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
Event& Event::raw(std::string_view name, std::string_view json) {
  key(name);
  text_ += json;
  return *this;
}
Event& Event::label(std::string_view name, const Labels& labels, Label label) {
  key(name);
  ranges(labels, label);
  return *this;
}
Event& Event::parts(std::string_view name, const Labels& labels, const std::vector<Part>& all) {
  key(name);
  text_ += '[';
  bool first = true;
  for (const Part& part : all) {
    if (part.label == 0) continue;
    if (!std::exchange(first, false)) text_ += ',';
    ((((text_ += '[') += std::to_string(part.first)) += ',') += std::to_string(part.last)) += ',';
    ranges(labels, part.label);
    text_ += ']';
  }
  text_ += ']';
  return *this;
}
void Event::ranges(const Labels& labels, Label label) {
  text_ += '[';
  bool first = true;
  for (const Range& range : labels.ranges(label)) {
    if (!first) text_ += ',';
    first = false;
    ((((((text_ += '[') += std::to_string(range.source)) += ',') += std::to_string(range.first)) += ',') +=
     std::to_string(range.last)) += range.by_decision ? ",1]" : ",0]";
  }
  text_ += ']';
  coarsened_ = coarsened_ || labels.coarsened(label);
}
std::string Event::line() && {
  if (coarsened_) flag("coarsened", true);
  return std::move(text_ += "}\n");
}

long Bell::ring(BellWord what, uint64_t at, uint64_t length) const {
  return number_ == 0 ? 0 : ::syscall(number_, static_cast<uint64_t>(what), at, length);
}

bool Recorder::open(const char* path) {
  path_ = path;
  const int low = ::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (low < 0) return false;
  const int high = fcntl(low, F_DUPFD_CLOEXEC, lowest_descriptor);
  if (high < 0) {
    fd_ = low;
  } else {
    ::close(low);
    fd_ = high;
  }
  return true;
}

void Recorder::write(Event event) {
  std::string line = std::move(event).line();
  const uint64_t before = written_.fetch_add(line.size());
  if (before > max_event_bytes) return;
  if (before + line.size() > max_event_bytes) line = "{\"event\":\"lost\",\"what\":\"events of a process past 64 MiB\"}\n";
  if (bell_.is_there()) {
    bell_.ring(BellWord::event, reinterpret_cast<uint64_t>(line.data()), line.size());
    return;
  }
  // A guest that closes every descriptor closes this one too.
  if (::write(fd_, line.data(), line.size()) < 0 && open(path_.c_str()))
    if (::write(fd_, line.data(), line.size()) < 0) return;
}

}  // namespace shikake::taint::qemu
