#include "honeyclient/forced/rewrite.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace shikake::honeyclient::forced {
namespace {

std::string narrow(std::u16string_view text) {
  std::string made;
  for (char16_t unit : text) made += unit < 0x80 ? static_cast<char>(unit) : '?';
  return made;
}

struct Row {
  const char* name;
  std::u16string_view text;
  const char* rewritten;  // nullptr: left alone
};
class Rewriting : public ::testing::TestWithParam<Row> {};

TEST_P(Rewriting, GivesThisText) {
  auto made = rewrite(GetParam().text, {.hook = u"H"});
  ASSERT_EQ(made.has_value(), GetParam().rewritten != nullptr);
  if (!made) return;
  EXPECT_EQ(narrow(made->text), GetParam().rewritten);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Rewriting,
    ::testing::Values(
        Row{"nothing_to_do", u"var a = 1;", "var a = 1;"},
        Row{"call", u"a()", "try{a()}catch(He){H(18,0,He)}"},
        Row{"branch", u"if (c) x = 'y'",
            "for(H(0,0,c);H(1,0);)try{if(H(2,0)) x = 'y';H(3,0);}catch(He){H(4,0,He)}finally{if(H(5,0))"
            "continue}"},
        Row{"arithmetic_stays", u"if (c) x = y + 1; else x--", "if (c) x = y + 1; else x--"},
        Row{"choice", u"v = c ? f() : 'g'", "try{v = H(8,0,c ,()=>( f() ),()=>( 'g'))}catch(He){H(18,0,He)}"},
        Row{"short_circuits", u"c && d || f()", "try{H(10,0,c && d ,()=>( f()))}catch(He){H(18,0,He)}"},
        Row{"chain_of_and", u"a && b() && f()",
            "try{H(9,1,H(9,0,a ,()=>( b())) ,()=>( f()))}catch(He){H(18,0,He)}"},
        Row{"loop", u"while (i < 3) if (i++) break",
            "H_0:while (H(13,0,i < 3)) for(H(0,1,i++);H(1,1);)try{if(H(2,1)) break H_0;H(3,1);}catch(He)"
            "{H(4,1,He)}finally{if(H(5,1))continue}"},
        Row{"endless_loop", u"for (;;) i++", "H_0:for (;H(13,0);) i++"},
        Row{"function", u"function f() { return 1 }", "void H(7,0,f);function f() {;H(6,0); return 1 }"},
        // An anonymous function has the name of what it is given to.
        Row{"arrow", u"f = x => x", "f = H(7,0,{f:x => (H(6,0),x)}[\"f\"])"},
        Row{"named_by_a_variable", u"let f = function () {}, g = function h() {}",
            "let f = H(7,0,{f:function () {;H(6,0);}}[\"f\"]), g = H(7,1,function h() {;H(6,1);})"},
        Row{"named_by_a_key", u"x = {'a b': () => 1, 3: () => 2, [k]: () => 3}",
            "x = {'a b': H(7,0,{'a b':() => (H(6,0),1)}['a b']), 3: H(7,1,{3:() => (H(6,1),2)}[3]), [k]: "
            "H(7,2,() => (H(6,2),3))}"},
        Row{"called_at_once_it_has_none", u"f = function () {}()",
            "try{f = H(7,0,function () {;H(6,0);})()}catch(He){H(18,0,He)}"},
        Row{"static_block", u"class A { static { go() } }",
            "class A { static { try{go()}catch(He){H(18,0,He)} } }"},
        Row{"import_call", u"import(u)", "try{H(19,0);import(u)}catch(He){H(18,0,He)}"},
        Row{"strict", u"'use strict'; x", "'use strict'; x"},
        Row{"direct_eval", u"eval(t)", "try{H(19,0);eval(H(20,0,t))}catch(He){H(18,0,He)}"},
        Row{"sink", u"location.href = u", "try{H(19,0);location.href = u}catch(He){H(18,0,He)}"},
        Row{"old_comment", u"<!--\nf = /[/]'/.test(x) / 2;\n//-->\n",
            "<!--\ntry{f = /[/]'/.test(x) / 2;}catch(He){H(18,0,He)}\n//-->\n"},
        Row{"semicolons_of_themselves", u"var a = b\n(c)\nd\n++e",
            "try{var a = b\n(c)}catch(He){H(18,0,He)}\nd\n++e"},
        Row{"selection", u"switch (a) { case 1: f(); break; default: }",
            "for(H(14,0,2,a);H(1,0);)try{H_0:switch(H(15,0)) { case H(16,0,0,1): try{f();}catch(He)"
            "{H(18,0,He)} break H_0; default: };H(3,0);}catch(He){H(4,0,He)}finally{if(H(5,0))continue}"},
        Row{"handler", u"try { a } catch (e) { f() }",
            "try { a ;H(17,0);} catch (e) { try{f()}catch(He){H(18,0,He)} }"},
        Row{"no_script", u"if (", nullptr},
        Row{"module", u"import x, {y as z} from 'y'; export default await x(); export const f = () => z",
            "import x, {y as z} from 'y'; export default await x(); export const f = H(7,0,{f:() => "
            "(H(6,0),z)}[\"f\"])"},
        Row{"template_text", u"x = `a${b ? c() : d}`;",
            "try{x = `a${H(8,0,b ,()=>( c() ),()=>( d))}`;}catch(He){H(18,0,He)}"}),
    [](const auto& row) { return row.param.name; });

TEST(Rewriting, KeepsLinesAndTracesColumnsBack) {
  std::u16string text = u"var a;\nif\n(c) {\n  go(1); b() }\nlast()";
  auto made = rewrite(text, {.hook = u"H"});
  ASSERT_TRUE(made);
  // Every letter that was kept is traced back to where it stood.
  uint32_t line = 1, column = 0;
  for (char16_t unit : made->text) {
    if (unit == '\n') {
      ++line, column = 0;
      continue;
    }
    uint32_t original = original_column(made->shifts, line, column++);
    size_t start = 0;
    for (uint32_t i = 1; i < line; ++i) start = text.find(u'\n', start) + 1;
    ASSERT_LE(start + original, text.size());
  }
  size_t at = made->text.find(u"go(1)");
  size_t begin = made->text.rfind(u'\n', at) + 1;
  EXPECT_EQ(original_column(made->shifts, 4, static_cast<uint32_t>(at - begin)), 2u);
  EXPECT_EQ(std::ranges::count(made->text, u'\n'), std::ranges::count(text, u'\n'));
}

TEST(Rewriting, NotesNamesForSlices) {
  auto made = rewrite(u"var u = a + b; go.to(u); [x, y] = z;", {.hook = u"H"});
  ASSERT_TRUE(made);
  ASSERT_EQ(made->leaves.size(), 3u);
  std::vector<std::string> defined;
  std::u16string_view text = u"var u = a + b; go.to(u); [x, y] = z;";
  for (const Name& name : made->names)
    if (name.defines)
      defined.push_back(narrow(text.substr(name.text.start, name.text.end - name.text.start)));
  EXPECT_EQ(defined, (std::vector<std::string>{"u", "go", "x", "y"}));
}

TEST(Rewriting, LeavesWhatIsTooDeepAlone) {
  std::u16string deep;
  for (int i = 0; i < 100'000; ++i) deep += u'(';
  EXPECT_FALSE(rewrite(deep, {.hook = u"H"}));
  EXPECT_FALSE(rewrite(std::u16string(100'000, u'!'), {.hook = u"H"}));
}

TEST(Rewriting, BlanksAllButSpans) {
  EXPECT_EQ(narrow(only(u"a;\nb;c;", {{0, 2}, {5, 7}})), "a;\n  c;");
}

}  // namespace
}  // namespace shikake::honeyclient::forced
