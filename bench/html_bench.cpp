// HTML parsing, ours and gumbo's in one run: megabytes a second over real pages (installed HTML
// documentation) and over made-up tag soup, and the time for deeply nested elements, which gumbo's grows
// with the square of. Both sides start from UTF-8; ours pays for the way to UTF-16, and builds the tree.
#include <gumbo.h>

#include <algorithm>
#include <boost/json.hpp>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "html/decoder.h"
#include "html/page_generator.h"
#include "html/parser.h"
#include "html/serialise.h"
#include "html/text.h"

namespace shikake::html {
namespace {

// Of this process's processor time: other work on the machine does not count.
double seconds_of(const std::function<void()>& work) {
  std::clock_t start = std::clock();
  work();
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

// The best of a few runs, at least half a second in all.
double best_seconds(const std::function<void()>& work) {
  double best = seconds_of(work), total = best;
  while (total < 0.5) {
    double again = seconds_of(work);
    total += again;
    best = std::min(best, again);
  }
  return best;
}

void parse_ours(const std::string& page) {
  Arena arena;
  ParserOptions options;
  options.scripting = false;  // as gumbo
  parse_document(arena.create_document(), from_utf8(page), options);
}

void parse_gumbo(const std::string& page) {
  GumboOptions options = kGumboDefaultOptions;
  options.max_errors = 0;
  gumbo_destroy_output(&options, gumbo_parse_with_options(&options, page.data(), page.size()));
}

boost::json::object throughput(const std::vector<std::string>& pages) {
  size_t bytes = 0;
  for (const std::string& page : pages) bytes += page.size();
  auto all = [&](auto& parse) {
    return best_seconds([&] {
      for (const std::string& page : pages) parse(page);
    });
  };
  double megabytes = static_cast<double>(bytes) / 1e6;
  double ours = megabytes / all(parse_ours), gumbo = megabytes / all(parse_gumbo);
  return {{"pages", pages.size()},
          {"megabytes", megabytes},
          {"shikake_mb_per_s", ours},
          {"gumbo_mb_per_s", gumbo},
          {"times_gumbo", ours / gumbo}};
}

std::vector<std::string> installed_pages() {
  constexpr size_t enough = 20'000'000;
  std::vector<std::string> pages;
  size_t bytes = 0;
  std::error_code ignored;
  std::filesystem::recursive_directory_iterator entries(
      "/usr/share/doc", std::filesystem::directory_options::skip_permission_denied, ignored);
  for (const auto& entry : entries) {
    if (entry.path().extension() != ".html" || !entry.is_regular_file(ignored) || bytes > enough) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::string page((std::istreambuf_iterator<char>(file)), {});
    page = to_utf8(decode_page(base::as_bytes(page)));
    bytes += page.size();
    pages.push_back(std::move(page));
  }
  return pages;
}

std::string nested(size_t depth, std::string_view open, std::string_view close) {
  std::string page;
  for (size_t i = 0; i < depth; ++i) page += open;
  page += "x";
  for (size_t i = 0; i < depth; ++i) page += close;
  return page;
}

boost::json::array depths() {
  boost::json::array rows;
  for (size_t depth : {1'000u, 10'000u, 20'000u, 100'000u, 1'000'000u}) {
    std::string page = nested(depth, "<div>", "</div>");
    boost::json::object row{{"depth", depth}, {"shikake_s", seconds_of([&] { parse_ours(page); })}};
    constexpr size_t gumbo_at_most = 20'000;  // more would take minutes
    if (depth <= gumbo_at_most) row["gumbo_s"] = seconds_of([&] { parse_gumbo(page); });
    rows.push_back(std::move(row));
  }
  return rows;
}

// Inputs on which a rule that looks down the whole stack would be quadratic.
boost::json::array hostile() {
  struct {
    const char* name;
    const char* open;
    const char* close;
  } shapes[] = {{"span then unknown end tags", "<span>", "</x>"},
                {"div then tables", "<div>", "<table></table>"},
                {"formatting through blocks", "<b id=#><div>", "</b>"}};
  boost::json::array rows;
  for (const auto& shape : shapes) {
    boost::json::object row{{"shape", shape.name}};
    for (size_t times : {10'000u, 100'000u}) {
      std::string page;
      for (const char* part : {shape.open, shape.close}) {
        for (size_t i = 0; i < times; ++i) {
          for (const char* c = part; *c; ++c) *c == '#' ? page += std::to_string(i) : page += *c;
        }
      }
      row["s_at_" + std::to_string(times)] = seconds_of([&] { parse_ours(page); });
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace
}  // namespace shikake::html

int main() {
  using namespace shikake::html;
  std::vector<std::string> soup;
  for (uint64_t seed = 0; seed < 200; ++seed) soup.push_back(PageGenerator(seed).page(500));
  boost::json::object report{{"benchmark", "html"}, {"peer", "gumbo"}};
  if (auto pages = installed_pages(); !pages.empty()) report["installed_documentation"] = throughput(pages);
  report["tag_soup"] = throughput(soup);
  report["nested_elements"] = depths();
  report["hostile"] = hostile();
  std::cout << boost::json::serialize(report) << "\n";
}
