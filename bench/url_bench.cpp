// URLs parsed a second on one core, over real phishing URLs (or the lines of a file named on the command
// line): src/url against libcurl's URL API and Boost.URL, in one run. Prints one JSON document.
//
//   build/release/bench/url_bench [FILE]
#include <curl/curl.h>

#include <algorithm>
#include <boost/json.hpp>
#include <boost/url.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/testing.h"
#include "url/fast_path.h"
#include "url/url.h"

namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

constexpr auto shortest_run = std::chrono::seconds(2);  // a contender: enough to even out the machine's noise

std::vector<std::string> read_lines(const std::filesystem::path& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

// The second column of `date,URL,description`; a quoted one is left as it is, quote and all.
std::vector<std::string> read_phishing_urls(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<std::string> urls;
  for (const auto& file : files) {
    for (const std::string& line : read_lines(file)) {
      size_t begin = line.find(',');
      if (begin == line.npos || line.starts_with("date,")) continue;
      urls.push_back(line.substr(begin + 1, line.find(',', begin + 1) - begin - 1));
    }
  }
  return urls;
}

// `parse` returns the length of the host it found, or 0 for a URL that it refuses: so that the work is used.
json::object measure(const std::vector<std::string>& urls,
                     const std::function<size_t(const std::string&)>& parse) {
  size_t accepted = 0, host_bytes = 0;
  for (const std::string& url : urls) {
    size_t length = parse(url);
    accepted += length > 0;
    host_bytes += length;
  }
  double best = 0;
  uint64_t parsed = 0;
  auto begin = Clock::now();
  do {
    auto round = Clock::now();
    size_t check = 0;
    for (const std::string& url : urls) check += parse(url);
    if (check != host_bytes) std::abort();
    double seconds = std::chrono::duration<double>(Clock::now() - round).count();
    best = std::max(best, static_cast<double>(urls.size()) / seconds);
    parsed += urls.size();
  } while (Clock::now() - begin < shortest_run);
  double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return {{"urls_per_second", static_cast<double>(parsed) / seconds},
          {"urls_per_second_best_round", best},
          {"accepted", accepted},
          {"refused", urls.size() - accepted}};
}

size_t parse_ours(const std::string& text) {
  auto url = shikake::url::Url::parse(text);
  return url ? url->hostname().size() : 0;
}

// Without the fast path: what the URLs that it leaves alone cost.
size_t parse_ours_fully(const std::string& text) {
  auto url = shikake::url::parse_fully(text, nullptr);
  return url ? url->hostname().size() : 0;
}

// libcurl keeps its handle from URL to URL, which is its fastest use; the host is what any caller would ask
// for.
size_t parse_curl(CURLU* handle, const std::string& text) {
  if (curl_url_set(handle, CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return 0;
  char* host = nullptr;
  if (curl_url_get(handle, CURLUPART_HOST, &host, 0) != CURLUE_OK) return 0;
  size_t length = std::char_traits<char>::length(host);
  curl_free(host);
  return length;
}

size_t parse_curl_parse_only(CURLU* handle, const std::string& text) {
  return curl_url_set(handle, CURLUPART_URL, text.c_str(), 0) == CURLUE_OK ? text.size() : 0;
}

// A view into the text: no copy, no normalisation, no IDNA. The owning form beside it is the fair one.
size_t parse_boost_view(const std::string& text) {
  auto url = boost::urls::parse_uri(text);
  return url ? url->encoded_host().size() : 0;
}

size_t parse_boost_owning(const std::string& text) {
  auto view = boost::urls::parse_uri(text);
  if (!view) return 0;
  boost::urls::url url(*view);
  url.normalize();
  return url.encoded_host().size();
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> urls;
  std::string input = "phishurl";
  if (argc > 1) {
    input = argv[1];
    urls = read_lines(argv[1]);
  } else if (auto folder = shikake::base::shared_data("phishurl")) {
    urls = read_phishing_urls(*folder);
  }
  if (urls.empty()) {
    std::fprintf(stderr, "url_bench: no URLs: name a file with one a line, or set SHIKAKE_SHARED\n");
    return 1;
  }
  size_t bytes = 0;
  for (const std::string& url : urls) bytes += url.size();

  CURLU* handle = curl_url();
  json::object contenders;
  contenders["shikake"] = measure(urls, parse_ours);
  contenders["shikake_without_fast_path"] = measure(urls, parse_ours_fully);
  contenders["libcurl"] =
      measure(urls, [handle](const std::string& text) { return parse_curl(handle, text); });
  contenders["libcurl_without_reading_the_host"] =
      measure(urls, [handle](const std::string& text) { return parse_curl_parse_only(handle, text); });
  contenders["boost_url_normalized_copy"] = measure(urls, parse_boost_owning);
  contenders["boost_url_view_only"] = measure(urls, parse_boost_view);
  curl_url_cleanup(handle);

  json::object report = {{"benchmark", "url"},
                         {"input", input},
                         {"urls", urls.size()},
                         {"mean_bytes", static_cast<double>(bytes) / static_cast<double>(urls.size())},
                         {"contenders", contenders}};
  std::printf("%s\n", json::serialize(report).c_str());
}
