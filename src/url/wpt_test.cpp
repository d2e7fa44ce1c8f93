// The URL Standard's shared test data, every row (https://github.com/web-platform-tests/wpt/tree/master/url).
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <map>

#include "base/testing.h"
#include "url/host.h"
#include "url/idna.h"
#include "url/percent.h"
#include "url/url.h"

namespace shikake::url {
namespace {

namespace json = boost::json;

// The data holds lone surrogates; as script hands them over (USVString), they are U+FFFD.
std::string replace_lone_surrogates(std::string text) {
  auto unit = [&text](size_t at) -> unsigned {
    if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return 0;
    return static_cast<unsigned>(std::stoul(text.substr(at + 2, 4), nullptr, 16));
  };
  for (size_t at = 0; at + 6 <= text.size(); ++at) {
    if (text[at] != '\\') continue;
    unsigned here = unit(at);
    if (here >= 0xd800 && here < 0xdc00 && unit(at + 6) >= 0xdc00 && unit(at + 6) < 0xe000) {
      at += 11;
    } else {
      if (here >= 0xd800 && here < 0xe000) text.replace(at, 6, "\\uFFFD");
      at += here ? 5 : 1;
    }
  }
  return text;
}

json::value read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return json::parse(replace_lone_surrogates(std::string(std::istreambuf_iterator<char>(file), {})));
}

std::string text(const json::value& value) {
  return std::string(value.as_string());
}

// A copy of exactly its size on the heap, so that a sanitizer sees any read past the end.
Result<Url> parse_exact(const std::string& input, const Url* base = nullptr) {
  std::vector<char> exact(input.begin(), input.end());
  return Url::parse({exact.data(), exact.size()}, base);
}

std::string get(const Url& url, std::string_view name) {
  if (name == "href") return url.href();
  if (name == "origin") return url.origin();
  if (name == "protocol") return std::string(url.protocol());
  if (name == "username") return std::string(url.username());
  if (name == "password") return std::string(url.password());
  if (name == "host") return std::string(url.host());
  if (name == "hostname") return std::string(url.hostname());
  if (name == "port") return std::string(url.port());
  if (name == "pathname") return std::string(url.pathname());
  if (name == "search") return std::string(url.search());
  if (name == "hash") return std::string(url.hash());
  ADD_FAILURE() << "no getter " << name;
  return {};
}

TEST(Wpt, UrlTestData) {
  SHIKAKE_NEED_SHARED_DATA(path, "wpt/urltestdata.json");
  int rows = 0;
  json::value data = read(*path);
  for (const json::value& entry : data.as_array()) {
    if (!entry.is_object()) continue;
    const json::object& row = entry.as_object();
    ++rows;
    SCOPED_TRACE(json::serialize(row));
    std::optional<Url> base;
    if (row.at("base").is_string()) {
      auto parsed = parse_exact(text(row.at("base")));
      if (parsed)
        base = *parsed;
      else
        EXPECT_TRUE(row.contains("failure")) << "the base does not parse";
    }
    if (row.at("base").is_string() && !base) continue;
    auto url = parse_exact(text(row.at("input")), base ? &*base : nullptr);
    if (row.contains("failure")) {
      EXPECT_FALSE(url) << url->href();
      continue;
    }
    EXPECT_TRUE(url) << url.error().message();
    if (!url) continue;
    for (const auto& [key, value] : row) {
      std::string_view name(key.data(), key.size());
      if (name == "input" || name == "base" || name == "comment" || name == "searchParams") continue;
      EXPECT_EQ(get(*url, name), text(value)) << name;
    }
    auto again = parse_exact(url->href());
    ASSERT_TRUE(again) << url->href();
    EXPECT_EQ(again->href(), url->href());
  }
  EXPECT_GT(rows, 800);
}

TEST(Wpt, Setters) {
  SHIKAKE_NEED_SHARED_DATA(path, "wpt/setters_tests.json");
  using Setter = void (Url::*)(std::string_view);
  const std::map<std::string, Setter> setters = {
      {"protocol", &Url::set_protocol}, {"username", &Url::set_username}, {"password", &Url::set_password},
      {"host", &Url::set_host},         {"hostname", &Url::set_hostname}, {"port", &Url::set_port},
      {"pathname", &Url::set_pathname}, {"search", &Url::set_search},     {"hash", &Url::set_hash}};
  int rows = 0;
  json::value data = read(*path);
  for (const auto& [key, list] : data.as_object()) {
    std::string attribute(key);
    if (attribute == "comment") continue;
    for (const json::value& row : list.as_array()) {
      ++rows;
      SCOPED_TRACE(attribute + ' ' + json::serialize(row));
      auto url = Url::parse(text(row.at("href")));
      ASSERT_TRUE(url) << url.error().message();
      if (attribute == "href") {
        (void)url->set_href(text(row.at("new_value")));
      } else {
        ASSERT_TRUE(setters.contains(attribute));
        ((*url).*setters.at(attribute))(text(row.at("new_value")));
      }
      for (const auto& [name, value] : row.at("expected").as_object()) {
        EXPECT_EQ(get(*url, std::string_view(name.data(), name.size())), text(value)) << name;
      }
    }
  }
  EXPECT_GT(rows, 200);
}

void check_idna(const std::filesystem::path& path, int least) {
  int rows = 0;
  json::value data = read(path);
  for (const json::value& entry : data.as_array()) {
    if (!entry.is_object()) continue;
    const json::object& row = entry.as_object();
    ++rows;
    SCOPED_TRACE(json::serialize(row));
    std::string input = text(row.at("input"));
    bool sound = row.at("output").is_string();
    if (sound) {
      EXPECT_EQ(domain_to_ascii(input), text(row.at("output")));
    }
    if (sound && row.at("output").as_string().empty()) continue;  // nothing is left: no host for a URL
    std::string escaped;  // what would end the host; the host parser decodes it
    for (char c : input) {
      if (std::string_view(":/?#\\").find(c) != std::string_view::npos)
        append_percent(escaped, static_cast<unsigned char>(c));
      else
        escaped += c;
    }
    auto url = parse_exact("https://" + escaped + "/x");
    EXPECT_EQ(sound, url.has_value()) << (url ? url->href() : url.error().message());
    if (!sound || !url) continue;
    EXPECT_EQ(url->hostname(), text(row.at("output")));
    EXPECT_EQ(url->pathname(), "/x");
  }
  EXPECT_GT(rows, least);
}

TEST(Wpt, ToAscii) {
  SHIKAKE_NEED_SHARED_DATA(path, "wpt/toascii.json");
  check_idna(*path, 80);
}

TEST(Wpt, IdnaTestV2) {
  SHIKAKE_NEED_SHARED_DATA(path, "wpt/IdnaTestV2.json");
  check_idna(*path, 1000);
}

TEST(Wpt, PercentEncoding) {
  SHIKAKE_NEED_SHARED_DATA(path, "wpt/percent-encoding.json");
  int rows = 0;
  json::value data = read(*path);
  for (const json::value& entry : data.as_array()) {
    if (!entry.is_object()) continue;
    std::string input = text(entry.at("input"));
    for (const auto& [encoding, output] : entry.at("output").as_object()) {
      ++rows;
      SCOPED_TRACE(std::string(encoding) + ' ' + json::serialize(entry));
      auto url = Url::parse("https://h.example/?" + input + '#' + input, nullptr, std::string(encoding));
      ASSERT_TRUE(url);
      EXPECT_EQ(url->query(), text(output));
      EXPECT_EQ(url->fragment(), text(entry.at("output").at("utf-8")));  // never in the document's encoding
    }
  }
  EXPECT_GT(rows, 10);
}

}  // namespace
}  // namespace shikake::url
