#include "honeyclient/low/page/stand_in.h"

#include <unicode/ucnv.h>

#include <array>

#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/body.h"
#include "honeyclient/low/page/components.h"
#include "honeyclient/low/page/exotic.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

// A SafeArray of bytes: VBScript's byte functions see two to a character.
class Bytes final : public Exotic {
 public:
  static constexpr Kind native_kind = Kind::bytes;
  Bytes(Window& the_window, std::string the_bytes)
      : Exotic(the_window, native_kind), bytes(std::move(the_bytes)) {}
  const std::string bytes;
};

constexpr size_t max_array = 4u << 20;  // of numbers that a script hands over as bytes

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
  std::string name = utf8(lower(trim(charset)));
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

JSObject* make_bytes(JSContext* cx, Window& window, std::string bytes) {
  return wrap_exotic(cx, *new Bytes(window, std::move(bytes)), "(bytes)");
}

void bytes_text(Call& call) {
  const std::string& bytes = call.self<Bytes>().bytes;
  std::u16string packed;
  for (size_t i = 0; i < bytes.size(); i += 2) {
    auto low = static_cast<uint8_t>(bytes[i]);
    auto high = i + 1 < bytes.size() ? static_cast<uint8_t>(bytes[i + 1]) : uint8_t{0};
    packed += static_cast<char16_t>(low | high << 8);
  }
  call.give(std::u16string_view(packed));
}

std::optional<std::string> bytes_of_value(JSContext* cx, JS::HandleValue value) {
  if (Bytes* bytes = native_as<Bytes>(value)) return bytes->bytes;
  if (!value.isObject()) return std::nullopt;
  JS::RootedObject object(cx, &value.toObject());
  if (auto buffer = bytes_of(object)) return buffer;
  bool is_array = false;
  must(JS::IsArrayObject(cx, object, &is_array));
  if (!is_array) return std::nullopt;
  uint32_t length = 0;
  must(JS::GetArrayLength(cx, object, &length));
  if (length > max_array) return std::nullopt;
  std::string bytes;
  JS::RootedValue item(cx);
  for (uint32_t i = 0; i < length; ++i) {
    must(JS_GetElement(cx, object, i, &item));
    if (!item.isNumber()) return std::nullopt;
    bytes += static_cast<char>(static_cast<uint32_t>(item.toNumber()));
  }
  return bytes;
}

std::string encode_charset(std::u16string_view text, std::u16string_view charset) {
  UConverter* converter = converter_of(charset);
  std::string bytes;
  if (!converter) {
    for (char16_t c : text) bytes += c < 0x100 ? static_cast<char>(c) : '?';
    return bytes;
  }
  UErrorCode error = U_ZERO_ERROR;
  bytes.resize(static_cast<size_t>(
      UCNV_GET_MAX_BYTES_FOR_STRING(text.size(), ucnv_getMaxCharSize(converter))));
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

bool on_windows_xp(const Window& window) {
  return window.page.persona().user_agent.find("Windows NT 5") != std::string::npos;
}

void write_file(Window& window, std::string_view by, std::u16string_view path, std::string bytes) {
  WroteFile wrote;
  wrote.window = window.id;
  wrote.component = by;
  wrote.path = utf8(path.substr(0, limits::max_argument_text));
  wrote.bytes = bytes;
  wrote.origin = window.page.positions.origin_here();
  if (!window.page.disk.write(path, std::move(bytes))) return window.page.limit("disk");
  window.page.tell(FromPage::wrote_file, wrote);
}

std::shared_ptr<StandIn> make_stand_in(JSContext* cx, Window& window, components::Behaviour behaviour) {
  using components::Behaviour;
  switch (behaviour) {
    case Behaviour::xml_http:
      return make_xml_http(cx, window);
    case Behaviour::dictionary:
      return make_dictionary(cx);
    case Behaviour::stream:
      return make_stream(window);
    case Behaviour::file_system:
      return make_file_system(window);
    case Behaviour::shell:
      return make_shell(window);
    case Behaviour::application:
      return make_application(window);
    case Behaviour::xml:
      return make_xml(window);
    case Behaviour::management:
      return make_management(window);
    case Behaviour::creator:
    case Behaviour::absorbs:
      break;
  }
  return nullptr;
}

}  // namespace shikake::honeyclient::low::page
