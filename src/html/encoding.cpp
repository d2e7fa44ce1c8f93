#include "html/encoding.h"

#include <algorithm>
#include <string>

#include "html/text.h"

namespace shikake::html {
namespace {

using enum Coding;

// Where ICU's converters differ from the standard's single-byte tables, decoder.cpp corrects them. What is
// left: Big5 gives some fifty rare characters of HKSCS as private ones.
constexpr Encoding encodings[] = {
    {"UTF-8", utf8, nullptr, "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8"},
    {"IBM866", single_byte, "ibm-866_P100-1995", "866 cp866 csibm866 ibm866"},
    {"ISO-8859-2", single_byte, "ISO-8859-2",
     "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2"},
    {"ISO-8859-3", single_byte, "ISO-8859-3",
     "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3"},
    {"ISO-8859-4", single_byte, "ISO-8859-4",
     "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4"},
    {"ISO-8859-5", single_byte, "ISO-8859-5",
     "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988"},
    {"ISO-8859-6", single_byte, "ISO-8859-6",
     "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i "
     "iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987"},
    {"ISO-8859-7", single_byte, "ISO-8859-7",
     "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7 "
     "iso_8859-7:1987 sun_eu_greek"},
    {"ISO-8859-8", single_byte, "ISO-8859-8",
     "csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 "
     "iso_8859-8:1988 visual"},
    {"ISO-8859-8-I", single_byte, "ISO-8859-8", "csiso88598i iso-8859-8-i logical"},
    {"ISO-8859-10", single_byte, "iso-8859_10-1998",
     "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6"},
    {"ISO-8859-13", single_byte, "ISO-8859-13", "iso-8859-13 iso8859-13 iso885913"},
    {"ISO-8859-14", single_byte, "iso-8859_14-1998", "iso-8859-14 iso8859-14 iso885914"},
    {"ISO-8859-15", single_byte, "ISO-8859-15",
     "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9"},
    {"ISO-8859-16", single_byte, "ISO-8859-1", "iso-8859-16"},
    {"KOI8-R", single_byte, "KOI8-R", "cskoi8r koi koi8 koi8-r koi8_r"},
    {"KOI8-U", single_byte, "KOI8-U", "koi8-ru koi8-u"},
    {"macintosh", single_byte, "macintosh", "csmacintosh mac macintosh x-mac-roman"},
    {"windows-874", single_byte, "windows-874",
     "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874"},
    {"windows-1250", single_byte, "windows-1250", "cp1250 windows-1250 x-cp1250"},
    {"windows-1251", single_byte, "windows-1251", "cp1251 windows-1251 x-cp1251"},
    {"windows-1252", single_byte, "windows-1252",
     "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 "
     "iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252"},
    {"windows-1253", single_byte, "windows-1253", "cp1253 windows-1253 x-cp1253"},
    {"windows-1254", single_byte, "windows-1254",
     "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 "
     "windows-1254 x-cp1254"},
    {"windows-1255", single_byte, "windows-1255", "cp1255 windows-1255 x-cp1255"},
    {"windows-1256", single_byte, "windows-1256", "cp1256 windows-1256 x-cp1256"},
    {"windows-1257", single_byte, "windows-1257", "cp1257 windows-1257 x-cp1257"},
    {"windows-1258", single_byte, "windows-1258", "cp1258 windows-1258 x-cp1258"},
    {"x-mac-cyrillic", single_byte, "x-mac-cyrillic", "x-mac-cyrillic x-mac-ukrainian"},
    {"GBK", multi_byte, "gb18030",
     "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk"},
    {"gb18030", multi_byte, "gb18030", "gb18030"},
    {"Big5", multi_byte, "Big5-HKSCS", "big5 big5-hkscs cn-big5 csbig5 x-x-big5"},
    {"EUC-JP", multi_byte, "EUC-JP", "cseucpkdfmtjapanese euc-jp x-euc-jp"},
    {"ISO-2022-JP", multi_byte, "ISO-2022-JP", "csiso2022jp iso-2022-jp"},
    {"Shift_JIS", multi_byte, "ibm-943_P15A-2003",
     "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis"},
    {"EUC-KR", multi_byte, "windows-949",
     "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 "
     "windows-949"},
    {"replacement", replacement, nullptr,
     "csiso2022kr hz-gb-2312 iso-2022-cn iso-2022-cn-ext iso-2022-kr replacement"},
    {"UTF-16BE", utf16, "UTF-16BE", "unicodefffe utf-16be"},
    {"UTF-16LE", utf16, "UTF-16LE", "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le"},
    {"x-user-defined", user_defined, nullptr, "x-user-defined"},
};

std::string lower_trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  std::string lower(text);
  for (char& c : lower) c = is_upper(c) ? static_cast<char>(c + 0x20) : c;
  return lower;
}

bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    size_t end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

std::string_view skip_space(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

}  // namespace

std::span<const Encoding> all_encodings() {
  return encodings;
}

const Encoding* encoding_for_label(std::string_view label) {
  std::string wanted = lower_trimmed(label);
  if (wanted.empty()) return nullptr;
  auto found =
      std::ranges::find_if(encodings, [&](const Encoding& each) { return has_word(each.labels, wanted); });
  return found == std::end(encodings) ? nullptr : found;
}

EncodingGuess guess_encoding(base::ByteSpan first_bytes, std::string_view transport_label,
                             std::string_view fallback) {
  std::string_view bytes = base::as_text(first_bytes);
  if (bytes.starts_with("\xEF\xBB\xBF")) return {encoding_for_label("utf-8"), true, 3};
  if (bytes.starts_with("\xFE\xFF")) return {encoding_for_label("utf-16be"), true, 2};
  if (bytes.starts_with("\xFF\xFE")) return {encoding_for_label("utf-16le"), true, 2};
  if (const Encoding* told = encoding_for_label(transport_label)) return {told, true, 0};
  if (const Encoding* said = prescan(first_bytes)) return {said, false, 0};
  const Encoding* usual = encoding_for_label(fallback);
  return {usual ? usual : encoding_for_label("windows-1252"), false, 0};
}

const Encoding* encoding_to_change_to(const Encoding& current, std::string_view declared) {
  const Encoding* wanted = encoding_for_label(declared);
  // A page whose meta element could be read is not in UTF-16, whoever says so.
  if (!wanted || current.coding == utf16) return nullptr;
  if (wanted->coding == utf16) wanted = encoding_for_label("utf-8");
  if (wanted->coding == user_defined) wanted = encoding_for_label("windows-1252");
  return wanted == &current ? nullptr : wanted;
}

std::string_view charset_in_content_type(std::string_view content) {
  constexpr std::string_view charset_word = "charset";
  for (; content.size() > charset_word.size(); content.remove_prefix(1)) {
    bool here = std::equal(charset_word.begin(), charset_word.end(), content.begin(),
                           [](char lower, char c) { return lower == (is_upper(c) ? c + 0x20 : c); });
    if (!here) continue;
    std::string_view rest = skip_space(content.substr(charset_word.size()));
    if (!rest.starts_with('=')) continue;
    rest = skip_space(rest.substr(1));
    if (rest.empty()) return {};
    if (rest.front() == '"' || rest.front() == '\'') {
      size_t end = rest.find(rest.front(), 1);
      return end == std::string_view::npos ? std::string_view() : rest.substr(1, end - 1);
    }
    return rest.substr(0, rest.find_first_of("\t\n\f\r ;"));
  }
  return {};
}

}  // namespace shikake::html
