#include "base/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>

#include <fmt/format.h>

#include "base/display.h"

namespace shikake::base {
namespace {

using namespace std::chrono_literals;
constexpr auto redraw_interval = 100ms;      // smooth for eyes, nothing for the processor
constexpr auto log_interval = 10s;           // where lines stay, in a log for example
constexpr uint64_t looks_per_interval = 16;  // see next_look_

std::atomic<bool> silenced = false;

size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

void silence_progress(bool silent) {
  silenced = silent;
}

Progress::Progress(std::string_view label, std::string_view unit, uint64_t total)
    : label_(for_terminal(label, 40)),
      unit_(unit),
      total_(total),
      terminal_(::isatty(STDERR_FILENO) == 1),
      started_(std::chrono::steady_clock::now()),
      next_draw_(started_ + (terminal_ ? redraw_interval : std::chrono::milliseconds(log_interval))) {}

Progress::~Progress() {
  if (drawn_ && terminal_) std::fputs("\r\x1b[K", stderr);
}

void Progress::look() {
  auto now = std::chrono::steady_clock::now();
  auto interval = terminal_ ? redraw_interval : std::chrono::milliseconds(log_interval);
  // As many units as pass in a sixteenth of an interval at the rate seen so far.
  auto elapsed = std::max<std::chrono::nanoseconds>(now - started_, 1us);
  double a_share = static_cast<double>(done_) *
                   (static_cast<double>(std::chrono::nanoseconds(interval).count()) /
                    static_cast<double>(elapsed.count())) /
                   looks_per_interval;
  next_look_ = done_ + std::max<uint64_t>(1, static_cast<uint64_t>(std::min(a_share, 1e6)));
  if (silenced || now < next_draw_) return;
  next_draw_ = now + interval;
  draw();
}

void Progress::draw() {
  drawn_ = true;
  std::string line = progress_line(label_, unit_, done_, total_, terminal_width() - 1);
  if (terminal_)
    line = "\r" + line + "\x1b[K";
  else
    line += "\n";
  std::fputs(line.c_str(), stderr);
}

std::string progress_line(std::string_view label, std::string_view unit, uint64_t done, uint64_t total,
                          size_t width) {
  constexpr size_t bar = 20;
  std::string line;
  if (total == 0) {
    line = fmt::format("{}  {} {}", label, done, unit);
  } else {
    double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    auto filled = static_cast<size_t>(share * bar);
    std::string body = std::string(filled, '=') + (filled < bar ? ">" : "");
    line = fmt::format("{}  [{:<{}}] {:3}%  {} of {} {}", label, body, bar, static_cast<int>(share * 100),
                       done, total, unit);
  }
  return line.substr(0, width);
}

}  // namespace shikake::base
