// Real pages: the HTML documentation that packages of this machine brought, served as it lies there.
#include <algorithm>
#include <filesystem>
#include <regex>

#include "base/file.h"
#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {

const std::filesystem::path root = "/usr/share/doc";
constexpr size_t max_pages = 300;  // enough to meet every generator; the rest is more of the same

std::vector<std::string> pages() {
  std::vector<std::string> all;
  std::error_code ignored;
  constexpr auto options = std::filesystem::directory_options::skip_permission_denied;
  for (auto entry = std::filesystem::recursive_directory_iterator(root, options, ignored);
       entry != std::filesystem::recursive_directory_iterator(); entry.increment(ignored)) {
    std::string extension = entry->path().extension();
    if (entry->is_regular_file(ignored) && (extension == ".html" || extension == ".htm"))
      all.push_back(entry->path().string());
  }
  std::ranges::sort(all);
  // Spread over the packages rather than the first of them.
  std::vector<std::string> some;
  for (size_t i = 0; i < all.size(); i += std::max<size_t>(1, all.size() / max_pages)) some.push_back(all[i]);
  return some;
}

std::string type_of(const std::string& path) {
  if (path.ends_with(".js")) return "text/javascript";
  if (path.ends_with(".css")) return "text/css";
  if (path.ends_with(".png")) return "image/png";
  return path.ends_with(".html") || path.ends_with(".htm") ? "text/html" : "application/octet-stream";
}

void serve_file(net::TestConnection& client) {
  for (;;) {
    std::string request = client.receive_request();
    if (request.empty()) return;
    std::string path = request.substr(4, request.find(' ', 4) - 4);
    path = path.substr(0, path.find('?'));
    bool inside = path.starts_with(root.string()) && path.find("..") == std::string::npos;
    auto body = inside ? base::read_file(path, 16u << 20) : Result<std::string>("");
    std::string status = inside && body ? "200 OK" : "404 Not Found";
    std::string text = body ? *body : "";
    if (!client.send("HTTP/1.1 " + status + "\r\nContent-Type: " + type_of(path) +
                     "\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text))
      return;
  }
}

TEST(Documentation, IsHarmless) {
  std::vector<std::string> all = pages();
  if (all.empty()) GTEST_SKIP() << "no HTML documentation is installed below " << root;
  net::TestServer server(serve_file);
  size_t edges = 0, scripts = 0;
  std::map<std::string, int> errors;
  for (const std::string& page : all) {
    intel::VisitRecord visit = visit_or_fail(local_visit(server.url(page)));
    ASSERT_FALSE(visit.nodes.empty());
    EXPECT_TRUE(visit.nodes[0].fetched) << page << ": " << visit.nodes[0].why_not;
    EXPECT_EQ(visit.verdict, intel::VisitVerdict::benign)
        << page << ": " << ::testing::PrintToString(visit.reasons);
    EXPECT_EQ(visit.limits_hit, std::vector<std::string>()) << page;
    edges += visit.edges.size();
    for (const intel::VisitEdge& edge : visit.edges) scripts += edge.mechanism == intel::Mechanism::script;
    for (const std::string& error : events_of(visit, "error")) ++errors[error.substr(0, error.find(" ("))];
  }
  printf("%zu pages, %zu edges, %zu scripts; script errors: %zu kinds\n", all.size(), edges, scripts,
         errors.size());
  // A library that no page brought along is its package's own affair; what a browser has, ours has to have.
  static const std::regex missing(
      "(document|window|navigator|location|history|screen|performance)[.][^ ]+ is (not|undefined).*");
  for (const auto& [error, count] : errors) {
    printf("  %4d  %s\n", count, error.c_str());
    EXPECT_FALSE(std::regex_search(error, missing)) << error;
  }
}

}  // namespace
}  // namespace shikake::honeyclient::low
