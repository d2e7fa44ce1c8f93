// URLs as a crawl has them, made from a seed: sites with names of words, sizes as unequal as real ones, and
// within each the path habits of one kind of software. No two runs with one seed differ.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace shikake::bench {

class UrlGenerator {
 public:
  explicit UrlGenerator(uint64_t seed) : random_(seed) {
    constexpr std::string_view starts[] = {"b", "br", "c",  "cl", "d", "f",  "g",  "h", "j",  "k", "l", "m",
                                           "n", "p",  "qu", "r",  "s", "sh", "st", "t", "tr", "v", "w"};
    constexpr std::string_view vowels[] = {"a", "e", "i", "o", "u", "ai", "ea", "ou"};
    constexpr std::string_view ends[] = {"", "n", "r", "s", "t", "l", "nd", "ck", "m", "ng"};
    words_.reserve(vocabulary);
    for (size_t i = 0; i < vocabulary; ++i) {
      std::string word;
      for (size_t syllables = 1 + below(3); syllables > 0; --syllables) {
        word += starts[below(std::size(starts))];
        word += vowels[below(std::size(vowels))];
      }
      words_.push_back(word + std::string(ends[below(std::size(ends))]));
    }
  }

  // The next site's URLs are appended to `out`; how many follows the sizes of sites.
  void next_site(std::vector<std::string>& out) {
    const std::string host = make_host();
    const std::string start = (below(4) ? "https://" : "http://") + host + "/";
    // Pareto: half of the sites have a handful of pages, a few have tens of thousands.
    const double uniform = std::uniform_real_distribution<>(1e-6, 1)(random_);
    const auto pages = static_cast<size_t>(std::min(3.0 * std::pow(uniform, -1.1), 60'000.0));
    out.push_back(start);
    switch (below(7)) {
      case 0:
        blog(start, pages, out);
        break;
      case 1:
        shop(start, pages, out);
        break;
      case 2:
        forum(start, pages, out);
        break;
      case 3:
        news(start, pages, out);
        break;
      case 4:
        files(start, pages, out);
        break;
      case 5:
        hosts(host, pages, out);
        break;
      default:
        brochure(start, pages, out);
        break;
    }
  }

 private:
  static constexpr size_t vocabulary = 20'000;

  size_t below(size_t bound) { return std::uniform_int_distribution<size_t>(0, bound - 1)(random_); }
  // Few words are used often, most seldom.
  const std::string& word() {
    const double uniform = std::uniform_real_distribution<>(0, 1)(random_);
    return words_[static_cast<size_t>(std::pow(uniform, 3) * (vocabulary - 1))];
  }
  std::string number(size_t bound) { return std::to_string(below(bound)); }
  std::string two(size_t bound) {
    size_t value = 1 + below(bound);
    return (value < 10 ? "0" : "") + std::to_string(value);
  }
  std::string hex(size_t digits) {
    std::string out;
    while (out.size() < digits) out += "0123456789abcdef"[below(16)];
    return out;
  }
  std::string slug() {
    std::string out = word();
    for (size_t more = 1 + below(7); more > 0; --more) out += "-" + word();
    return out;
  }
  std::string make_host() {
    constexpr std::string_view tops[] = {"com",   "com",   "com", "com", "org",  "net", "de",
                                         "co.uk", "co.jp", "jp",  "ru",  "fr",   "it",  "com.br",
                                         "info",  "pl",    "nl",  "xyz", "shop", "io"};
    std::string name = word() + (below(2) ? word() : below(3) ? "-" + word() : "");
    if (below(8) == 0) name += number(1000);
    switch (below(12)) {
      case 0:
        return name + ".blogspot.com";
      case 1:
        return name + ".github.io";
      case 2:
        return word() + "." + name + "." + std::string(tops[below(std::size(tops))]);
      case 3:
      case 4:
      case 5:
        return name + "." + std::string(tops[below(std::size(tops))]);
      default:
        return "www." + name + "." + std::string(tops[below(std::size(tops))]);
    }
  }

  void blog(const std::string& start, size_t pages, std::vector<std::string>& out) {
    for (size_t i = 0; i < pages; ++i) {
      const std::string date = std::to_string(2008 + below(14)) + "/" + two(12) + "/";
      switch (below(5)) {
        case 0:
          out.push_back(start + "wp-content/uploads/" + date + slug() + (below(2) ? "-300x200.jpg" : ".jpg"));
          break;
        case 1:
          out.push_back(start + "tag/" + word() + "/");
          break;
        default:
          out.push_back(start + date + slug() + "/");
      }
    }
  }
  void shop(const std::string& start, size_t pages, std::vector<std::string>& out) {
    const std::string a = word(), b = word();
    for (size_t i = 0; i < pages; ++i) {
      switch (below(4)) {
        case 0:
          out.push_back(start + a + "/" + word() + "/" + slug() + "-p-" + number(100'000) + ".html");
          break;
        case 1:
          out.push_back(start + "index.php?route=product/product&product_id=" + number(1'000'000));
          break;
        case 2:
          out.push_back(start + "product/" + slug() + "?" + b + "=" + word() + "&page=" + number(50));
          break;
        default:
          out.push_back(start + "media/catalog/product/" + std::string(1, "abcdefgh"[below(8)]) + "/" +
                        word().substr(0, 1) + "/" + word() + "_" + number(10'000) + ".jpg");
      }
    }
  }
  void forum(const std::string& start, size_t pages, std::vector<std::string>& out) {
    for (size_t i = 0; i < pages; ++i) {
      switch (below(3)) {
        case 0:
          out.push_back(start + "viewtopic.php?f=" + number(60) + "&t=" + number(2'000'000));
          break;
        case 1:
          out.push_back(start + "members/" + word() + number(1000) + "." + number(500'000) + "/");
          break;
        default:
          out.push_back(start + "threads/" + slug() + "." + number(900'000) + "/page-" + number(90));
      }
    }
  }
  void news(const std::string& start, size_t pages, std::vector<std::string>& out) {
    std::vector<std::string> sections;
    for (size_t i = 0; i < 8; ++i) sections.push_back(word());
    for (size_t i = 0; i < pages; ++i) {
      const std::string& section = sections[below(sections.size())];
      if (below(3))
        out.push_back(start + section + "/" + std::to_string(2005 + below(17)) + "/" + two(12) + "/" +
                      two(28) + "/" + slug() + "-" + number(99'999'999) + ".html");
      else
        out.push_back(start + section + "/article" + number(9'999'999) + ".html?ref=" + word());
    }
  }
  void files(const std::string& start, size_t pages, std::vector<std::string>& out) {
    const std::string folder = word();
    for (size_t i = 0; i < pages; ++i) {
      if (below(4) == 0)
        out.push_back(start + "static/" + hex(32) + ".js");
      else
        out.push_back(start + folder + "/" + word() + "/" + word() + "_v" + number(9) + "." + number(30) +
                      (below(2) ? ".tar.gz" : ".pdf"));
    }
  }
  void hosts(const std::string& host, size_t pages, std::vector<std::string>& out) {
    for (size_t i = 0; i < pages; ++i)
      out.push_back("https://" + word() + (below(3) ? "" : number(100)) + "." + host + "/" +
                    (below(2) ? "" : word()));
  }
  void brochure(const std::string& start, size_t pages, std::vector<std::string>& out) {
    for (size_t i = 0; i < pages; ++i)
      out.push_back(start + word() + (below(2) ? "/" + slug() : "") + (below(3) ? ".html" : "/"));
  }

  std::mt19937_64 random_;
  std::vector<std::string> words_;
};

}  // namespace shikake::bench
