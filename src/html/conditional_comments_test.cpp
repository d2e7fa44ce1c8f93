// Conditional comments: which versions see what, and that pieces make no difference.
#include "html/conditional_comments.h"

#include <gtest/gtest.h>

#include "html/parser.h"
#include "html/serialise.h"
#include "html/testing.h"

namespace shikake::html {
namespace {

TEST(ConditionalComments, HoldForVersions) {
  struct {
    const char* expression;
    double version;
    bool holds;
  } rows[] = {
      {"IE", 6, true},
      {" ie ", 9, true},
      {"IE 8", 8, true},
      {"IE 8", 7, false},
      {"IE 5", 5.5, true},
      {"IE 5.0", 5.5, false},
      {"IE 5.5", 5.5, true},
      {"lt IE 9", 8, true},
      {"lt IE 8", 8, false},
      {"lte IE 8", 8, true},
      {"gt IE 8", 8, false},
      {"gte IE 5.5", 6, true},
      {"!IE", 8, false},
      {"!(IE 7)", 8, true},
      {"! lt IE 9", 8, false},
      {"(gt IE 5)&(lt IE 7)", 6, true},
      {"(gt IE 5)&(lt IE 7)", 7, false},
      {"(IE 6)|(IE 7)", 7, true},
      {"(IE 6)|(IE 7)", 8, false},
      {"true", 6, true},
      {"false", 6, false},
      {"!false", 6, true},
      {"gte mso 9", 9, false},
      {"!vml", 9, true},
      {"IE 8 or so", 8, false},
      {"(IE 8", 8, false},
      {"", 8, false},
      {"lt 9", 8, false},
  };
  for (const auto& row : rows)
    EXPECT_EQ(conditional_comment_holds(from_utf8(row.expression), row.version), row.holds)
        << row.expression << " in " << row.version;
  EXPECT_FALSE(conditional_comment_holds(std::u16string(100'000, u'('), 8));
  EXPECT_FALSE(conditional_comment_holds(std::u16string(100'000, u'!') + u"IE", 8));
}

std::string body_of(std::string_view html, double version, size_t piece) {
  Arena arena;
  Document& document = arena.create_document();
  set_conditional_comments(version);
  Parser parser(document);
  set_conditional_comments(0);
  const std::u16string text = from_utf8("<body>" + std::string(html));
  for (size_t at = 0; at < text.size(); at += piece) {
    parser.append(std::u16string_view(text).substr(at, piece));
    while (parser.run() == Step::script) {}
  }
  parser.finish();
  while (parser.run() != Step::finished) {}
  return to_utf8(inner_html(*document.body()));
}

TEST(ConditionalComments, AreMarkupForThoseTheyName) {
  struct {
    const char* name;
    const char* html;
    double version;
    const char* body;
  } rows[] = {
      {"hidden, holds", "a<!--[if lt IE 9]><p>b</p><![endif]-->c", 8, "a<p>b</p>c"},
      {"hidden, does not hold", "a<!--[if lt IE 7]><p>b</p><![endif]-->c", 8,
       "a<!--[if lt IE 7]><p>b</p><![endif]-->c"},
      {"for others a comment", "a<!--[if IE]><p>b</p><![endif]-->c", 0, "a<!--[if IE]><p>b</p><![endif]-->c"},
      {"comment within, holds", "<!--[if IE]>a<!-- b --><i>c</i><![endif]-->d", 6, "a<!-- b --><i>c</i>d"},
      {"comment within, does not hold", "<!--[if IE 5]>a<!-- b --><i>c</i><![endif]-->d", 6,
       "<!--[if IE 5]>a<!-- b --><i>c</i><![endif]-->d"},
      {"revealed, holds", "a<![if IE]>b<![endif]>c", 8, "abc"},
      {"revealed, does not hold", "a<![if !IE]><p>b</p><![endif]>c", 8,
       "a<!--[if !IE]><p>b</p><![endif]-->c"},
      {"revealed, for others", "a<![if !IE]><p>b</p><![endif]>c", 0,
       "a<!--[if !IE]--><p>b</p><!--[endif]-->c"},
      {"both ways, holds", "<!--[if gt IE 6]><!-->a<!--<![endif]-->b", 8, "<!---->a<!--<![endif]-->b"},
      {"both ways, does not hold", "<!--[if !IE]><!-->a<!--<![endif]-->b", 8,
       "<!--[if !IE]><!-->a<!--<![endif]-->b"},
      {"never ends", "a<!--[if IE 5]>b<p>", 8, "a<!--[if IE 5]>b<p>-->"},
      {"no expression", "<!--[iffy] > a -->b", 8, "<!--[iffy] > a -->b"},
      {"other comment", "<!-- [if IE]>a -->b", 8, "<!-- [if IE]>a -->b"},
      {"bracket and no end", "<!--[if IE-->b", 8, "<!--[if IE-->b"},
  };
  for (const auto& row : rows)
    for (size_t piece : {size_t{1}, size_t{7}, size_t{1000}})
      EXPECT_EQ(body_of(row.html, row.version, piece), row.body) << row.name << ", pieces of " << piece;
}

TEST(ConditionalComments, ScriptsInThemRun) {
  Arena arena;
  Document& document = arena.create_document();
  set_conditional_comments(7);
  Parser parser(document);
  set_conditional_comments(0);
  parser.append(u"<!--[if IE 7]><script>a</script><![endif]-->");
  EXPECT_EQ(parser.run(), Step::script);
  ASSERT_NE(parser.script(), nullptr);
  EXPECT_EQ(parser.script()->position, (Position{1, 15}));
}

}  // namespace
}  // namespace shikake::html
