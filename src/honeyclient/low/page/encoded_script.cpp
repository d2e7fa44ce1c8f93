#include "honeyclient/low/page/encoded_script.h"

#include <array>
#include <optional>

namespace shikake::honeyclient::low::page {

namespace {

// What a tab and then each character from the blank on stands for, in each of the tables; <, > and @ have no
// place in them. Each table is a permutation of the same characters.
constexpr std::array<std::string_view, 3> tables = {
    "W.GzVBj/&IA42[vrC89pEhqO\011bD#u~^wJa]\"KoN;LPg*}tT+"
    "-,0nkf5%!dMRc\?{x)(sY3\177mUS|:_eFX1ilZH'\\=$y7`Q 6",
    "n-uR`q^I\\b})6 |z\177kc3+hQfv1dTC:~E,*t'7DyY/o&rj9{\?"
    "8wgSG4x]0#Z[lHUpi.L!$NP\011Vs5aKX;W\"mM%(FJ2A=_OBe",
    "{20!)[83=X:5e9\\VsfNEkbYx^}Jmq`SB'Hru17MR\"TjGd- \177"
    ".L]~loytC&v%$+(#A4\011*D\?w;UiacPgQIOFh|6pnz/_KZ,W",
};
constexpr std::string_view order =  // of the tables, over and over
    "0120121221210212021200122102122100212120200120210212001220012021";

std::optional<size_t> place_of(char16_t c) {
  if (c == u'\t') return 0;
  if (c < 32 || c > 127 || c == u'<' || c == u'>' || c == u'@') return std::nullopt;
  return 1 + (c - 32) - (c > u'<') - (c > u'>') - (c > u'@');
}

// Between the length and the checksum.
std::u16string decode_block(std::u16string_view block) {
  std::u16string plain;
  size_t index = 0;
  for (size_t i = 0; i < block.size(); ++i) {
    char16_t c = block[i];
    if (c == u'@' && i + 1 < block.size()) {  // what can't stand in an encoded text
      static constexpr std::u16string_view written = u"&#*!$", meant = u"\n\r><@";
      if (size_t found = written.find(block[i + 1]); found != written.npos) {
        plain += meant[found];
        ++i, ++index;
        continue;
      }
    }
    if (std::optional<size_t> place = place_of(c))
      plain += static_cast<char16_t>(tables[static_cast<size_t>(order[index % order.size()] - '0')][*place]);
    else
      plain += c;
    if (c < 128) ++index;
  }
  return plain;
}

}  // namespace

std::u16string decode_script(std::u16string_view text) {
  constexpr std::u16string_view opening = u"#@~^", closing = u"^#~@";
  constexpr size_t length_field = 8, checksum_field = 8;  // Base64 of four bytes each
  std::u16string plain;
  for (;;) {
    size_t start = text.find(opening);
    size_t end = start == text.npos ? start : text.find(closing, start + opening.size());
    if (end == text.npos) break;
    size_t from = start + opening.size() + length_field;
    if (end < from + checksum_field) break;
    plain += text.substr(0, start);
    plain += decode_block(text.substr(from, end - checksum_field - from));
    text.remove_prefix(end + closing.size());
  }
  return plain += text;
}

}  // namespace shikake::honeyclient::low::page
