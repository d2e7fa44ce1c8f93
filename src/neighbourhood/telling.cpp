#include "neighbourhood/telling.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "url/ascii.h"

namespace shikake::neighbourhood {
namespace {

constexpr std::string_view common_words[] = {
#include "neighbourhood/common_words.inc"
};
static_assert(std::is_sorted(std::begin(common_words), std::end(common_words)));

constexpr size_t shortest_word = 3;  // shorter ones are abbreviations that everybody uses
// A long word is hardly more of a sign than a middling one.
constexpr size_t most_letters_of_a_word = 8;
// Letters of uncommon words that a path must have, and a host in front of its registrable label: found on the
// time split (docs/neighbourhood.md), where fewer bring in benign sites and more lose kits.
constexpr size_t letters_of_a_path = 8;
constexpr size_t letters_of_a_host = 5;
constexpr size_t letters_of_a_lone_word = 6;

struct Words {
  size_t letters = 0;  // of uncommon ones
  size_t count = 0;
};

bool is_common(std::string_view word) {
  std::array<char, 24> lower;
  if (word.size() > lower.size()) return false;
  std::transform(word.begin(), word.end(), lower.begin(), [](char c) { return url::to_lower(c); });
  std::string_view text(lower.data(), word.size());
  return std::binary_search(std::begin(common_words), std::end(common_words), text);
}

// The uncommon words of a folded text; what stands in <> is a class.
Words uncommon_words(std::string_view text) {
  Words words;
  bool in_class = false;
  for (size_t at = 0; at < text.size();) {
    if (in_class || !url::is_alpha(text[at])) {
      if (text[at] == '<') in_class = true;
      if (text[at] == '>') in_class = false;
      ++at;
      continue;
    }
    size_t end = at;
    while (end < text.size() && url::is_alpha(text[end])) ++end;
    std::string_view word = text.substr(at, end - at);
    at = end;
    if (word.size() < shortest_word || is_common(word)) continue;
    words.letters += std::min(word.size(), most_letters_of_a_word);
    ++words.count;
  }
  return words;
}

// "amazon.co.jp" in front of a stranger's domain: a name made to be read wrongly. `labels` has no dot at its
// end.
bool ends_as_a_domain(std::string_view labels) {
  constexpr std::string_view endings[] = {".co.jp", ".ne.jp",  ".or.jp", ".go.jp", ".ac.jp",
                                          ".co.uk", ".com.br", ".com",   ".net",   ".org",
                                          ".co",    ".jp",     ".cc",    ".info"};
  return std::any_of(std::begin(endings), std::end(endings),
                     [&](std::string_view ending) { return labels.ends_with(ending); });
}

}  // namespace

Telling telling_path(std::string_view s2) {
  return uncommon_words(s2).letters >= letters_of_a_path ? Telling::yes : Telling::no;
}

Telling telling_host(std::string_view folded) {
  // What is free to choose stands in front of the registrable label, of which only the class is left.
  size_t registrable = folded.rfind('<');
  if (registrable == folded.npos || registrable == 0) return Telling::no;
  std::string_view free = folded.substr(0, registrable - 1);
  const Words words = uncommon_words(free);
  if (words.count >= 1 && ends_as_a_domain(free)) return Telling::yes;
  if (words.letters < letters_of_a_host) return Telling::no;
  if (words.count >= 2) return Telling::yes;
  return words.letters >= letters_of_a_lone_word ? Telling::weakly : Telling::no;
}

}  // namespace shikake::neighbourhood
