#include "url/query_encoding.h"

#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>
#include <unicode/ucnv_err.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <memory>

#include "base/check.h"
#include "url/ascii.h"
#include "url/percent.h"

namespace shikake::url {
namespace {

// The standard's names and the ICU converters whose tables are theirs.
struct Encoding {
  std::string_view name;
  const char* converter;
};
constexpr Encoding encodings[] = {
    {"IBM866", "ibm-866_P100-1995"},
    {"ISO-8859-2", "ISO-8859-2"},
    {"ISO-8859-3", "ISO-8859-3"},
    {"ISO-8859-4", "ISO-8859-4"},
    {"ISO-8859-5", "ISO-8859-5"},
    {"ISO-8859-6", "ISO-8859-6"},
    {"ISO-8859-7", "ISO-8859-7"},
    {"ISO-8859-8", "ISO-8859-8"},
    {"ISO-8859-8-I", "ISO-8859-8"},
    {"ISO-8859-10", "ISO-8859-10"},
    {"ISO-8859-13", "ISO-8859-13"},
    {"ISO-8859-14", "ISO-8859-14"},
    {"ISO-8859-15", "ISO-8859-15"},
    {"KOI8-R", "KOI8-R"},
    {"KOI8-U", "KOI8-U"},
    {"macintosh", "macintosh"},
    {"windows-874", "windows-874-2000"},
    {"windows-1250", "ibm-5346_P100-1998"},
    {"windows-1251", "ibm-5347_P100-1998"},
    {"windows-1252", "ibm-5348_P100-1997"},
    {"windows-1253", "ibm-5349_P100-1998"},
    {"windows-1254", "ibm-5350_P100-1998"},
    {"windows-1255", "ibm-9447_P100-2002"},
    {"windows-1256", "ibm-9448_X100-2005"},
    {"windows-1257", "ibm-9449_P100-2002"},
    {"windows-1258", "ibm-5354_P100-1998"},
    {"x-mac-cyrillic", "x-mac-cyrillic"},
    {"GBK", "windows-936-2000"},
    {"gb18030", "gb18030"},
    {"Big5", "windows-950-2000"},
    {"EUC-JP", "euc-jp-2007"},
    {"ISO-2022-JP", "ISO-2022-JP"},
    {"Shift_JIS", "ibm-943_P15A-2003"},
    {"EUC-KR", "windows-949-2000"},
};

std::string reference(UChar32 c) {
  return "%26%23" + std::to_string(c) + "%3B";
}

// Writes a character that the encoding lacks. What it writes goes through the converter, so that a stateful
// one returns to ASCII first; none of it is in the special-query set.
void write_reference(const void*, UConverterFromUnicodeArgs* args, const UChar*, int32_t, UChar32 c,
                     UConverterCallbackReason reason, UErrorCode* status) {
  if (reason > UCNV_IRREGULAR) return;  // reset, close, clone
  *status = U_ZERO_ERROR;
  std::string ascii = reference(c);
  std::u16string wide(ascii.begin(), ascii.end());
  const UChar* from = wide.data();
  ucnv_cbFromUWriteUChars(args, &from, from + wide.size(), 0, status);
}

// Where an encoder of the Encoding Standard differs from ICU's table of that name; U+FFFD is in none of them.
char16_t as_the_standard_has_it(char16_t c, std::string_view encoding) {
  bool japanese = encoding == "Shift_JIS" || encoding == "EUC-JP" || encoding == "ISO-2022-JP";
  if (japanese && c == 0x2212) return 0xff0d;  // minus sign
  if (encoding == "ISO-2022-JP" && (c == 0x0e || c == 0x0f || c == 0x1b))
    return 0xfffd;  // would switch its state
  return c;
}

// ICU has a two-byte form for this private character, the standard none.
constexpr char16_t lacking_in_gb = 0xe5e5;
bool has_gb_tables(std::string_view encoding) {
  return encoding == "gb18030" || encoding == "GBK";
}

void append_converted(std::string& out, UConverter* converter, std::u16string_view text) {
  const UChar* from = text.data();
  const UChar* end = from + text.size();
  char piece[4096];
  UErrorCode status;
  do {
    char* to = piece;
    status = U_ZERO_ERROR;
    ucnv_fromUnicode(converter, &to, piece + sizeof piece, &from, end, nullptr, true, &status);
    append_encoded(out, {piece, static_cast<size_t>(to - piece)}, EncodeSet::special_query);
  } while (status == U_BUFFER_OVERFLOW_ERROR);
  SHIKAKE_CHECK(U_SUCCESS(status));
}

}  // namespace

std::optional<std::string> encode_query(std::string_view text, std::string_view encoding) {
  const Encoding* found =
      std::find_if(std::begin(encodings), std::end(encodings),
                   [encoding](const Encoding& row) { return equal_ignoring_case(row.name, encoding); });
  if (found == std::end(encodings)) return std::nullopt;

  std::u16string wide(text.size(), u'\0');
  int32_t length = 0;
  UErrorCode status = U_ZERO_ERROR;
  u_strFromUTF8(wide.data(), static_cast<int32_t>(wide.size()), &length, text.data(),
                static_cast<int32_t>(text.size()), &status);
  SHIKAKE_CHECK(U_SUCCESS(status));  // valid UTF-8 makes no more units than bytes
  wide.resize(static_cast<size_t>(length));
  for (char16_t& c : wide) c = as_the_standard_has_it(c, found->name);

  std::unique_ptr<UConverter, void (*)(UConverter*)> converter(ucnv_open(found->converter, &status),
                                                               ucnv_close);
  SHIKAKE_CHECK(U_SUCCESS(status));  // part of libicudata
  ucnv_setFallback(converter.get(), false);
  ucnv_setFromUCallBack(converter.get(), write_reference, nullptr, nullptr, nullptr, &status);
  SHIKAKE_CHECK(U_SUCCESS(status));

  std::string out;
  std::u16string_view rest = wide;
  for (;;) {
    size_t end = std::min(has_gb_tables(found->name) ? rest.find(lacking_in_gb) : rest.npos, rest.size());
    append_converted(out, converter.get(), rest.substr(0, end));
    if (end == rest.size()) return out;
    out += reference(lacking_in_gb);
    rest.remove_prefix(end + 1);
  }
}

}  // namespace shikake::url
