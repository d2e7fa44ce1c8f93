#include "html/parser.h"

#include <gtest/gtest.h>

#include "html/gumbo_oracle.h"
#include "html/serialise.h"

namespace shikake::html {
namespace {

std::string tree_of(std::string_view html, ParserOptions options = {}) {
  Arena arena;
  Document& document = arena.create_document();
  parse_document(document, from_utf8(html), options);
  return to_utf8(dump_tree(document));
}

struct Row {
  const char* name;
  const char* html;
};

constexpr Row kLikeGumbo[] = {
    {"empty", ""},
    {"text", "hello"},
    {"misnested_formatting", "<p>1<b>2<i>3</b>4</i>5</p>"},
    {"adoption_through_div", "<b>1<div>2<p>3</b>4</div>5"},
    {"adoption_deep", "<a><b><i><u><s><div><p>x</a>y"},
    {"table_foster", "<table>a<tr>b<td>c</td>d</tr>e<div>f</div></table>g"},
    {"select", "<select><option>a<optgroup><option>b<div>c</select>d"},
    {"template", "<template><tr><td>x</template><p>y"},
    {"svg", "<svg viewbox='0 0 1 1'><lineargradient/><foreignobject><p>x</svg>y"},
    {"math", "<math definitionurl=x><mi>a<b>b</b></mi><annotation-xml encoding=text/html><p>x</math>"},
    {"script", "<script><!--<script></script>--></script>x"},
    {"frameset", "<frameset><frame><noframes>x</noframes></frameset><p>y"},
    {"entities", "&amp &notin; &noti; &#x41;&#0;&#128; <a href='?a=1&copy=2&amp;b'>"},
    {"doctype", "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01//EN\" 'http://x'><title>a</title>"},
};

class LikeGumbo : public ::testing::TestWithParam<Row> {};
TEST_P(LikeGumbo, SameTree) {
  ParserOptions options;
  options.scripting = false;
  EXPECT_EQ(tree_of(GetParam().html, options), GumboTree(GetParam().html).dump());
}
INSTANTIATE_TEST_SUITE_P(Rows, LikeGumbo, ::testing::ValuesIn(kLikeGumbo),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace shikake::html
