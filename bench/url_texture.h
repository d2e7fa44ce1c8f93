// URLs with the texture of real ones, as many as one likes: made out of a list of real URLs and a seed.
//
// A site takes its make from a real one: some URLs of one real tenant are its pages' moulds. Each page is a
// mould in which what differs from page to page is drawn anew, piece by piece: numbers become other numbers
// of their length, hexadecimal runs others, and of the words one in three is replaced by one that stood in
// a real path (drawn by occurrences, so common words stay common). Host names are real labels in other
// combinations. Words are drawn independently of each other, so there is less to gain for a compressor
// here than in real text. Sites have sizes as unequal as real ones (Pareto).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "url/tenant.h"
#include "url/url.h"

namespace shikake::bench {

class UrlTexture {
 public:
  UrlTexture(const std::vector<std::string>& real, uint64_t seed) : random_(seed) {
    std::map<std::string, std::vector<std::string>> by_tenant;
    for (const std::string& text : real) {
      auto url = url::Url::parse(text);
      if (!url || !url->is_http() || url->hostname().empty() || url->ip()) continue;
      learn_host(std::string(url->hostname()), url::tenant_key(*url));
      learn_words(url->path_and_query());
      by_tenant[url::tenant_key(*url)].push_back(std::string(url->path_and_query()));
    }
    for (auto& [tenant, paths] : by_tenant) moulds_.push_back(std::move(paths));
  }
  bool empty() const { return moulds_.empty() || names_.empty() || words_.empty(); }

  // As in a crawl, where many a page comes twice, or each page of a site once.
  enum class Pages { as_they_come, once_each };
  void next_site(std::vector<std::string>& out, Pages repeats = Pages::as_they_come) {
    const std::vector<std::string>& moulds = moulds_[below(moulds_.size())];
    const std::string start = (below(4) ? "https://" : "http://") + make_host();
    const double uniform = std::uniform_real_distribution<>(1e-6, 1)(random_);
    const auto pages = static_cast<size_t>(std::min(3.0 * std::pow(uniform, -1.1), 60'000.0));
    out.push_back(start + "/");
    if (moulds.size() == 1 && moulds[0] == "/") return;  // as most phishing sites: nothing but the root
    std::unordered_set<std::string> seen;
    size_t in_a_row = 0;  // pages that the site has already: when they are too many, it has no others
    for (size_t page = 0; page < pages && in_a_row < most_repeats; ++page) {
      std::string path = anew(moulds[below(moulds.size())]);
      in_a_row = repeats == Pages::once_each && !seen.insert(path).second ? in_a_row + 1 : 0;
      if (in_a_row == 0) out.push_back(start + path);
    }
  }

 private:
  static constexpr size_t most_repeats = 30;

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
  size_t below(size_t bound) { return std::uniform_int_distribution<size_t>(0, bound - 1)(random_); }

  // A run of letters and digits from `at` on.
  static std::string_view run(std::string_view text, size_t at) {
    size_t end = at;
    while (end < text.size() && (is_digit(text[end]) || is_letter(text[end]))) ++end;
    return text.substr(at, end - at);
  }
  void learn_words(std::string_view path) {
    for (size_t at = 0; at < path.size(); ++at) {
      const std::string_view word = run(path, at);
      if (word.size() >= 2 && std::none_of(word.begin(), word.end(), is_digit)) words_.emplace_back(word);
      at += word.size();
    }
  }
  // "www." | name | ".co.jp": what stands in front of the tenant's own label, the label, what follows it.
  void learn_host(const std::string& host, const std::string& tenant) {
    const size_t dot = tenant.find('.');
    if (dot == tenant.npos || !host.ends_with(tenant)) return;
    fronts_.push_back(host.substr(0, host.size() - tenant.size()));
    names_.push_back(tenant.substr(0, dot));
    suffixes_.push_back(tenant.substr(dot));
  }
  std::string make_host() {
    std::string name = names_[below(names_.size())];
    const size_t cut = 1 + below(name.size());
    const std::string& other = names_[below(names_.size())];
    name = name.substr(0, cut) + other.substr(other.size() - std::min(other.size(), 1 + below(other.size())));
    if (name.size() > 40) name.resize(40);
    while (name.ends_with('-')) name.pop_back();
    return fronts_[below(fronts_.size())] + name + suffixes_[below(suffixes_.size())];
  }
  std::string anew(std::string_view mould) {
    std::string out;
    for (size_t at = 0; at < mould.size();) {
      const std::string_view piece = run(mould, at);
      if (piece.empty() || (at > 0 && mould[at - 1] == '%')) {  // a code stays one
        out += mould[at++];
        continue;
      }
      at += piece.size();
      const bool digits = std::any_of(piece.begin(), piece.end(), is_digit);
      const bool key = at < mould.size() && mould[at] == '=';
      if (key || (!digits && below(3) > 0))
        out += piece;
      else if (!digits)
        out += slug(mould.find('/', at) == mould.npos ? 1 + below(4) : 1);
      else
        for (char c : piece)
          out += is_digit(c) ? "0123456789"[below(10)] : piece.size() < 8 ? c : letter_like(c);
    }
    return out;
  }
  // In the last segment a word may become several, as titles do: else a site would soon repeat itself.
  std::string slug(size_t words) {
    std::string out = words_[below(words_.size())];
    while (--words > 0) out += "-" + words_[below(words_.size())];
    return out;
  }
  // In what is drawn by lot, letters are too.
  char letter_like(char c) {
    const bool hex = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    const bool upper = c <= 'Z';
    return static_cast<char>((upper ? 'A' : 'a') + static_cast<char>(below(hex ? 6 : 26)));
  }

  std::mt19937_64 random_;
  std::vector<std::vector<std::string>> moulds_;  // paths, by real tenant
  std::vector<std::string> fronts_, names_, suffixes_, words_;
};

}  // namespace shikake::bench
