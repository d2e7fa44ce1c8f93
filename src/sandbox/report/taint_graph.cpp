#include "sandbox/report/taint_graph.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/display.h"
#include "sandbox/report/words.h"

namespace shikake::sandbox::report {
namespace {

using intel::RunFlow;

constexpr double width = 1120, node_height = 34, gap = 8;
constexpr double column_x[] = {0, 400, 760};
constexpr double node_width[] = {300, 260, 360};
// A person follows so many lines; the record has all.
constexpr size_t max_nodes = 40, max_decisions_a_flow = 6, max_effects_a_decision = 4;
constexpr size_t max_lines = 160, max_flows = 60, max_files_a_flow = 8, max_title = 300;
constexpr size_t max_characters = 48;

// Nodes in three columns, and lines between them.
class Graph {
 public:
  explicit Graph(const intel::RunRecord& run) : run_(run) {}

  std::string render() {
    size_t drawn = 0;
    for (const RunFlow& flow : run_.flows) {
      if (!matters(flow)) continue;
      if (++drawn > max_flows || lines_.size() > max_lines) break;
      add(flow);
    }
    if (lines_.empty()) return "";
    size_t tallest = 0;
    for (const auto& column : columns_) tallest = std::max(tallest, column.size());
    const double height = static_cast<double>(tallest) * (node_height + gap) + gap;
    std::string text =
        fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"which bytes led to what\">",
                    width, height);
    for (const Line& line : lines_) draw(text, line);
    for (size_t column = 0; column < columns_.size(); ++column)
      for (size_t row = 0; row < columns_[column].size(); ++row) draw(text, column, row);
    return text + "</svg>";
  }

 private:
  struct Node {
    std::string title, beside, look;
  };
  struct Place {
    size_t column, row;
  };
  struct Line {
    Place from, to;
    std::string look, title;
  };

  static std::span<const intel::RunTaintedFile> first(const std::vector<intel::RunTaintedFile>& files) {
    return std::span(files).first(std::min(files.size(), max_files_a_flow));
  }

  static bool matters(const RunFlow& flow) {
    return flow.role || flow.gate || flow.parent_flow || !flow.decisions.empty() || !flow.to_files.empty() ||
           !flow.from_files.empty();
  }

  std::optional<Place> node(size_t column, std::string key, Node node) {
    key.resize(std::min(key.size(), max_title));
    node.title.resize(std::min(node.title.size(), max_title));
    if (const auto known = places_.find({column, key}); known != places_.end()) return known->second;
    if (columns_[column].size() >= max_nodes) return std::nullopt;
    columns_[column].push_back(std::move(node));
    return places_[{column, key}] = Place{column, columns_[column].size() - 1};
  }
  void connect(const std::optional<Place>& from, const std::optional<Place>& to, std::string look,
               std::string title) {
    if (from && to) lines_.push_back({*from, *to, std::move(look), std::move(title)});
  }

  std::optional<Place> of_flow(size_t column, const RunFlow& flow) {
    const std::string role = flow.role   ? std::string(intel::name(*flow.role))
                             : flow.gate ? "go or no-go"
                                         : "";
    return node(
        column, fmt::format("flow {}", flow.id),
        {base::defang(remote_text(flow)), fmt::format("flow {}{}{}", flow.id, role.empty() ? "" : ", ", role),
         flow.role ? "t-bad" : "t-flow"});
  }

  void add(const RunFlow& flow) {
    const auto own = of_flow(0, flow);
    for (size_t i = 0; i < std::min(flow.decisions.size(), max_decisions_a_flow); ++i)
      decision(own, flow.decisions[i]);
    for (const intel::RunTaintedFile& file : first(flow.to_files))
      connect(own,
              node(2, "file " + file.path,
                   {file.path, file.executed ? "written, then executed" : "written", "t-act"}),
              file.executed ? "l-bad" : "l-data", "received bytes went into it");
    for (const intel::RunTaintedFile& file : first(flow.from_files))
      connect(
          node(2, "file " + file.path,
               {file.path, "read" + (file.encoding.empty() ? "" : ", sent as " + file.encoding), "t-act"}),
          own, "l-bad", "its content was sent");
    if (!flow.parent_flow) return;
    const auto parent =
        std::ranges::find_if(run_.flows, [&](const RunFlow& one) { return one.id == *flow.parent_flow; });
    if (parent != run_.flows.end())
      connect(of_flow(0, *parent), of_flow(2, flow), "l-data", "gave its address");
  }

  void decision(const std::optional<Place>& from, const intel::RunDecision& decision) {
    const std::string module = decision.module.substr(decision.module.rfind('/') + 1);
    const std::string place = fmt::format("{}+{:#x}", module.empty() ? "memory" : module, decision.offset);
    const auto at = node(1, place,
                         {(decision.bytes.empty() ? "received bytes" : "“" + decision.bytes + "”"),
                          (decision.indirect ? "jump" : "compared") +
                              (decision.symbol.empty() ? "" : " in " + decision.symbol) + " at " + place,
                          "t-decision"});
    connect(from, at, "l-control", "decided on these bytes");
    for (size_t i = 0; i < std::min(decision.effects.size(), max_effects_a_decision); ++i) {
      const intel::RunEffect& effect = decision.effects[i];
      connect(at,
              node(2, effect.kind + " " + effect.object,
                   {effect.object.empty() ? effect.kind : effect.object, effect.kind, "t-act"}),
              "l-control", "done because of it");
    }
  }

  static double y(size_t row) { return gap + static_cast<double>(row) * (node_height + gap); }

  void draw(std::string& text, const Line& line) const {
    const bool right = line.from.column < line.to.column;
    const double from = column_x[line.from.column] + (right ? node_width[line.from.column] : 0);
    const double to = column_x[line.to.column] + (right ? 0 : node_width[line.to.column]);
    const double from_y = y(line.from.row) + node_height / 2, to_y = y(line.to.row) + node_height / 2;
    const double middle = (from + to) / 2;
    text += fmt::format(
        "<path class=\"{}\" d=\"M{:.0f} {:.0f} C{:.0f} {:.0f} {:.0f} {:.0f} {:.0f} "
        "{:.0f}\"><title>{}</title></path>"
        "<circle class=\"{}\" cx=\"{:.0f}\" cy=\"{:.0f}\" r=\"3.5\"/>",
        line.look, from, from_y, middle, from_y, middle, to_y, to, to_y, base::for_html(line.title),
        line.look, to, to_y);
  }

  void draw(std::string& text, size_t column, size_t row) const {
    const Node& node = columns_[column][row];
    text += fmt::format(
        "<g><title>{}</title><rect class=\"{}\" x=\"{:.0f}\" y=\"{:.0f}\" width=\"{:.0f}\" height=\"{:.0f}\" "
        "rx=\"6\"/>"
        "<text class=\"name\" x=\"{:.0f}\" y=\"{:.0f}\">{}</text><text x=\"{:.0f}\" "
        "y=\"{:.0f}\">{}</text></g>",
        base::for_html(node.title), node.look, column_x[column] + 0.5, y(row), node_width[column] - 1,
        node_height, column_x[column] + 9, y(row) + 14,
        base::for_html(base::for_terminal(node.title, max_characters)), column_x[column] + 9, y(row) + 27,
        base::for_html(base::for_terminal(node.beside, max_characters)));
  }

  const intel::RunRecord& run_;
  std::array<std::vector<Node>, 3> columns_;
  std::map<std::pair<size_t, std::string>, Place> places_;
  std::vector<Line> lines_;
};

}  // namespace

std::string render_taint_graph(const intel::RunRecord& run) {
  return Graph(run).render();
}

}  // namespace shikake::sandbox::report
