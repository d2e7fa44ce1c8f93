// Writes what happened as JSON lines, one event a line, appended whole to the run's event file by all
// its processes. docs/taint.md lists the events.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "taint/engine.h"
#include "taint/label.h"

namespace shikake::taint::qemu {

// Longest content kept of one event, and of all events of a process.
inline constexpr size_t max_event_data = 4096;
inline constexpr uint64_t max_event_bytes = uint64_t{64} << 20;

class Event {
 public:
  explicit Event(std::string_view name);
  Event& number(std::string_view key, int64_t value);
  Event& text(std::string_view key, std::string_view value);     // escaped; bytes that are not ASCII as \u00XX
  Event& hex(std::string_view key, std::span<const uint8_t> value);
  Event& flag(std::string_view key, bool value);
  // Ranges as [[source, first, last, by_decision], …].
  Event& label(std::string_view key, const Labels& labels, Label label);
  Event& raw(std::string_view key, std::string_view json);
  std::string line() &&;

 private:
  void key(std::string_view key);
  std::string text_;
};

class Recorder {
 public:
  // False when the file can't be opened.
  bool open(const char* path);
  void write(Event event);

 private:
  std::string path_;
  int fd_ = -1;
  uint64_t written_ = 0;
};

}  // namespace shikake::taint::qemu
