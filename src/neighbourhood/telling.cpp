#include "neighbourhood/telling.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <string>

#include "base/ascii.h"
#include "neighbourhood/hash.h"

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

// The words by a hash of their letters: they are asked for by the million. Where two fall on one row, the
// later stands in the next that is free.
constexpr size_t table_rows = 4096;
static_assert(std::size(common_words) < table_rows / 4);
constexpr uint32_t with_letter(uint32_t hash, char c) {
  return (hash ^ static_cast<unsigned char>(base::to_lower(c))) * 0x01000193u;  // FNV-1a
}
constexpr uint32_t row_of(uint32_t hash) {
  return (hash ^ hash >> 15) % table_rows;
}
constexpr auto table = [] {
  std::array<uint16_t, table_rows> rows{};  // a word's number from 1; 0: none
  uint16_t number = 0;
  for (std::string_view word : common_words) {
    uint32_t hash = 0;
    for (char c : word) hash = with_letter(hash, c);
    uint32_t row = row_of(hash);
    while (rows[row] != 0) row = (row + 1) % table_rows;
    rows[row] = ++number;
  }
  return rows;
}();

bool is_common(std::string_view word, uint32_t hash) {
  for (uint32_t row = row_of(hash); table[row] != 0; row = (row + 1) % table_rows)
    if (base::equal_ignoring_case(word, common_words[table[row] - 1])) return true;
  return false;
}

// The uncommon words of a folded text, until there are `enough` letters; what stands in <> is a class.
Words uncommon_words(std::string_view text, size_t enough = SIZE_MAX) {
  Words words;
  for (size_t at = 0; at < text.size() && words.letters < enough;) {
    if (text[at] == '<') {
      at = std::min(text.find('>', at), text.size());
      continue;
    }
    const size_t begin = at;
    uint32_t hash = 0;
    for (; at < text.size() && base::is_alpha(text[at]); ++at) hash = with_letter(hash, text[at]);
    const std::string_view word = text.substr(begin, at - begin);
    if (word.empty()) ++at;
    if (word.size() < shortest_word || is_common(word, hash)) continue;
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

uint64_t telling_rules() {
  std::string all;
  for (std::string_view word : common_words) all.append(word) += ' ';
  for (size_t number :
       {shortest_word, most_letters_of_a_word, letters_of_a_path, letters_of_a_host, letters_of_a_lone_word})
    all += std::to_string(number) + ' ';
  return hash64(all);
}

Telling telling_path(std::string_view s2) {
  return uncommon_words(s2, letters_of_a_path).letters >= letters_of_a_path ? Telling::yes : Telling::no;
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
