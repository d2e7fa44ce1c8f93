// Every state of the tokenizer, each row whole and in pieces of one, two and three characters.
#include "html/tokenizer.h"

#include <gtest/gtest.h>

namespace shikake::html {
namespace {

// Tokens as text, blank-separated; runs of characters are joined.
class Recorder final : public TokenSink {
 public:
  explicit Recorder(bool cdata) : cdata_(cdata) {}
  void set_tokenizer(Tokenizer& tokenizer) { tokenizer_ = &tokenizer; }

  void doctype(DoctypeToken& token) override {
    std::string text = "<!DOCTYPE";
    if (token.has_name) text += " " + to_utf8(token.name);
    if (token.has_public_id) text += " p'" + to_utf8(token.public_id) + "'";
    if (token.has_system_id) text += " s'" + to_utf8(token.system_id) + "'";
    add(text + (token.force_quirks ? " quirks>" : ">"));
  }
  void start_tag(TagToken& tag) override {
    std::string text = "<" + to_utf8(tag.name.text());
    for (const Attribute& each : tag.attributes) {
      text += " " + to_utf8(each.local_name.text()) + "='" + to_utf8(each.value) + "'";
    }
    add(text + (tag.self_closing ? "/>" : ">"));
    using State = Tokenizer::State;
    switch (tag.name.name()) {
      case Name::title:
        return tokenizer_->switch_to(State::rcdata);
      case Name::style:
        return tokenizer_->switch_to(State::rawtext);
      case Name::script:
        return tokenizer_->switch_to(State::script_data);
      case Name::plaintext:
        return tokenizer_->switch_to(State::plaintext);
      default:
        return;
    }
  }
  void end_tag(TagToken& tag) override { add("</" + to_utf8(tag.name.text()) + ">"); }
  void comment(std::u16string_view data, Position, uint32_t) override { add("<!--" + to_utf8(data) + "-->"); }
  void characters(std::u16string_view text, Position, uint32_t) override {
    EXPECT_FALSE(text.empty());
    text_ += text;
  }
  void end_of_file() override { flush(), ended_ = true; }
  bool cdata_allowed() const override { return cdata_; }

  std::string tokens() const { return ended_ ? tokens_ : tokens_ + " (no end)"; }

 private:
  void add(const std::string& token) {
    flush();
    tokens_ += (tokens_.empty() ? "" : " ") + token;
  }
  void flush() {
    if (text_.empty()) return;
    std::string text = "\"" + to_utf8(text_) + "\"";
    text_.clear();
    add(text);
  }

  bool cdata_;
  bool ended_ = false;
  Tokenizer* tokenizer_ = nullptr;
  std::u16string text_;
  std::string tokens_;
};

std::string tokenize(std::string_view html, size_t piece, bool cdata, TokenLimits limits = {}) {
  AtomTable atoms;
  InputStream input;
  Recorder recorder(cdata);
  Tokenizer tokenizer(input, atoms, recorder, limits);
  recorder.set_tokenizer(tokenizer);
  std::u16string text = from_utf8(html);
  for (size_t at = 0; at < text.size(); at += piece) {
    input.append(std::u16string_view(text).substr(at, piece));
    tokenizer.run();
  }
  input.close();
  tokenizer.run();
  EXPECT_TRUE(tokenizer.finished());
  return recorder.tokens();
}

using namespace std::string_view_literals;

struct Row {
  const char* name;
  std::string_view html;
  std::string_view tokens;
  bool cdata = false;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.html;
}

constexpr Row rows[] = {
    {"data", "a\nb", "\"a\nb\""},
    {"data_null_is_kept", "a\0b"sv, "\"a\0b\""sv},
    {"newlines", "a\r\nb\rc\n\r\nd\r", "\"a\nb\nc\n\nd\n\""},
    {"data_empty", "", ""},
    {"tag_open_digit", "<3", "\"<3\""},
    {"tag_open_end", "a<", "\"a<\""},
    {"tag_open_question", "<?xml?>b", "<!--?xml?--> \"b\""},
    {"tag_open_space", "< a>", "\"< a>\""},
    {"end_tag_open_empty", "a</>b", "\"ab\""},
    {"end_tag_open_bogus", "</ a>", "<!-- a-->"},
    {"end_tag_open_end", "</", "\"</\""},
    {"end_tag_open_digit", "</3>", "<!--3-->"},
    {"tag_name_case", "<DiV></dIV>", "<div> </div>"},
    {"tag_name_null", "<a\0b>"sv, "<a\uFFFDb>"},
    {"tag_name_end", "<div", ""},
    {"tag_name_odd", "<a<b'\">", "<a<b'\">"},
    {"attributes", "<a b c=d e='f' g=\"h\" I>", "<a b='' c='d' e='f' g='h' i=''>"},
    {"attribute_spaces", "<a\t\n b \f=\n c  d>", "<a b='c' d=''>"},
    {"attribute_equals_first", "<a =b>", "<a =b=''>"},
    {"attribute_equals_twice", "<a b==c>", "<a b='=c'>"},
    {"attribute_name_null", "<a \0b>"sv, "<a \uFFFDb=''>"},
    {"attribute_name_end", "<a b", ""},
    {"attribute_name_quote", "<a b\"'<c>", "<a b\"'<c=''>"},
    {"attribute_duplicate", "<a b=1 B=2 c=3 b=4>", "<a b='1' c='3'>"},
    {"after_attribute_name_end", "<a b ", ""},
    {"after_attribute_name_slash", "<a b / c>", "<a b='' c=''>"},
    {"before_value_missing", "<a b=>", "<a b=''>"},
    {"before_value_end", "<a b=", ""},
    {"value_double", "<a b=\"'<>\n\0&amp;\">"sv, "<a b=''<>\n\uFFFD&'>"},
    {"value_double_end", "<a b=\"c", ""},
    {"value_single", "<a b='\"\0&lt'>"sv, "<a b='\"\uFFFD<'>"},
    {"value_single_end", "<a b='c", ""},
    {"value_unquoted", "<a b=c&amp;\"'<=`\0d e>"sv, "<a b='c&\"'<=`\uFFFDd' e=''>"},
    {"value_unquoted_slash", "<a b=c/>", "<a b='c/'>"},
    {"value_unquoted_end", "<a b=c", ""},
    {"after_value_no_space", "<a b='c'd>", "<a b='c' d=''>"},
    {"after_value_end", "<a b='c'", ""},
    {"self_closing", "<br/><br /><br a/>", "<br/> <br/> <br a=''/>"},
    {"self_closing_not", "<br/ a>", "<br a=''>"},
    {"self_closing_end", "<br/", ""},
    {"end_tag_attributes", "</a b=c d/>", "</a>"},
    {"end_tag_huge_attribute", "</a b='&amp;'>x", "</a> \"x\""},

    {"rcdata", "<title>a<b>&lt;\0</title>"sv, "<title> \"a<b><\uFFFD\" </title>"},
    {"rcdata_other_end_tag", "<title></a></TITLE >x", "<title> \"</a>\" </title> \"x\""},
    {"rcdata_longer_name", "<title></titlex></title/>", "<title> \"</titlex>\" </title>"},
    {"rcdata_open_slash", "<title></ </3</title>", "<title> \"</ </3\" </title>"},
    {"rcdata_less_than", "<title><</title>", "<title> \"<\" </title>"},
    {"rcdata_end", "<title></titl", "<title> \"</titl\""},
    {"rawtext", "<style>&lt;<!--\0</styl></style\n>"sv, "<style> \"&lt;<!--\uFFFD</styl>\" </style>"},
    {"plaintext", "<plaintext></plaintext>&lt;\0"sv, "<plaintext> \"</plaintext>&lt;\uFFFD\""},

    {"script", "<script>a<b&lt;\0</script>"sv, "<script> \"a<b&lt;\uFFFD\" </script>"},
    {"script_bang", "<script><!x</script>", "<script> \"<!x\" </script>"},
    {"script_bang_dash", "<script><!-x</script>", "<script> \"<!-x\" </script>"},
    {"script_escaped", "<script><!--a</script>", "<script> \"<!--a\" </script>"},
    {"script_escaped_ends", "<script><!--a-->b</script>", "<script> \"<!--a-->b\" </script>"},
    {"script_escaped_at_once", "<script><!--></script>", "<script> \"<!-->\" </script>"},
    {"script_escaped_null", "<script><!--\0-\0--\0</script>"sv,
     "<script> \"<!--\uFFFD-\uFFFD--\uFFFD\" </script>"},
    {"script_escaped_end", "<script><!--a-", "<script> \"<!--a-\""},
    {"script_escaped_less", "<script><!--<-<3</</b></script>", "<script> \"<!--<-<3</</b>\" </script>"},
    {"script_double", "<script><!--<script></script>--></script>x",
     "<script> \"<!--<script></script>-->\" </script> \"x\""},
    {"script_double_open", "<script><!--<script></script></script>x",
     "<script> \"<!--<script></script>\" </script> \"x\""},
    {"script_double_twice", "<script><!--<SCRIPT ></script/><script></script></script>",
     "<script> \"<!--<SCRIPT ></script/><script></script>\" </script>"},
    {"script_double_other", "<script><!--<scriptx></script>", "<script> \"<!--<scriptx>\" </script>"},
    {"script_double_not_a_name", "<script><!--<script-></script>", "<script> \"<!--<script->\" </script>"},
    {"script_double_dashes", "<script><!--<script>-a--b--></script>",
     "<script> \"<!--<script>-a--b-->\" </script>"},
    {"script_double_null", "<script><!--<script>\0-\0--\0"sv,
     "<script> \"<!--<script>\uFFFD-\uFFFD--\uFFFD\""},
    {"script_double_less", "<script><!--<script><</scriptx></script></script>",
     "<script> \"<!--<script><</scriptx></script>\" </script>"},
    {"script_double_end", "<script><!--<script></script", "<script> \"<!--<script></script\""},

    {"comment", "<!--a-b--c-->d", "<!--a-b--c--> \"d\""},
    {"comment_empty", "<!---->a", "<!----> \"a\""},
    {"comment_abrupt", "<!-->a", "<!----> \"a\""},
    {"comment_abrupt_dash", "<!--->a", "<!----> \"a\""},
    {"comment_start_dash_text", "<!---a-->", "<!---a-->"},
    {"comment_dashes", "<!-----a----->", "<!-----a----->"},
    {"comment_null", "<!--\0-->"sv, "<!--\uFFFD-->"},
    {"comment_bang", "<!--a--!>b", "<!--a--> \"b\""},
    {"comment_bang_dash", "<!--a--!-->", "<!--a--!-->"},
    {"comment_bang_text", "<!--a--!b-->", "<!--a--!b-->"},
    {"comment_end_in_bang", "<!--a--!", "<!--a-->"},
    {"comment_end", "<!--a", "<!--a-->"},
    {"comment_end_dash", "<!--a-", "<!--a-->"},
    {"comment_end_dashes", "<!--a--", "<!--a-->"},
    {"comment_start_end", "<!--", "<!---->"},
    {"comment_start_dash_end", "<!---", "<!---->"},
    {"comment_nested", "<!--a<!--b-->c", "<!--a<!--b--> \"c\""},
    {"comment_nested_open", "<!--<!-->a", "<!--<!--> \"a\""},
    {"comment_nested_dash", "<!--<!-a<<!<!b-->", "<!--<!-a<<!<!b-->"},
    {"comment_nested_short", "<!--<!--->", "<!--<!--->"},
    {"bogus", "<!a>b", "<!--a--> \"b\""},
    {"bogus_dash", "<!-a>", "<!---a-->"},
    {"bogus_null", "<!a\0>"sv, "<!--a\uFFFD-->"},
    {"bogus_end", "<!", "<!---->"},
    {"bogus_almost_doctype", "<!DOCTYP>", "<!--DOCTYP-->"},
    {"cdata_in_html", "<![CDATA[a]]>", "<!--[CDATA[a]]-->"},
    {"cdata", "<![CDATA[a<b>]&amp;]]]]>c", "\"a<b>]&amp;]]c\"", true},
    {"cdata_null", "<![CDATA[\0]]>"sv, "\"\0\""sv, true},
    {"cdata_end", "<![CDATA[a]", "\"a]\"", true},
    {"cdata_end_twice", "<![CDATA[a]]", "\"a]]\"", true},
    {"cdata_case", "<![cdata[a]]>", "<!--[cdata[a]]-->", true},
    {"cdata_almost", "<![CDATA]>", "<!--[CDATA]-->", true},

    {"doctype", "<!DOCTYPE html>", "<!DOCTYPE html>"},
    {"doctype_case", "<!doCtype HtMl >", "<!DOCTYPE html>"},
    {"doctype_no_space", "<!DOCTYPEhtml>", "<!DOCTYPE html>"},
    {"doctype_no_name", "<!DOCTYPE>", "<!DOCTYPE quirks>"},
    {"doctype_no_name_space", "<!DOCTYPE >", "<!DOCTYPE quirks>"},
    {"doctype_end", "<!DOCTYPE", "<!DOCTYPE quirks>"},
    {"doctype_name_end", "<!DOCTYPE a", "<!DOCTYPE a quirks>"},
    {"doctype_name_null", "<!DOCTYPE \0a\0>"sv, "<!DOCTYPE \uFFFDa\uFFFD>"},
    {"doctype_after_name_end", "<!DOCTYPE a ", "<!DOCTYPE a quirks>"},
    {"doctype_public", "<!DOCTYPE a PUBLIC \"b\" 'c'>", "<!DOCTYPE a p'b' s'c'>"},
    {"doctype_public_tight", "<!DOCTYPE a public'b''c'>", "<!DOCTYPE a p'b' s'c'>"},
    {"doctype_public_only", "<!DOCTYPE a PUBLIC 'b' >", "<!DOCTYPE a p'b'>"},
    {"doctype_public_empty", "<!DOCTYPE a PUBLIC \"\">", "<!DOCTYPE a p''>"},
    {"doctype_public_missing", "<!DOCTYPE a PUBLIC>", "<!DOCTYPE a quirks>"},
    {"doctype_public_bogus", "<!DOCTYPE a PUBLIC b 'c'>", "<!DOCTYPE a quirks>"},
    {"doctype_public_end", "<!DOCTYPE a PUBLIC 'b", "<!DOCTYPE a p'b' quirks>"},
    {"doctype_public_cut", "<!DOCTYPE a PUBLIC 'b>c", "<!DOCTYPE a p'b' quirks> \"c\""},
    {"doctype_public_null", "<!DOCTYPE a PUBLIC '\0'>"sv, "<!DOCTYPE a p'\uFFFD'>"},
    {"doctype_public_then_bogus", "<!DOCTYPE a PUBLIC 'b' c>", "<!DOCTYPE a p'b' quirks>"},
    {"doctype_public_then_end", "<!DOCTYPE a PUBLIC 'b' ", "<!DOCTYPE a p'b' quirks>"},
    {"doctype_system", "<!DOCTYPE a SYSTEM 'b'>", "<!DOCTYPE a s'b'>"},
    {"doctype_system_tight", "<!DOCTYPE a system\"b\">", "<!DOCTYPE a s'b'>"},
    {"doctype_system_missing", "<!DOCTYPE a SYSTEM >", "<!DOCTYPE a quirks>"},
    {"doctype_system_end", "<!DOCTYPE a SYSTEM", "<!DOCTYPE a quirks>"},
    {"doctype_system_open", "<!DOCTYPE a SYSTEM \"b", "<!DOCTYPE a s'b' quirks>"},
    {"doctype_system_cut", "<!DOCTYPE a SYSTEM 'b>", "<!DOCTYPE a s'b' quirks>"},
    {"doctype_after_system_text", "<!DOCTYPE a SYSTEM 'b' c>", "<!DOCTYPE a s'b'>"},
    {"doctype_after_system_end", "<!DOCTYPE a SYSTEM 'b'", "<!DOCTYPE a s'b' quirks>"},
    {"doctype_bogus", "<!DOCTYPE a PUBLI 'b'>c", "<!DOCTYPE a quirks> \"c\""},
    {"doctype_bogus_end", "<!DOCTYPE a x\0"sv, "<!DOCTYPE a quirks>"},
    {"doctype_keyword_cut", "<!DOCTYPE a PUB>", "<!DOCTYPE a quirks>"},

    {"reference", "&lt;&gt;&amp;&quot;", "\"<>&\"\""},
    {"reference_no_semicolon", "&ltx&amp", "\"<x&\""},
    {"reference_longest", "&notin;&notit;&noti&not", "\"\u2209\u00ACit;\u00ACi\u00AC\""},
    {"reference_needs_semicolon", "&alpha&alpha;", "\"&alpha\u03B1\""},
    {"reference_two_code_points", "&NotEqualTilde;&fjlig;", "\"\u2242\u0338fj\""},
    {"reference_astral", "&Afr;", "\"\U0001D504\""},
    {"reference_unknown", "&nosuch;&x;&;& &", "\"&nosuch;&x;&;& &\""},
    {"reference_chain", "&am&amp;&&lt;", "\"&am&&<\""},
    {"reference_then_tag", "&lt<b>", "\"<\" <b>"},
    {"reference_in_value", "<a b='?c=1&copy=2&copy;&copyx&copy'>", "<a b='?c=1&copy=2\u00A9&copyx\u00A9'>"},
    {"reference_in_value_longer", "<a b='&notit;&notin;'>", "<a b='&notit;\u2209'>"},
    {"reference_in_unquoted", "<a b=&lt;&lt>", "<a b='<<'>"},
    {"reference_decimal", "&#65;&#66&#x;&#;&#a", "\"AB&#x;&#;&#a\""},
    {"reference_hex", "&#x41;&#X4a&#x4B", "\"AJK\""},
    {"reference_null", "&#0;&#x0;", "\"\uFFFD\uFFFD\""},
    {"reference_surrogate", "&#xD800;&#57343;", "\"\uFFFD\uFFFD\""},
    {"reference_too_large", "&#x110000;&#99999999999999999999;", "\"\uFFFD\uFFFD\""},
    {"reference_largest", "&#x10FFFF;", "\"\U0010FFFF\""},
    {"reference_c1", "&#128;&#x99;&#x81;", "\"\u20AC\u2122\u0081\""},
    {"reference_control", "&#13;&#1;", "\"\r\x01\""},
    {"reference_in_title", "<title>&lt</title>", "<title> \"<\" </title>"},
};

class TokenizerRow : public ::testing::TestWithParam<Row> {};
TEST_P(TokenizerRow, WholeAndInPieces) {
  for (size_t piece : {size_t{1} << 20, size_t{1}, size_t{2}, size_t{3}}) {
    EXPECT_EQ(tokenize(GetParam().html, piece, GetParam().cdata), GetParam().tokens) << "pieces of " << piece;
  }
}
INSTANTIATE_TEST_SUITE_P(Rows, TokenizerRow, ::testing::ValuesIn(rows),
                         [](const auto& row) { return row.param.name; });

TEST(Tokenizer, EveryNamedReference) {
  size_t without_semicolon = 0;
  for (const Entity& entity : entities) {
    std::u16string text;
    append_code_point(text, entity.first);
    if (entity.second) append_code_point(text, entity.second);
    std::string html = "&" + std::string(entity.name);
    EXPECT_EQ(tokenize(html, 1 << 20, false), "\"" + to_utf8(text) + "\"") << html;
    EXPECT_EQ(tokenize(html + " ", 1, false), "\"" + to_utf8(text) + " \"") << html;
    without_semicolon += entity.name.back() != ';';
  }
  EXPECT_EQ(without_semicolon, 106u);
}

TEST(Tokenizer, LoneSurrogatesPass) {
  AtomTable atoms;
  InputStream input;
  Recorder recorder(false);
  Tokenizer tokenizer(input, atoms, recorder, {});
  recorder.set_tokenizer(tokenizer);
  const char16_t lone[] = {u'a', 0xD800, u'b'};
  input.append({lone, 3});
  input.close();
  tokenizer.run();
  EXPECT_EQ(recorder.tokens(), "\"a\uFFFDb\"");  // to_utf8 shows it so
}

TEST(Tokenizer, LimitsCutAndCount) {
  std::string many = "<a";
  for (int i = 0; i < 5; ++i) many += " a" + std::to_string(i) + "=1";
  TokenLimits limits;
  limits.max_attributes = 3;
  limits.max_attribute_length = 4;
  EXPECT_EQ(tokenize(many + ">", 1, false, limits), "<a a0='1' a1='1' a2='1'>");
  EXPECT_EQ(tokenize("<a b='123456' c=12&amp;456>", 2, false, limits), "<a b='1234' c='12&4'>");
}

}  // namespace
}  // namespace shikake::html
