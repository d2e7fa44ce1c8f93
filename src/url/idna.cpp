#include "url/idna.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "url/ascii.h"

namespace shikake::url {
namespace {

// Where UTS #46's table (IdnaMappingTable.txt, 17.0) differs from ICU 72's for characters that ICU 72 knows,
// and the ideographs that came later (other late characters have properties that ICU 72 can't tell).
// The n-th character of a range maps to the n-th from `to` on.
enum class Now : uint8_t { mapped, ignored, valid };
struct Correction {
  char32_t first, last;
  Now now;
  char32_t to = 0;
};
constexpr Correction corrections[] = {
    {0x04c0, 0x04c0, Now::mapped, 0x04cf},    // Cyrillic palochka
    {0x10a0, 0x10c5, Now::mapped, 0x2d00},    // Georgian capitals
    {0x115f, 0x1160, Now::ignored},           // Hangul fillers
    {0x17b4, 0x17b5, Now::ignored},           // Khmer inherent vowels
    {0x1806, 0x1806, Now::valid},             // Mongolian soft hyphen
    {0x180e, 0x180e, Now::ignored},           // Mongolian vowel separator
    {0x1e9e, 0x1e9e, Now::mapped, 0x00df},    // capital sharp s: no longer "ss"
    {0x2061, 0x2063, Now::ignored},           // invisible operators
    {0x206a, 0x206f, Now::ignored},           // deprecated format controls
    {0x2132, 0x2132, Now::mapped, 0x214e},    // turned capital F
    {0x2183, 0x2183, Now::mapped, 0x2184},    // Roman numeral reversed one hundred
    {0x3164, 0x3164, Now::ignored},           // Hangul filler
    {0xffa0, 0xffa0, Now::ignored},           // half-width Hangul filler
    {0x1d173, 0x1d17a, Now::ignored},         // musical beams and slurs
    {0x2f868, 0x2f868, Now::mapped, 0x36fc},  // compatibility ideographs of Corrigendum #4
    {0x2f874, 0x2f874, Now::mapped, 0x5f53},
    {0x2f91f, 0x2f91f, Now::mapped, 0x243ab},
    {0x2f95f, 0x2f95f, Now::mapped, 0x7aee},
    {0x2f9bf, 0x2f9bf, Now::mapped, 0x45d7},
    {0x2ebf0, 0x2ee5d, Now::valid},  // CJK extension I, Unicode 15.1
    {0x323b0, 0x33479, Now::valid},  // CJK extension J, Unicode 17
};

constexpr char32_t replacement = 0xfffd;  // what ICU's normaliser makes of a disallowed character
constexpr char32_t non_joiner = 0x200c, joiner = 0x200d;
constexpr uint8_t virama_class = 9;

const Correction* correction_of(char32_t c) {
  for (const Correction& row : corrections) {
    if (c >= row.first && c <= row.last) return &row;
  }
  return nullptr;
}

const UNormalizer2* mapping() {
  static const UNormalizer2* const instance = [] {
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2* found = unorm2_getInstance(nullptr, "uts46", UNORM2_COMPOSE, &status);
    SHIKAKE_CHECK(U_SUCCESS(status));  // the data is part of libicudata
    return found;
  }();
  return instance;
}

void append(std::u16string& out, char32_t c) {
  if (c > 0xffff) {
    out += static_cast<char16_t>(U16_LEAD(c));
    out += static_cast<char16_t>(U16_TRAIL(c));
  } else {
    out += static_cast<char16_t>(c);
  }
}

template <class Visit>
void each(std::u16string_view text, Visit visit) {
  for (size_t i = 0; i < text.size();) {
    char32_t c;
    U16_NEXT(text.data(), i, text.size(), c);
    visit(c);
  }
}

// Maps and composes `text`, which needs no correction, onto the end of `out`.
void append_normalized(std::u16string& out, std::u16string_view text) {
  std::u16string piece(text.size() + 16, u'\0');
  for (;;) {
    UErrorCode status = U_ZERO_ERROR;
    int32_t length = unorm2_normalize(mapping(), text.data(), static_cast<int32_t>(text.size()), piece.data(),
                                      static_cast<int32_t>(piece.size()), &status);
    piece.resize(static_cast<size_t>(length));
    if (status == U_BUFFER_OVERFLOW_ERROR) continue;
    SHIKAKE_CHECK(U_SUCCESS(status));
    break;
  }
  out += piece;
}

// UTS #46 section 4 steps 1 and 2; disallowed characters become U+FFFD.
std::u16string map_and_normalize(std::u16string_view text) {
  std::u16string out, run;
  each(text, [&](char32_t c) {
    const Correction* row = correction_of(c);
    if (!row) {
      append(run, c);
    } else if (row->now == Now::mapped) {
      append(run, row->to + (c - row->first));
    } else if (row->now == Now::valid) {
      // Composes with nothing and no mark moves past it (a starter), so what surrounds it is apart.
      append_normalized(out, run);
      run.clear();
      append(out, c);
    }
  });
  append_normalized(out, run);
  return out;
}

UCharDirection direction(char32_t c) {
  return u_charDirection(static_cast<UChar32>(c));
}
bool is_rtl(char32_t c) {
  UCharDirection d = direction(c);
  return d == U_RIGHT_TO_LEFT || d == U_RIGHT_TO_LEFT_ARABIC || d == U_ARABIC_NUMBER;
}

constexpr uint32_t bit(int value) {
  return uint32_t{1} << value;
}
constexpr uint32_t weak_anywhere = bit(U_EUROPEAN_NUMBER) | bit(U_EUROPEAN_NUMBER_SEPARATOR) |
                                   bit(U_COMMON_NUMBER_SEPARATOR) | bit(U_EUROPEAN_NUMBER_TERMINATOR) |
                                   bit(U_OTHER_NEUTRAL) | bit(U_BOUNDARY_NEUTRAL) |
                                   bit(U_DIR_NON_SPACING_MARK);
constexpr uint32_t rtl_letters = bit(U_RIGHT_TO_LEFT) | bit(U_RIGHT_TO_LEFT_ARABIC);

// RFC 5893 section 2, all six rules.
bool keeps_bidi_rule(std::u32string_view label) {
  uint32_t first = bit(direction(label.front()));
  bool rtl = first & rtl_letters;
  if (!rtl && first != bit(U_LEFT_TO_RIGHT)) return false;
  uint32_t seen = 0, last = 0;
  for (char32_t c : label) {
    uint32_t here = bit(direction(c));
    seen |= here;
    if (here != bit(U_DIR_NON_SPACING_MARK)) last = here;
  }
  if (!rtl) {
    constexpr uint32_t ends = bit(U_LEFT_TO_RIGHT) | bit(U_EUROPEAN_NUMBER);
    return !(seen & ~(weak_anywhere | bit(U_LEFT_TO_RIGHT))) && (last & ends);
  }
  constexpr uint32_t arabic = bit(U_ARABIC_NUMBER), european = bit(U_EUROPEAN_NUMBER);
  return !(seen & ~(weak_anywhere | rtl_letters | arabic)) && (last & (rtl_letters | arabic | european)) &&
         !((seen & arabic) && (seen & european));
}

int joining_type(char32_t c) {
  return u_getIntPropertyValue(static_cast<UChar32>(c), UCHAR_JOINING_TYPE);
}

// RFC 5892 appendix A.1 and A.2.
bool keeps_joiner_rules(std::u32string_view label) {
  for (size_t i = 0; i < label.size(); ++i) {
    if (label[i] != joiner && label[i] != non_joiner) continue;
    if (i > 0 && u_getCombiningClass(static_cast<UChar32>(label[i - 1])) == virama_class) continue;
    if (label[i] == joiner) return false;
    size_t before = i, after = i + 1;
    while (before > 0 && joining_type(label[before - 1]) == U_JT_TRANSPARENT) --before;
    while (after < label.size() && joining_type(label[after]) == U_JT_TRANSPARENT) ++after;
    if (before == 0 || after == label.size()) return false;
    int left = joining_type(label[before - 1]), right = joining_type(label[after]);
    if (left != U_JT_LEFT_JOINING && left != U_JT_DUAL_JOINING) return false;
    if (right != U_JT_RIGHT_JOINING && right != U_JT_DUAL_JOINING) return false;
  }
  return true;
}

// UTS #46 section 4.1 but for the bidi rule, which needs the whole domain.
bool is_valid_label(std::u32string_view label) {
  if (label.empty()) return true;  // VerifyDnsLength alone would refuse it
  if (label.starts_with(U"xn--") || label.find(U'.') != label.npos) return false;
  if (U_GET_GC_MASK(static_cast<UChar32>(label.front())) & U_GC_M_MASK) return false;
  return label.find(replacement) == label.npos && keeps_joiner_rules(label);
}

// A label that starts with "xn--", decoded. What it decodes to must be as mapping would leave it.
std::optional<std::u32string> decode_ace(std::u32string_view label) {
  std::string ascii;
  for (char32_t c : label.substr(4)) {
    if (c > 0x7f) return std::nullopt;
    ascii += static_cast<char>(c);
  }
  auto decoded = punycode_decode(ascii);
  if (!decoded || std::all_of(decoded->begin(), decoded->end(), [](char32_t c) { return c < 0x80; })) {
    return std::nullopt;
  }
  std::u16string text;
  for (char32_t c : *decoded) append(text, c);
  if (map_and_normalize(text) != text) return std::nullopt;
  return decoded;
}

std::vector<std::u32string> split_labels(std::u16string_view text) {
  std::vector<std::u32string> labels(1);
  each(text, [&labels](char32_t c) {
    if (c == U'.')
      labels.emplace_back();
    else
      labels.back() += c;
  });
  return labels;
}

std::u16string from_utf8(std::string_view text) {
  std::u16string out(text.size(), u'\0');
  int32_t length = 0;
  UErrorCode status = U_ZERO_ERROR;
  u_strFromUTF8(out.data(), static_cast<int32_t>(out.size()), &length, text.data(),
                static_cast<int32_t>(text.size()), &status);
  SHIKAKE_CHECK(U_SUCCESS(status));
  out.resize(static_cast<size_t>(length));
  return out;
}

// UTS #46 section 4.2 (ToASCII).
std::optional<std::string> unicode_to_ascii(std::string_view domain) {
  if (domain.size() > max_unicode_domain_bytes) return std::nullopt;
  std::vector<std::u32string> labels = split_labels(map_and_normalize(from_utf8(domain)));
  bool bidi = false;
  for (std::u32string& label : labels) {
    if (label.starts_with(U"xn--")) {
      auto decoded = decode_ace(label);
      if (!decoded) return std::nullopt;
      label = *std::move(decoded);
    }
    if (!is_valid_label(label)) return std::nullopt;
    bidi = bidi || std::any_of(label.begin(), label.end(), is_rtl);
  }
  std::string out;
  for (const std::u32string& label : labels) {
    if (&label != &labels.front()) out += '.';
    if (bidi && !label.empty() && !keeps_bidi_rule(label)) return std::nullopt;
    if (std::all_of(label.begin(), label.end(), [](char32_t c) { return c < 0x80; })) {
      out.append(label.begin(), label.end());
      continue;
    }
    auto encoded = punycode_encode(label);
    if (!encoded) return std::nullopt;
    out.append("xn--").append(*encoded);
  }
  return out;
}

}  // namespace

std::optional<std::string> domain_to_ascii(std::string_view domain) {
  std::string lower(domain);
  for (char& c : lower) {
    if (static_cast<unsigned char>(c) > 0x7f) return unicode_to_ascii(domain);
    c = to_lower(c);
  }
  return lower;
}

}  // namespace shikake::url
