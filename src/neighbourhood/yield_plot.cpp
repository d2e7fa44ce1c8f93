// The yield of a campaign as a picture: a step for each inspection, up where it found something.
#include <fmt/format.h>

#include <algorithm>

#include "base/display.h"
#include "neighbourhood/campaign.h"

namespace shikake::neighbourhood {
namespace {

constexpr int width = 640, height = 400, left = 56, right = 16, top = 36, bottom = 44;
constexpr size_t most_points = 2000;  // a longer campaign is drawn at every so many inspections

// 1, 2 or 5 times a power of ten, so that an axis has some five marks.
uint64_t mark_every(uint64_t most) {
  uint64_t power = 1;
  while (power * 10 * 5 <= most) power *= 10;
  for (uint64_t factor : {1, 2, 5})
    if (most / (power * factor) <= 6) return power * factor;
  return power * 10;
}

}  // namespace

std::string Campaign::yield_plot() const {
  const auto inspections = std::max<uint64_t>(1, steps_.size()), hits = std::max<uint64_t>(1, found_);
  auto x = [&](uint64_t value) {
    return left + static_cast<double>(value) * (width - left - right) / static_cast<double>(inspections);
  };
  auto y = [&](uint64_t value) {
    return height - bottom - static_cast<double>(value) * (height - top - bottom) / static_cast<double>(hits);
  };
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n"
      "<text x=\"{2}\" y=\"22\" font-size=\"14\">{3} malicious in {4} inspections, of {5} "
      "candidates</text>\n",
      width, height, left, found_, steps_.size(), ranking_.size());
  for (uint64_t mark = 0, step = mark_every(inspections); mark <= inspections; mark += step)
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", x(mark),
                       height - bottom + 18, mark);
  for (uint64_t mark = 0, step = mark_every(hits); mark <= hits; mark += step)
    svg += fmt::format(
        "<path d=\"M{} {:.1f}H{}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1f}\" "
        "text-anchor=\"end\">{}</text>\n",
        left, y(mark), width - right, left - 6, y(mark) + 4, mark);
  svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">inspections</text>\n",
                     (left + width - right) / 2, height - 8);
  svg += fmt::format("<path d=\"M{:.1f} {:.1f}", x(0), y(0));
  uint64_t sum = 0;
  const size_t every = 1 + steps_.size() / most_points;
  for (size_t i = 0; i < steps_.size(); ++i) {
    sum += steps_[i].result.malicious;
    if ((i + 1) % every == 0 || i + 1 == steps_.size())
      svg += fmt::format("H{:.1f}V{:.1f}", x(i + 1), y(sum));
  }
  return svg + "\" fill=\"none\" stroke=\"#b00\" stroke-width=\"2\"/>\n</svg>\n";
}

}  // namespace shikake::neighbourhood
