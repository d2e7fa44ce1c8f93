#include "sandbox/report/timeline.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "base/display.h"
#include "sandbox/report/words.h"

namespace shikake::sandbox::report {
namespace {

using intel::RunRecord;

// In the picture's own units; the browser scales them to the page.
constexpr double width = 1120, names_width = 190, right_margin = 40, lane_height = 26, axis_height = 26;
constexpr size_t max_lanes = 40;          // taller than two screens says nothing more
constexpr size_t max_marks_a_lane = 120;  // further ones lie on top of each other
constexpr size_t max_flows_a_lane = 60;
constexpr int axis_steps = 6;

class Timeline {
 public:
  explicit Timeline(const RunRecord& run) : run_(run) {
    end_ = run.start + std::max(run.elapsed, base::Duration(1));
    for (const intel::RunProcess& process : run.processes) {
      end_ = std::max(end_, process.start);
      if (process.end) end_ = std::max(end_, *process.end);
    }
  }

  std::string render() {
    order(SIZE_MAX);
    const size_t lanes = std::min(lanes_.size(), max_lanes);
    if (lanes == 0) return "";
    const double height = axis_height + static_cast<double>(lanes) * lane_height + 6;
    text_ =
        fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"timeline of processes\">",
                    width, height);
    axis(height);
    for (size_t i = 0; i < lanes; ++i) lane(i);
    text_ += "</svg>";
    if (lanes_.size() > lanes)
      text_ += fmt::format("<p class=\"dim\">… and {} more processes</p>", lanes_.size() - lanes);
    return std::move(text_);
  }

 private:
  void order(size_t place) {
    if (tree_.empty()) tree_ = process_tree(run_);
    const auto below = tree_.find(place);
    if (below == tree_.end()) return;
    for (size_t child : below->second) {
      lanes_.push_back(child);
      order(child);
    }
  }

  double x(base::TimePoint time) const {
    const double whole = static_cast<double>((end_ - run_.start).count());
    const double part = std::clamp(static_cast<double>((time - run_.start).count()), 0.0, whole) / whole;
    return names_width + part * (width - names_width - right_margin);
  }

  void axis(double height) {
    for (int step = 0; step <= axis_steps; ++step) {
      const base::TimePoint time = run_.start + (end_ - run_.start) * step / axis_steps;
      text_ += fmt::format(
          "<line class=\"axis\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.0f}\" y2=\"{2:.0f}\"/>"
          "<text x=\"{0:.1f}\" y=\"12\" text-anchor=\"middle\">{3}</text>",
          x(time), axis_height - 8, height, duration_text(time - run_.start));
    }
  }

  void lane(size_t row) {
    const intel::RunProcess& process = run_.processes[lanes_[row]];
    const double y = axis_height + static_cast<double>(row) * lane_height;
    const double from = x(process.start), to = std::max(x(process.end.value_or(end_)), from + 2);
    constexpr size_t name_characters = 26;
    text_ += fmt::format("<text class=\"name\" x=\"0\" y=\"{:.1f}\">{}</text>", y + 13,
                         base::for_html(base::for_terminal(process_text(process), name_characters)));
    text_ += fmt::format(
        "<rect class=\"lane\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"10\" "
        "rx=\"3\"><title>{}</title></rect>",
        from, y + 4, to - from,
        base::for_html(process.exe + (process.how_ended.empty() ? "" : ", " + process.how_ended)));
    flows(process, y);
    marks(process, y);
  }

  void flows(const intel::RunProcess& process, double y) {
    size_t drawn = 0;
    for (const intel::RunFlow& flow : run_.flows) {
      if (flow.process != process.id) continue;
      if (++drawn > max_flows_a_lane) return;
      const double from = x(flow.start), to = std::max(x(flow.end.value_or(end_)), from + 3);
      text_ += fmt::format(
          "<rect class=\"flow\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"4\" "
          "rx=\"2\"><title>{}</title></rect>",
          from, y + 17, to - from, base::for_html(flow.protocol + " " + base::defang(remote_text(flow))));
    }
  }

  void marks(const intel::RunProcess& process, double y) {
    size_t drawn = 0;
    for (const intel::RunBehaviour& behaviour : run_.behaviours) {
      if (behaviour.process != process.id) continue;
      if (++drawn > max_marks_a_lane) return;
      const intel::BehaviourRow& row = intel::row_of(behaviour.kind);
      text_ += fmt::format(
          "<circle class=\"m-{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.5\"><title>{}</title></circle>",
          intel::name(row.weight), x(behaviour.time), y + 9,
          base::for_html(std::string(row.sentence) +
                         (behaviour.object.empty() ? "" : ": " + behaviour.object)));
    }
  }

  const RunRecord& run_;
  base::TimePoint end_;
  std::map<size_t, std::vector<size_t>> tree_;
  std::vector<size_t> lanes_;  // places of processes, parents before children
  std::string text_;
};

}  // namespace

std::string render_timeline(const RunRecord& run) {
  if (run.processes.empty()) return "";
  return Timeline(run).render();
}

}  // namespace shikake::sandbox::report
