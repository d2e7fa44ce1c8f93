#include "honeyclient/components/charset.h"

#include <unicode/ucnv.h>

#include <array>

namespace shikake::honeyclient::components {
namespace {

// Opened before the worker is confined: the library looks for files.
struct Charset {
  std::string_view name;     // as scripts write it, lower case
  const char* library_name;  // ICU's
  UConverter* converter = nullptr;
};
std::array<Charset, 22> charsets = {{
    {"utf-8", "utf-8"},           {"unicode", "utf-16le"},    {"utf-16", "utf-16le"},
    {"utf-16le", "utf-16le"},     {"437", "ibm-437"},         {"ibm437", "ibm-437"},
    {"cp437", "ibm-437"},         {"850", "ibm-850"},         {"cp866", "ibm-866"},
    {"windows-1250", "cp1250"},   {"windows-1251", "cp1251"}, {"1251", "cp1251"},
    {"windows-1252", "cp1252"},   {"1252", "cp1252"},         {"shift_jis", "shift_jis"},
    {"euc-jp", "euc-jp"},         {"gb2312", "gb2312"},       {"big5", "big5"},
    {"koi8-r", "koi8-r"},         {"windows-1254", "cp1254"}, {"windows-1253", "cp1253"},
    {"iso-8859-2", "iso-8859-2"},
}};

// Null for what is one character a byte, and for names that are none.
UConverter* converter_of(std::u16string_view charset) {
  std::string name;
  for (char16_t c : charset)
    if (c > u' ' && c < 0x7F) name += static_cast<char>(c >= u'A' && c <= u'Z' ? c + 32 : c);
  for (Charset& one : charsets)
    if (one.name == name && one.converter) {
      ucnv_reset(one.converter);
      return one.converter;
    }
  return nullptr;
}

}  // namespace

void warm_charsets() {
  for (Charset& one : charsets) {
    UErrorCode error = U_ZERO_ERROR;
    one.converter = ucnv_open(one.library_name, &error);
    if (U_FAILURE(error)) one.converter = nullptr;
    error = U_ZERO_ERROR;
    if (one.converter) ucnv_setSubstChars(one.converter, "?", 1, &error);
  }
}

std::string encode_charset(std::u16string_view text, std::u16string_view charset) {
  UConverter* converter = converter_of(charset);
  std::string bytes;
  if (!converter) {
    for (char16_t c : text) bytes += c < 0x100 ? static_cast<char>(c) : '?';
    return bytes;
  }
  UErrorCode error = U_ZERO_ERROR;
  bytes.resize(
      static_cast<size_t>(UCNV_GET_MAX_BYTES_FOR_STRING(text.size(), ucnv_getMaxCharSize(converter))));
  int32_t size = ucnv_fromUChars(converter, bytes.data(), static_cast<int32_t>(bytes.size()), text.data(),
                                 static_cast<int32_t>(text.size()), &error);
  bytes.resize(U_SUCCESS(error) ? static_cast<size_t>(size) : 0);
  return bytes;
}

std::u16string decode_charset(std::string_view bytes, std::u16string_view charset) {
  UConverter* converter = converter_of(charset);
  std::u16string text;
  if (!converter) {
    for (char c : bytes) text += static_cast<char16_t>(static_cast<uint8_t>(c));
    return text;
  }
  UErrorCode error = U_ZERO_ERROR;
  text.resize(bytes.size() * 2 + 2);
  int32_t size = ucnv_toUChars(converter, text.data(), static_cast<int32_t>(text.size()), bytes.data(),
                               static_cast<int32_t>(bytes.size()), &error);
  text.resize(U_SUCCESS(error) ? static_cast<size_t>(size) : 0);
  return text;
}

}  // namespace shikake::honeyclient::components
