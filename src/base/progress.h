// How far a long piece of work is, on stderr: a bar on a terminal, now and then a line elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace shikake::base {

// Process-wide, for --json and --quiet: no progress at all.
void silence_progress(bool silent);

class Progress {
 public:
  // A total of 0 is unknown: then it counts only. `unit` is a plural: "lines".
  Progress(std::string_view label, std::string_view unit, uint64_t total = 0);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();  // takes the bar away; results follow on their own lines

  void advance(uint64_t by = 1) {
    done_ += by;
    if (done_ >= next_look_) look();
  }

 private:
  void look();
  void draw();

  std::string label_;
  std::string unit_;
  uint64_t total_;
  uint64_t done_ = 0;
  uint64_t next_look_ = 0;  // the clock is read only every so many units, or it would be the work
  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point next_draw_;
};

// The bar's text, at most `width` columns wide: "audit  [=====>    ]  52%  5200 of 10000 lines".
std::string progress_line(std::string_view label, std::string_view unit, uint64_t done, uint64_t total,
                          size_t width);

}  // namespace shikake::base
