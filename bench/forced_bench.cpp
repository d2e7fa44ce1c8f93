// What the forced run finds of the evasive set, and what it costs: the processor time of visits with it, page
// processes and all, over that of plain visits of the same pages.
//
//   forced_bench [PAGES]
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "honeyclient/low/evasive_pages.h"
#include "honeyclient/low/visit.h"

namespace {

using namespace shikake;
namespace low = honeyclient::low;

[[noreturn]] void give_up(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message().c_str());
  std::exit(1);
}

double cpu_ms() {
  double all = 0;
  for (int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    getrusage(who, &usage);
    for (const timeval& time : {usage.ru_utime, usage.ru_stime})
      all += static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  }
  return all;
}

struct Seen {
  std::vector<bool> found;
  double cpu = 0;
};

// The browser ends with it, so that its processes' time is known.
Seen visit_all(const std::vector<low::EvasivePage>& pages, bool forced) {
  Seen seen;
  const double before = cpu_ms();
  {
    auto browser = low::Browser::open();
    if (!browser) give_up(browser.error());
    low::NoBlobs blobs;
    for (const low::EvasivePage& page : pages) {
      low::VisitOptions options;
      options.url = "http://page.example/";
      options.content = page.html;
      options.offline = true;
      options.forced = forced;
      auto visit = browser->visit(options, blobs);
      if (!visit) give_up(visit.error());
      seen.found.push_back(std::ranges::any_of(
          visit->nodes, [&](const intel::VisitNode& node) { return node.url == page.hidden; }));
    }
  }
  seen.cpu = cpu_ms() - before;
  return seen;
}

boost::json::object measure(const std::vector<low::EvasivePage>& pages) {
  const Seen plain = visit_all(pages, false), forced = visit_all(pages, true);
  size_t hidden = 0, found = 0;
  for (size_t i = 0; i < pages.size(); ++i) {
    if (plain.found[i]) continue;
    ++hidden;
    if (forced.found[i]) ++found;
  }
  boost::json::array missed;
  for (size_t i = 0; i < pages.size(); ++i)
    if (!plain.found[i] && !forced.found[i]) missed.emplace_back(pages[i].name);
  return {{"pages", pages.size()},
          {"hidden_from_a_plain_visit", hidden},
          {"found", found},
          {"share", static_cast<double>(found) / static_cast<double>(std::max<size_t>(hidden, 1))},
          {"plain_cpu_ms", plain.cpu},
          {"forced_cpu_ms", forced.cpu},
          {"times", forced.cpu / plain.cpu},
          {"missed", std::move(missed)}};
}

}  // namespace

int main(int argc, char** argv) {
  const size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 294;
  boost::json::object all;
  all["evasive"] = measure(low::evasive_pages(5, count));
  all["transformed"] = measure(low::transformed_pages(9, count));
  all["held_out"] = measure(low::held_out_pages(7, count / 4));
  std::printf("%s\n", boost::json::serialize(all).c_str());
}
