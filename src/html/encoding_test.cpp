// Labels, sniffing and decoding.
#include "html/encoding.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "html/decoder.h"
#include "html/page_generator.h"
#include "html/text.h"
#include "html/utf8_decoder.h"

namespace shikake::html {
namespace {

using namespace std::string_view_literals;

std::string name_of(const Encoding* encoding) {
  return encoding ? std::string(encoding->name) : "none";
}

TEST(Encoding, Labels) {
  struct {
    const char* label;
    const char* name;
  } rows[] = {{"utf-8", "UTF-8"},
              {" UTF8\n", "UTF-8"},
              {"latin1", "windows-1252"},
              {"ISO-8859-1", "windows-1252"},
              {"ascii", "windows-1252"},
              {"iso-8859-9", "windows-1254"},
              {"gb2312", "GBK"},
              {"x-sjis", "Shift_JIS"},
              {"ks_c_5601-1987", "EUC-KR"},
              {"unicode", "UTF-16LE"},
              {"utf-16be", "UTF-16BE"},
              {"hz-gb-2312", "replacement"},
              {"x-user-defined", "x-user-defined"},
              {"logical", "ISO-8859-8-I"},
              {"", "none"},
              {" ", "none"},
              {"utf-7", "none"},
              {"utf-8 x", "none"},
              {"iso-8859-16", "ISO-8859-16"}};
  for (auto& row : rows) EXPECT_EQ(name_of(encoding_for_label(row.label)), row.name) << row.label;
  size_t labels = 0;
  for (const Encoding& each : all_encodings()) {
    EXPECT_EQ(encoding_for_label(each.name), &each);
    labels += 1 + static_cast<size_t>(std::ranges::count(each.labels, ' '));
  }
  EXPECT_EQ(all_encodings().size(), 40u);
  EXPECT_EQ(labels, 228u);
}

struct SniffRow {
  const char* name;
  std::string_view bytes;
  const char* transport;
  const char* encoding;
  bool certain;
};
const std::string late = std::string(1030, ' ') + "<meta charset=koi8-r>";
const SniffRow sniffed[] = {
    {"nothing", "<p>", "", "windows-1252", false},
    {"transport", "<meta charset=utf-8>", "koi8-r", "KOI8-R", true},
    {"transport_unknown", "<meta charset=utf-8>", "nosuch", "UTF-8", false},
    {"bom_utf8", "\xEF\xBB\xBF<meta charset=koi8-r>", "koi8-r", "UTF-8", true},
    {"bom_le", "\xFF\xFE<", "utf-8", "UTF-16LE", true},
    {"bom_be", "\xFE\xFF<", "", "UTF-16BE", true},
    {"meta", "<html><META CharSet = 'Shift_JIS' >", "", "Shift_JIS", false},
    {"meta_slash", "<meta/charset=euc-kr>", "", "EUC-KR", false},
    {"meta_unquoted_end", "<meta charset=euc-kr", "", "windows-1252", false},
    {"meta_utf16_is_utf8", "<meta charset=utf-16>", "", "UTF-8", false},
    {"meta_user_defined", "<meta charset=x-user-defined>", "", "windows-1252", false},
    {"meta_unknown_then_known", "<meta charset=nosuch><meta charset=big5>", "", "Big5", false},
    {"meta_http_equiv", "<meta http-equiv=Content-Type content='text/html; charset=gbk'>", "", "GBK", false},
    {"meta_content_first", "<meta content='text/html; charset=gbk' http-equiv=content-type>", "", "GBK",
     false},
    {"meta_content_alone", "<meta content='text/html; charset=gbk'>", "", "windows-1252", false},
    {"meta_both", "<meta charset=utf-8 http-equiv=content-type content='x;charset=gbk'>", "", "UTF-8", false},
    {"meta_duplicate", "<meta charset=big5 charset=utf-8>", "", "Big5", false},
    {"in_comment", "<!--<meta charset=big5>--><meta charset=gbk>", "", "GBK", false},
    {"in_short_comment", "<!--><meta charset=big5>-->", "", "Big5", false},
    {"in_attribute", "<p title='<meta charset=big5>'><meta charset=gbk>", "", "GBK", false},
    {"in_end_tag", "</p title='<meta charset=big5>'><meta charset=gbk>", "", "GBK", false},
    {"in_bogus", "<!x <meta charset=big5><meta charset=gbk>", "", "GBK", false},
    {"not_meta", "<metax charset=big5>", "", "windows-1252", false},
    {"no_bracket", "<b <meta charset=big5>", "", "windows-1252", false},
    {"too_late", late, "", "windows-1252", false},
    {"xml", "<?xml version='1.0' encoding='koi8-r'?>", "", "KOI8-R", false},
    {"xml_meta_wins", "<?xml encoding='koi8-r'?><meta charset=gbk>", "", "GBK", false},
    {"xml_utf16", "<\0?\0x\0m\0l\0"sv, "", "UTF-16LE", false},
    {"xml_utf16_be", "\0<\0?\0x\0m"sv, "", "UTF-16BE", false},
    {"empty", "", "", "windows-1252", false},
};

TEST(Encoding, Sniffing) {
  for (const SniffRow& row : sniffed) {
    EncodingGuess guess = guess_encoding(base::as_bytes(row.bytes), row.transport);
    EXPECT_EQ(name_of(guess.encoding), row.encoding) << row.name;
    EXPECT_EQ(guess.certain, row.certain) << row.name;
  }
  EXPECT_EQ(name_of(guess_encoding({}, "", "utf-8").encoding), "UTF-8");
  EXPECT_EQ(name_of(guess_encoding({}, "", "nosuch").encoding), "windows-1252");
}

TEST(Encoding, ChangeWhileParsing) {
  auto change = [](const char* current, const char* declared) {
    return name_of(encoding_to_change_to(*encoding_for_label(current), declared));
  };
  EXPECT_EQ(change("windows-1252", "utf-8"), "UTF-8");
  EXPECT_EQ(change("windows-1252", "latin1"), "none");
  EXPECT_EQ(change("windows-1252", "nosuch"), "none");
  EXPECT_EQ(change("windows-1252", "utf-16"), "UTF-8");
  EXPECT_EQ(change("utf-16le", "utf-8"), "none");
  EXPECT_EQ(change("utf-8", "x-user-defined"), "windows-1252");
}

TEST(Encoding, ContentTypeCharset) {
  struct {
    const char* content;
    const char* charset;
  } rows[] = {{"text/html; charset=utf-8", "utf-8"},
              {"charset = 'a b'", "a b"},
              {"CHARSET=\"x\"", "x"},
              {"charset=\"x", ""},
              {"charset=a;b", "a"},
              {"charset", ""},
              {"charset=", ""},
              {"charset charset=x", "x"},
              {"text/html", ""},
              {"charsetcharset=y z", "y"}};
  for (auto& row : rows) EXPECT_EQ(charset_in_content_type(row.content), row.charset) << row.content;
}

struct DecodeRow {
  const char* encoding;
  std::string_view bytes;
  const char* text;
};
constexpr DecodeRow decoded[] = {
    {"utf-8", "a\xC3\xA9\xE4\xBB\x95\xF0\x9F\x98\x80", "a\u00E9\u4ED5\U0001F600"},
    {"utf-8", "\xEF\xBB\xBF\xEF\xBB\xBFx", "\uFEFFx"},
    {"utf-8", "\xC0\xAF\xE4\xBB\"\xF4\x90\x80\x80\xED\xA0\x80\xFF",
     "\uFFFD\uFFFD\uFFFD\"\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD"},
    {"utf-16le", "a\0=\xD8\0\xDE"sv, "a\U0001F600"},
    {"utf-16le",
     "\xFF\xFE"
     "a\0"sv,
     "a"},
    {"utf-16be", "\0a\xD8=\xDE\0"sv, "a\U0001F600"},
    {"utf-16le",
     "\0\xDC"
     "a\0b"sv,
     "\uFFFD"
     "a\uFFFD"},
    {"windows-1252", "\x80\x81\x9F\xE9", "\u20AC\u0081\u0178\u00E9"},
    {"iso-8859-1", "\x93", "\u201C"},
    {"windows-874", "\xDB\xA1\x80\x81", "\uFFFD\u0E01\u20AC\u0081"},
    {"windows-1251", "\xCF\xF0", "\u041F\u0440"},
    {"windows-1253", "\xD2\xC1", "\uFFFD\u0391"},
    {"koi8-u", "\xAE\xBE\xB4", "\u045E\u040E\u0404"},
    {"iso-8859-16", "\xA1\xAA\xE9\xFE", "\u0104\u0218\u00E9\u021B"},
    {"iso-8859-6", "\xC7\xA1", "\u0627\uFFFD"},
    {"macintosh", "\x8E\xDB\xF0", "\u00E9\u20AC\uF8FF"},
    {"x-user-defined", "a\x80\xFF", "a\uF780\uF7FF"},
    {"replacement", "abc<script>", "\uFFFD"},
    {"replacement", "", ""},
    {"shift_jis", "\x8E\x64\x8A\x7C\xA6\x5C", "\u4ED5\u639B\uFF66\\"},
    {"shift_jis", "\x81\x60\x87\x40", "\uFF5E\u2460"},
    {"euc-jp", "\xBB\xC5\x8E\xB1", "\u4ED5\uFF71"},
    {"iso-2022-jp", "a\x1B$B;E\x1B(Bb", "a\u4ED5b"},
    {"euc-kr", "\xB0\xA1\xC8\xFE", "\uAC00\uD79D"},
    {"gbk", "\xD6\xD0\x81\x30\x81\x30", "\u4E2D\u0080"},
    {"gb18030", "\x94\x39\xFC\x36", "\U0001F600"},
    {"big5", "\xA4\xA4\xFA\x40", "\u4E2D\U00020547"},
};

TEST(Decoder, Rows) {
  for (const DecodeRow& row : decoded) {
    std::u16string whole, pieces;
    Decoder(*encoding_for_label(row.encoding)).decode(base::as_bytes(row.bytes), true, whole);
    EXPECT_EQ(to_utf8(whole), row.text) << row.encoding;
    Decoder one_by_one(*encoding_for_label(row.encoding));
    for (size_t i = 0; i < row.bytes.size(); ++i)
      one_by_one.decode(base::as_bytes(row.bytes.substr(i, 1)), false, pieces);
    one_by_one.decode({}, true, pieces);
    EXPECT_EQ(pieces, whole) << row.encoding;
  }
}

// A lead byte must not swallow the quote or bracket behind it: that is how filters are passed.
TEST(Decoder, NoAsciiIsSwallowed) {
  for (const Encoding& encoding : all_encodings()) {
    if (encoding.coding == Coding::utf16 || encoding.coding == Coding::replacement) continue;
    for (int lead = 0x80; lead < 0x100; ++lead) {
      for (char ascii : {'"', '\'', '<', '>', '&', ' ', '\n'}) {
        std::string bytes = {'x', static_cast<char>(lead), ascii, 'y'};
        std::u16string text;
        Decoder(encoding).decode(base::as_bytes(bytes), true, text);
        EXPECT_NE(text.find(static_cast<char16_t>(ascii)), std::u16string::npos)
            << encoding.name << " " << lead << " " << ascii;
      }
    }
  }
}

TEST(Decoder, SniffsAndHoldsBack) {
  Decoder decoder;
  std::u16string text;
  decoder.decode(base::as_bytes("<meta charset=koi8-r>"), false, text);
  EXPECT_EQ(decoder.encoding(), nullptr);
  EXPECT_TRUE(text.empty());
  decoder.decode(base::as_bytes("\xC1"), true, text);
  EXPECT_EQ(name_of(decoder.encoding()), "KOI8-R");
  EXPECT_FALSE(decoder.certain());
  EXPECT_EQ(to_utf8(text), "<meta charset=koi8-r>\u0430");
}

TEST(Decoder, ChunksDoNotMatter) {
  for (const Encoding& encoding : all_encodings()) {
    PageGenerator random(7);
    std::string bytes;
    for (int i = 0; i < 3000; ++i) bytes += static_cast<char>(random.below(random.chance(3) ? 0x100 : 0x80));
    std::u16string whole, pieces;
    Decoder(encoding).decode(base::as_bytes(bytes), true, whole);
    Decoder decoder(encoding);
    std::string_view rest = bytes;
    while (!rest.empty()) {
      size_t piece = std::min(rest.size(), 1 + random.below(5));
      decoder.decode(base::as_bytes(rest.substr(0, piece)), false, pieces);
      rest.remove_prefix(piece);
    }
    decoder.decode({}, true, pieces);
    EXPECT_EQ(pieces, whole) << encoding.name;
  }
}

TEST(Utf8, LikeBase) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    PageGenerator random(seed);
    std::string bytes;
    constexpr unsigned char some_bytes[] = {'a',  0x80, 0xBF, 0xC2, 0xE0, 0xA0, 0xED,
                                            0x9F, 0xF0, 0x90, 0xF4, 0x8F, 0xFF};
    for (int i = 0; i < 12; ++i) bytes += static_cast<char>(some_bytes[random.below(std::size(some_bytes))]);
    EXPECT_EQ(to_utf8(from_utf8(bytes)), base::to_valid_utf8(bytes));
  }
}

}  // namespace
}  // namespace shikake::html
