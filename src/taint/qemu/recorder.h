// Writes what happened as JSON lines, one event a line, appended whole to the run's event file by all
// its processes. docs/taint.md lists the events.
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "taint/bell.h"
#include "taint/engine.h"
#include "taint/label.h"

namespace shikake::taint::qemu {

// Longest content kept of one event, and of all events of a process.
inline constexpr size_t max_event_data = 4096;
inline constexpr uint64_t max_event_bytes = uint64_t{64} << 20;

// Neighbouring bytes of what went out, and their labels all together.
struct Part {
  uint64_t first, last;
  Label label;
};

// The bytes of a transfer, cut where they come from elsewhere, and into pieces of 16 bytes at least. Of more parts than
// an event tells of, the last takes the rest.
class Parts {
 public:
  // `start`: where its `count` bytes lie in the stream or file.
  Parts(Labels& labels, uint64_t start, uint64_t count);
  void add(std::span<const Label> labels);
  const std::vector<Part>& all() const { return all_; }

 private:
  bool same_sources(Label a, Label b) const;

  Labels& labels_;
  uint64_t at_, piece_;
  Label last_ = 0;
  std::vector<Part> all_;
};

class Event {
 public:
  explicit Event(std::string_view name);
  Event& number(std::string_view key, int64_t value);
  // Valid UTF-8 as it is, other bytes that are not ASCII as \u00XX. Cut at max_event_data, as content is.
  Event& text(std::string_view key, std::string_view value);
  Event& hex(std::string_view key, std::span<const uint8_t> value);
  Event& flag(std::string_view key, bool value);
  // Ranges as [[source, first, last, by_decision], …]. Where one was coarsened, the event says so.
  Event& label(std::string_view key, const Labels& labels, Label label);
  // As [[first, last, ranges], …], those with a label.
  Event& parts(std::string_view key, const Labels& labels, const std::vector<Part>& all);
  Event& raw(std::string_view key, std::string_view json);
  std::string line() &&;

 private:
  void key(std::string_view key);
  void ranges(const Labels& labels, Label label);
  std::string text_;
  bool coarsened_ = false;
};

// A system call that no kernel has, at which whoever traces the emulator from outside takes events and hears of
// the plugin's own doings (bell.h): no file that a guest could reach, no descriptor that it could close.
class Bell {
 public:
  explicit Bell(long number = 0) : number_(number) {}
  bool is_there() const { return number_ != 0; }
  // What the tracer answers: 0, or -1 with errno.
  long ring(BellWord what, uint64_t at, uint64_t length) const;

 private:
  long number_;
};

// What the plugin itself opens and reads meanwhile is not the guest's doing.
class OwnWork {
 public:
  explicit OwnWork(const Bell& bell) : bell_(bell) { bell_.ring(BellWord::own_work, 1, 0); }
  ~OwnWork() { bell_.ring(BellWord::own_work, 0, 0); }
  OwnWork(const OwnWork&) = delete;
  OwnWork& operator=(const OwnWork&) = delete;

 private:
  const Bell& bell_;
};

class Recorder {
 public:
  // False when the file can't be opened.
  bool open(const char* path);
  void open(Bell bell) { bell_ = bell; }
  void write(Event event);

 private:
  Bell bell_;
  std::string path_;
  int fd_ = -1;
  std::atomic<uint64_t> written_ = 0;
};

}  // namespace shikake::taint::qemu
