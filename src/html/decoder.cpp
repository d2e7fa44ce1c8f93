#include "html/decoder.h"

#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "html/utf8_decoder.h"

namespace shikake::html {
namespace {

constexpr char16_t replacement_character = 0xFFFD;

struct CloseConverter {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};
using IcuConverter = std::unique_ptr<UConverter, CloseConverter>;

// An ill-formed or unassigned sequence is U+FFFD; where it is two bytes and the second is ASCII, that one
// stands for itself again, as the standard's decoders have it (`context`: it holds for this encoding).
void U_CALLCONV on_ill_formed(const void* context, UConverterToUnicodeArgs* args, const char* bytes,
                              int32_t length, UConverterCallbackReason reason, UErrorCode* error) {
  if (reason > UCNV_IRREGULAR) return;  // reset, close, clone
  *error = U_ZERO_ERROR;
  char16_t text[2] = {replacement_character, 0};
  bool ascii = context && length == 2 && static_cast<unsigned char>(bytes[1]) < 0x80;
  if (ascii) text[1] = static_cast<char16_t>(bytes[1]);
  ucnv_cbToUWriteUChars(args, text, ascii ? 2 : 1, 0, error);
}

IcuConverter open_converter(const char* name, bool keep_ascii) {
  UErrorCode error = U_ZERO_ERROR;
  IcuConverter converter(ucnv_open(name, &error));
  SHIKAKE_CHECK(U_SUCCESS(error));  // the names are our own and in every ICU
  UConverterToUCallback old = nullptr;
  const void* old_context = nullptr;
  static const char keep = 0;
  ucnv_setToUCallBack(converter.get(), on_ill_formed, keep_ascii ? &keep : nullptr, &old, &old_context,
                      &error);
  SHIKAKE_CHECK(U_SUCCESS(error));
  return converter;
}

void convert(UConverter* converter, std::string_view bytes, bool last, std::u16string& out) {
  const char* from = bytes.data();
  const char* end = from + bytes.size();
  UErrorCode error = U_ZERO_ERROR;
  do {
    std::array<char16_t, 4096> buffer;
    char16_t* to = buffer.data();
    error = U_ZERO_ERROR;
    ucnv_toUnicode(converter, &to, buffer.data() + buffer.size(), &from, end, nullptr, last, &error);
    out.append(buffer.data(), to);
  } while (error == U_BUFFER_OVERFLOW_ERROR);
}

struct Correction {
  uint8_t byte;
  char16_t c;
};
// ICU has no ISO-8859-16; this is how it differs from ISO-8859-1.
constexpr Correction kIso8859_16[] = {
    {0xA1, 0x104}, {0xA2, 0x105}, {0xA3, 0x141},  {0xA4, 0x20AC}, {0xA5, 0x201E}, {0xA6, 0x160},
    {0xA8, 0x161}, {0xAA, 0x218}, {0xAC, 0x179},  {0xAE, 0x17A},  {0xAF, 0x17B},  {0xB2, 0x10C},
    {0xB3, 0x142}, {0xB4, 0x17D}, {0xB5, 0x201D}, {0xB8, 0x17E},  {0xB9, 0x10D},  {0xBA, 0x219},
    {0xBC, 0x152}, {0xBD, 0x153}, {0xBE, 0x178},  {0xBF, 0x17C},  {0xC3, 0x102},  {0xC5, 0x106},
    {0xD0, 0x110}, {0xD1, 0x143}, {0xD5, 0x150},  {0xD7, 0x15A},  {0xD8, 0x170},  {0xDD, 0x118},
    {0xDE, 0x21A}, {0xE3, 0x103}, {0xE5, 0x107},  {0xF0, 0x111},  {0xF1, 0x144},  {0xF5, 0x151},
    {0xF7, 0x15B}, {0xF8, 0x171}, {0xFD, 0x119},  {0xFE, 0x21B}};
// The standard's KOI8-U has two letters more. https://encoding.spec.whatwg.org/index-koi8-u.txt
constexpr Correction koi8_u[] = {{0xAE, 0x45E}, {0xBE, 0x40E}};

using UpperHalf = std::array<char16_t, 128>;

UpperHalf upper_half(const Encoding& encoding) {
  UpperHalf table;
  if (encoding.coding == Coding::user_defined) {
    for (size_t i = 0; i < 128; ++i) table[i] = static_cast<char16_t>(0xF780 + i);
    return table;
  }
  IcuConverter converter = open_converter(encoding.converter, false);
  for (size_t i = 0; i < 128; ++i) {
    auto byte = static_cast<char>(0x80 + i);
    std::u16string text;
    convert(converter.get(), {&byte, 1}, true, text);
    ucnv_reset(converter.get());
    table[i] = text.size() == 1 ? text[0] : replacement_character;
    // ICU maps what windows-874 leaves open to private characters; macintosh's apple is one by the standard.
    bool open = table[i] >= 0xE000 && table[i] < 0xF8FF;
    if (open) table[i] = replacement_character;
  }
  auto correct = [&](auto& corrections) {
    for (auto [byte, c] : corrections) table[byte - 0x80u] = c;
  };
  if (encoding.name == "ISO-8859-16") correct(kIso8859_16);
  if (encoding.name == "KOI8-U") correct(koi8_u);
  return table;
}

}  // namespace

struct Decoder::Converter {
  explicit Converter(const Encoding& the_encoding) : encoding(the_encoding) {
    switch (encoding.coding) {
      case Coding::single_byte:
      case Coding::user_defined:
        upper = upper_half(encoding);
        break;
      case Coding::multi_byte:
        icu = open_converter(encoding.converter, encoding.name != "ISO-2022-JP");
        break;
      case Coding::utf16:
        icu = open_converter(encoding.converter, false);
        break;
      default:
        break;
    }
  }

  void decode(std::string_view bytes, bool last, std::u16string& out) {
    switch (encoding.coding) {
      case Coding::utf8:
        return utf8.decode(bytes, last, out);
      case Coding::multi_byte:
      case Coding::utf16:
        return convert(icu.get(), bytes, last, out);
      case Coding::replacement:
        if (!bytes.empty() && !replaced) out += replacement_character;
        replaced |= !bytes.empty();
        return;
      case Coding::single_byte:
      case Coding::user_defined:
        break;
    }
    size_t at = out.size();
    out.resize(at + bytes.size());
    for (char c : bytes) {
      auto byte = static_cast<unsigned char>(c);
      out[at++] = byte < 0x80 ? byte : upper[byte - 0x80u];
    }
  }

  const Encoding& encoding;
  Utf8Decoder utf8;
  UpperHalf upper{};
  IcuConverter icu;
  bool replaced = false;
};

Decoder::Decoder(DecoderOptions options) : options_(std::move(options)) {}
Decoder::Decoder(const Encoding& encoding) : encoding_(&encoding), certain_(true) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

void Decoder::decode(base::ByteSpan bytes, bool last, std::u16string& out) {
  std::string_view text = base::as_text(bytes);
  if (converter_) return converter_->decode(text, last, out);

  constexpr size_t longest_bom = 3;
  held_ += text;
  if (held_.size() < (encoding_ ? longest_bom : prescan_bytes) && !last) return;
  EncodingGuess guess = guess_encoding(base::as_bytes(held_), options_.transport_label, options_.fallback);
  size_t skip = guess.bom_size;
  if (!encoding_) {
    encoding_ = guess.encoding;
    certain_ = guess.certain;
  } else if (guess.encoding != encoding_) {
    skip = 0;  // another's byte order mark is text here
  }
  converter_ = std::make_unique<Converter>(*encoding_);
  converter_->decode(std::string_view(held_).substr(skip), last, out);
  held_ = {};
}

std::u16string decode_page(base::ByteSpan bytes, std::string_view transport_label, const Encoding** used) {
  Decoder decoder({std::string(transport_label), "windows-1252"});
  std::u16string text;
  decoder.decode(bytes, true, text);
  if (used) *used = decoder.encoding();
  return text;
}

}  // namespace shikake::html
