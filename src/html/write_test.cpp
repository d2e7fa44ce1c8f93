// document.write and the stops for scripts. Pages here drive the parser as parser.h says its owner does;
// what a page's "script" does is a tiny language: each line is one statement,
//   w TEXT    document.write(TEXT)           (<-/ is written as </)
//   m TEXT    notes TEXT and the body so far
//   r         removes the script element
//   a TEXT    appends TEXT to the body's children as a new <u>
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "html/page_generator.h"
#include "html/parser.h"
#include "html/serialise.h"
#include "html/testing.h"

namespace shikake::html {
namespace {

class Page {
 public:
  explicit Page(ParserOptions options = {})
      : document_(arena_.create_document()), parser_(std::make_unique<Parser>(document_, options)) {}

  // What src=NAME fetches; "pending" ones arrive only when the parser has nothing else to do.
  std::map<std::string, std::string> external;

  void feed(std::string_view html) {
    parser_->append(from_utf8(html));
    pump();
  }
  void finish() {
    parser_->finish();
    pump();
  }

  bool write(std::string_view text) {
    if (!parser_->write(from_utf8(text), next_origin_)) return false;
    pump();
    return true;
  }

  void pump() {
    for (;;) {
      switch (parser_->run()) {
        case Step::script: {
          ScriptScope scope(*parser_);
          prepare(*parser_->script());
          break;
        }
        case Step::blocked: {
          if (parser_->script_depth() > 0) return;
          parser_->unblock();
          ScriptScope scope(*parser_);
          Element* script = std::exchange(waiting_, nullptr);
          execute(*script, external[to_utf8(*script->attribute(Name::src))]);
          break;
        }
        case Step::need_input:
        case Step::finished:
          return;
      }
    }
  }

  std::string body() const { return document_.body() ? to_utf8(inner_html(*document_.body())) : "none"; }
  std::string all() const { return to_utf8(inner_html(document_)); }
  Document& document() { return document_; }
  Parser& parser() { return *parser_; }
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  void prepare(Element& script) {
    EXPECT_TRUE(script.script.parser_inserted);
    EXPECT_FALSE(script.script.force_async);
    if (script.script.already_started) return;
    script.script.already_started = true;
    if (script.attribute(Name::src)) {
      waiting_ = &script;
      parser_->block();
      return;
    }
    execute(script, to_utf8(text_content(script)));
  }

  void execute(Element& script, std::string_view source) {
    uint32_t outer = std::exchange(next_origin_, ++scripts_);
    while (!source.empty()) {
      size_t end = std::min(source.find('\n'), source.size());
      std::string line(source.substr(0, end));
      source.remove_prefix(std::min(end + 1, source.size()));
      if (line.size() < 1) continue;
      std::string rest = line.size() > 2 ? line.substr(2) : "";
      for (size_t at; (at = rest.find("<-/")) != std::string::npos;) rest.replace(at, 3, "</");
      for (size_t at; (at = rest.find("\\n")) != std::string::npos;) rest.replace(at, 2, "\n");
      switch (line[0]) {
        case 'w':
          EXPECT_TRUE(write(rest));
          break;
        case 'm':
          notes_.push_back(rest + ":" + body());
          break;
        case 'r':
          remove(script);
          break;
        case 'a': {
          Element& added = document_.create_element(u"u");
          set_text_content(added, from_utf8(rest));
          append(*document_.body(), added);
          break;
        }
        default:
          ADD_FAILURE() << line;
      }
    }
    next_origin_ = outer;
  }

  Arena arena_;
  Document& document_;
  std::unique_ptr<Parser> parser_;
  Element* waiting_ = nullptr;
  std::vector<std::string> notes_;
  uint32_t scripts_ = 0;
  uint32_t next_origin_ = 0;
};

// Writing at the insertion point gives the tree of the page in which the scripts' output stands behind them.
struct WriteRow {
  const char* name;
  const char* html;
  const char* body;  // with the scripts taken out
};
void PrintTo(const WriteRow& row, std::ostream* out) {
  *out << row.html;
}

constexpr WriteRow writes[] = {
    {"text", "<body>a<script>w b</script>c", "abc"},
    {"element", "<body><p>a<script>w <b>b<-/b></script>c", "<p>a<b>b</b>c</p>"},
    {"open_element", "<body>a<script>w <b>b</script>c</b>d", "a<b>bc</b>d"},
    {"twice", "<body><script>w a\nw b\nw c</script>d", "abcd"},
    {"tag_in_two", "<body><script>w <d\nw iv>a<-/di\nw v>b</script>c", "<div>a</div>bc"},
    {"tag_goes_on_in_the_page", "<body><script>w <b cl</script>ass=x>a", "<b class=\"x\">a</b>"},
    {"attribute_goes_on", "<body><script>w <i title='a</script>b'>c", "<i title=\"ab\">c</i>"},
    {"comment_goes_on", "<body><script>w <!--a</script>b-->c", "<!--ab-->c"},
    {"entity_in_two", "<body><script>w &am\nw p;</script>a", "&amp;a"},
    {"entity_goes_on", "<body><script>w &lt</script>;a", "&lt;a"},
    {"entity_ambiguous", "<body><script>w &not\nw in;a</script>b", "\u2209ab"},
    {"letter_by_letter", "<body><script>w <\nw b\nw >\nw a\nw <\nw -/\nw b\nw ></script>c",
     "<b>a&lt;-/b&gt;c</b>"},
    {"script_in_script", "<body><script>w <script>w a<-/script>b</script>c", "abc"},
    {"script_by_parts", "<body><script>w <scr\nw ipt>w a<-/scr\nw ipt>b</script>c", "abc"},
    {"order", "<body><script>w 1<script>w 2<script>w 3<-/script>4<-/script>5\nw 6</script>7", "1234567"},
    {"title_goes_on", "<body><script>w <title></script>a</title>b", "<title>a</title>b"},
    {"raw_text_end_in_two", "<body><script>w <style>a<-/sty</script>le>b", "<style>a</style>b"},
    {"table", "<body><table><script>w <tr><td>a</script>b</table>c",
     "<table><tbody><tr><td>ab</td></tr></tbody></table>c"},
    {"foster", "<body><table><script>w a</script>b</table>c", "ab<table></table>c"},
    {"carriage_returns", "<body><pre>a<script>w b\n</script>c</pre>", "<pre>abc</pre>"},
    {"script_removed_itself", "<body>a<script>r\nw b</script>c", "abc"},
    {"after_dom_change", "<body>a<script>a x\nw b</script>c", "a<u>x</u>bc"},
    {"plaintext", "<body><script>w <plaintext></script><b>a</b>", "<plaintext><b>a</b></plaintext>"},
    {"in_svg", "<body><svg><script>w &lt;circle/></script></svg>a", "<svg><circle></circle></svg>a"},
    {"svg_script_self_closing", "<body><svg><script/><g/></svg>a", "<svg><g></g></svg>a"},
};

class WriteTest : public ::testing::TestWithParam<WriteRow> {};
TEST_P(WriteTest, SameAsIfItStoodThere) {
  for (size_t piece : {size_t{1} << 20, size_t{1}, size_t{3}}) {
    Page page;
    std::string_view html = GetParam().html;
    for (size_t at = 0; at < html.size(); at += piece) page.feed(html.substr(at, piece));
    page.finish();
    for (Element* script : elements_by_tag_name(page.document(), u"script")) remove(*script);
    EXPECT_EQ(page.body(), GetParam().body) << "pieces of " << piece;
    EXPECT_EQ(broken_rule(page.document(), max_tree_depth), "");
  }
}
INSTANTIATE_TEST_SUITE_P(Rows, WriteTest, ::testing::ValuesIn(writes),
                         [](const auto& row) { return row.param.name; });

TEST(Write, ScriptSeesWhatWasWrittenBeforeItGoesOn) {
  Page page;
  page.feed("<body>a<script>w <b>b\nm one\nw c<-/b>\nm two</script>d");
  page.finish();
  const std::string script = "<script>w <b>b\nm one\nw c<-/b>\nm two</script>";
  ASSERT_EQ(page.notes().size(), 2u);
  EXPECT_EQ(page.notes()[0], "one:a" + script + "<b>b</b>");
  EXPECT_EQ(page.notes()[1], "two:a" + script + "<b>bc</b>");
}

TEST(Write, InnerScriptRunsInsideTheCall) {
  Page page;
  page.feed("<body><script>w 1<script>m in<-/script>2\nm out</script>3");
  page.finish();
  ASSERT_EQ(page.notes().size(), 2u);
  EXPECT_EQ(page.notes()[0].substr(0, 3), "in:");
  EXPECT_TRUE(page.notes()[0].ends_with("1<script>m in</script>"));
  EXPECT_TRUE(page.notes()[1].ends_with("1<script>m in</script>2"));
}

TEST(Write, ExternalScriptBlocksThePageButNotTheWriter) {
  Page page;
  page.external["x"] = "m external\nw [\nw ]";
  page.feed("<body><script>w 1<script src=x><-/script>2\nm inline\nw 3</script>4");
  page.finish();
  ASSERT_EQ(page.notes().size(), 2u);
  // The writer goes on while the parser is blocked: what it writes is not parsed yet.
  EXPECT_TRUE(page.notes()[0].ends_with("1<script src=\"x\"></script>")) << page.notes()[0];
  EXPECT_EQ(page.notes()[1].substr(0, 9), "external:");
  // The external script's own output goes before what was waiting.
  EXPECT_TRUE(page.body().ends_with("1<script src=\"x\"></script>[]234")) << page.body();
}

TEST(Write, ExternalScriptsInOrder) {
  Page page;
  page.external = {{"x", "w x<script src=y><-/script>z"}, {"y", "w y"}};
  page.feed("<body><script src=x></script>a");
  page.finish();
  EXPECT_TRUE(page.body().ends_with("x<script src=\"y\"></script>yza")) << page.body();
}

TEST(Write, OriginNamesTheWriter) {
  Page page;
  page.feed(
      "<body><i>0</i><script>w <b id=one>a<-/b>\nw <script>w <b id=two>b<-/b><-/script>\nw <b "
      "id=three>c</script>d");
  page.finish();
  Document& document = page.document();
  auto origin = [&](std::u16string_view id) { return element_by_id(document, id)->origin; };
  EXPECT_EQ(elements_by_tag_name(document, u"i")[0]->origin, 0u);
  EXPECT_EQ(origin(u"one"), 1u);
  EXPECT_EQ(element_by_id(document, u"one")->first_child()->origin, 1u);
  EXPECT_EQ(origin(u"two"), 2u);
  EXPECT_EQ(origin(u"three"), 1u);
  auto scripts = elements_by_tag_name(document, u"script");
  ASSERT_EQ(scripts.size(), 2u);
  EXPECT_EQ(scripts[0]->origin, 0u);
  EXPECT_EQ(scripts[1]->origin, 1u);
}

TEST(Write, OriginOfATagIsItsFirstCharacters) {
  Page page;
  page.feed("<body><script>w <b </script>id=x><i>");
  page.finish();
  EXPECT_EQ(element_by_id(page.document(), u"x")->origin, 1u);
  EXPECT_EQ(elements_by_tag_name(page.document(), u"i")[0]->origin, 0u);
}

TEST(Write, PositionsCountTheDocumentsOwnText) {
  Page page;
  page.feed("<body>\r\n  <p>a\n<script>w <b>\\n\\n</script><i>\n");
  page.feed("<u>");
  page.finish();
  auto position = [&](std::u16string_view tag) {
    return elements_by_tag_name(page.document(), tag)[0]->position;
  };
  EXPECT_EQ(position(u"body"), (Position{1, 1}));
  EXPECT_EQ(position(u"p"), (Position{2, 3}));
  EXPECT_EQ(position(u"script"), (Position{3, 1}));
  EXPECT_EQ(position(u"b"), (Position{3, 27}));  // where the parser stood: behind </script>
  EXPECT_EQ(position(u"i"), (Position{3, 27}));
  EXPECT_EQ(position(u"u"), (Position{4, 1}));
  // An inline script's first character, for the engine's line numbers.
  EXPECT_EQ(elements_by_tag_name(page.document(), u"script")[0]->first_child()->position, (Position{3, 9}));
}

TEST(Write, NoInsertionPointNoWrite) {
  Page page;
  page.feed("<body>a");
  EXPECT_FALSE(page.parser().has_insertion_point());
  EXPECT_FALSE(page.parser().write(u"b", 1));
  page.finish();
  EXPECT_FALSE(page.parser().write(u"b", 1));
  EXPECT_EQ(page.body(), "a");
}

TEST(Write, ScriptCreatedParserTakesAllByWrite) {
  ParserOptions options;
  options.script_created = true;
  Page page(options);
  EXPECT_TRUE(page.write("<body><p"));
  EXPECT_TRUE(page.write(">a<script>w b</script>"));
  EXPECT_TRUE(page.write("c"));
  EXPECT_TRUE(page.body().ends_with("</script>bc</p>"));
  EXPECT_FALSE(page.parser().finished());
  page.finish();  // document.close()
  EXPECT_TRUE(page.parser().finished());
}

TEST(Write, AbortDropsTheRest) {
  Page page;
  page.feed("<body>a<b>");
  page.parser().abort();
  EXPECT_EQ(page.parser().run(), Step::finished);
  page.parser().append(u"b");
  page.parser().finish();
  EXPECT_EQ(page.parser().run(), Step::finished);
  EXPECT_EQ(page.body(), "a<b></b>");
}

TEST(Write, AbortWithinAScript) {
  Arena arena;
  Document& document = arena.create_document();
  Parser parser(document);
  parser.append(u"<body>a<script></script>b");
  ASSERT_EQ(parser.run(), Step::script);
  {
    ScriptScope scope(parser);
    parser.abort();
    EXPECT_FALSE(parser.write(u"c", 1));
  }
  EXPECT_EQ(parser.run(), Step::finished);
  EXPECT_EQ(to_utf8(inner_html(*document.body())), "a<script></script>");
}

TEST(Write, EndlessWriteEndsAtTheInputLimit) {
  ParserOptions options;
  options.limits.max_input = 1000;
  Arena arena;
  Document& document = arena.create_document();
  Parser parser(document, options);
  parser.append(u"<script></script>");
  ASSERT_EQ(parser.run(), Step::script);
  {
    ScriptScope scope(parser);
    for (int i = 0; i < 1000; ++i) {
      ASSERT_TRUE(parser.write(u"<p>x", 1));
      ASSERT_EQ(parser.run(), Step::need_input);
    }
  }
  parser.finish();
  EXPECT_EQ(parser.run(), Step::finished);
  EXPECT_EQ(parser.cuts().input, 4000u - (1000 - 17));
  EXPECT_EQ(broken_rule(document, max_tree_depth), "");
}

TEST(Write, ManyWritesWhileBlockedStayLinear) {
  Page page;
  std::string script = "w <script src=x><-/script>\n";
  for (int i = 0; i < 50'000; ++i) script += "w <p>a\n";
  page.external["x"] = "";
  page.feed("<body><script>" + script + "</script>");
  page.finish();
  EXPECT_EQ(elements_by_tag_name(page.document(), u"p").size(), 50'000u);
}

// Script may do anything to the tree between two tokens; the parser's own view must survive it.
TEST(Write, TreeRearrangedUnderTheParser) {
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    PageGenerator random(seed);
    Arena arena;
    Document& document = arena.create_document();
    Parser parser(document);
    std::string html;
    for (int i = 0; i < 8; ++i) html += random.page(8) + "<script></script>";
    parser.append(from_utf8(html));
    parser.finish();
    for (Step step = parser.run(); step != Step::finished; step = parser.run()) {
      ASSERT_EQ(step, Step::script);
      ScriptScope scope(parser);
      std::vector<Node*> nodes;
      for (Node* at = &document; at; at = next_in_tree(*at, document)) nodes.push_back(at);
      for (int i = 0; i < 6; ++i) {
        Node& moved = *nodes[random.below(nodes.size())];
        Node& target = *nodes[random.below(nodes.size())];
        if (random.chance(3)) {
          remove(moved);
        } else if (check_insert(target, moved, nullptr) == InsertProblem::none) {
          append(target, moved);
        }
        if (Element* element = moved.as_element()) element->set_attribute(u"id", u"changed");
      }
      if (random.chance(2)) parser.write(from_utf8(random.page(4)), 7);
    }
    ASSERT_EQ(broken_rule(document, 0), "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace shikake::html
