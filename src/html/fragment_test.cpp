// Fragments, serialisation, quirks, limits and what hangs on a document.
#include <gtest/gtest.h>

#include <span>

#include "html/dom.h"
#include "html/page_generator.h"
#include "html/parser.h"
#include "html/serialise.h"
#include "html/testing.h"

namespace shikake::html {
namespace {

struct Tree {
  Arena arena;
  Document& document = arena.create_document();

  explicit Tree(std::string_view html = "<!DOCTYPE html><body>") {
    parse_document(document, from_utf8(html));
  }
  Element& by_id(std::u16string_view id) { return *element_by_id(document, id); }
  std::string body() { return to_utf8(inner_html(*document.body())); }
};

struct SerialiseRow {
  const char* name;
  const char* html;
  const char* out;
};
constexpr SerialiseRow serialised[] = {
    {"escapes", "<p title='&amp;&lt;\"&nbsp;>'>&amp;&lt;&gt;\"&nbsp;",
     "<p title=\"&amp;<&quot;&nbsp;>\">&amp;&lt;&gt;\"&nbsp;</p>"},
    {"raw_text", "<style><&amp;</style><xmp>&lt;</xmp><script>a<b</script>",
     "<style><&amp;</style><xmp>&lt;</xmp><script>a<b</script>"},
    {"void", "<br><img><basefont><keygen>", "<br><img><basefont><keygen>"},
    {"comment", "<!--<&-->", "<!--<&-->"},
    {"template", "<template>a<b>c</template>", "<template>a<b>c</b></template>"},
    {"foreign_raw", "<svg><style>&lt;</style></svg>", "<svg><style>&lt;</style></svg>"},
    {"namespaces", "<svg xlink:href=a xml:lang=b xmlns:xlink=c xmlns=d>",
     "<svg xlink:href=\"a\" xml:lang=\"b\" xmlns:xlink=\"c\" xmlns=\"d\"></svg>"},
};
TEST(Serialise, Rows) {
  for (const SerialiseRow& row : serialised) {
    EXPECT_EQ(Tree(std::string("<!DOCTYPE html><body>") + row.html).body(), row.out) << row.name;
  }
}

TEST(Serialise, OuterAndVoidAndFlags) {
  Tree tree("<body><p id=a>x<br></p><noscript>&lt;</noscript>");
  EXPECT_EQ(to_utf8(outer_html(tree.by_id(u"a"))), "<p id=\"a\">x<br></p>");
  EXPECT_EQ(to_utf8(outer_html(*tree.by_id(u"a").last_child())), "<br>");
  EXPECT_EQ(to_utf8(outer_html(*tree.by_id(u"a").first_child())), "x");
  EXPECT_EQ(to_utf8(inner_html(*tree.document.body(), false)),
            "<p id=\"a\">x<br></p><noscript>&amp;lt;</noscript>");
  Element& made = tree.document.create_element(u"br");
  append(made, tree.document.create_text(u"lost"));  // a void element's children are not written
  EXPECT_EQ(to_utf8(outer_html(made)), "<br>");
  EXPECT_EQ(to_utf8(inner_html(made)), "");
  Element& prefixed = tree.document.create_element(tree.document.intern(u"b"), tree.document.intern(u"urn:a"),
                                                   tree.document.intern(u"p"));
  EXPECT_EQ(to_utf8(outer_html(prefixed)), "<p:b></p:b>");
}

// The standard promises it of trees whose elements may stand in each other; these do.
class TidyTree {
 public:
  explicit TidyTree(uint64_t seed) : random_(seed) {}

  void fill(Element& parent, int depth) {
    Document& document = parent.document();
    bool text_before = false;
    for (size_t count = random_.below(6); count > 0; --count) {
      size_t kind = random_.below(depth > 8 ? 3 : 8);
      if (kind < 2 && !text_before) {
        append(parent, document.create_text(pick(texts)));
        text_before = true;
        continue;
      }
      text_before = false;
      if (kind == 2) {
        append(parent, document.create_comment(pick(comments)));
        continue;
      }
      Element& child = document.create_element(pick(names));
      if (random_.chance(2)) child.set_attribute(pick(attribute_names), pick(texts));
      append(parent, child);
      if (child.is(Name::img)) continue;
      fill(child.template_content() ? wrap(child) : child, depth + 1);
    }
  }

 private:
  static Element& wrap(Element& holder) {
    Element& inner = holder.document().create_element(u"div");
    append(*holder.template_content(), inner);
    return inner;
  }
  static constexpr std::u16string_view names[] = {u"div", u"span",   u"section", u"ins", u"template", u"img",
                                                  u"x-y", u"object", u"div",     u"bdo", u"video"};
  static constexpr std::u16string_view texts[] = {u"a",     u" b\n",       u"<&>\"'\u00A0",
                                                  u"&amp;", u"\U0001F600", u"]]>--"};
  static constexpr std::u16string_view comments[] = {u"", u" a ", u"<b>&amp;", u"a - b"};
  static constexpr std::u16string_view attribute_names[] = {u"id", u"title", u"data-x", u"href"};
  std::u16string_view pick(std::span<const std::u16string_view> from) {
    return from[random_.below(from.size())];
  }

  PageGenerator random_;
};

TEST(Serialise, ParsesBackToTheSame) {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    Tree tree;
    TidyTree(seed).fill(*tree.document.body(), 0);
    std::u16string html = inner_html(tree.document);
    Arena arena;
    Document& again = arena.create_document();
    parse_document(again, html);
    ASSERT_EQ(to_utf8(dump_tree(again)), to_utf8(dump_tree(tree.document))) << to_utf8(html);
    ASSERT_EQ(inner_html(again), html);
  }
}

struct FragmentRow {
  const char* name;
  Name context;
  const char* html;
  const char* out;
};
constexpr FragmentRow fragments[] = {
    {"div", Name::div, "<p>a<td>b</body><html x=1>", "<p>ab</p>"},
    {"td_content", Name::tr, "<td>a<td>b", "<td>a</td><td>b</td>"},
    {"table_rows", Name::table, "<tr><td>a", "<tbody><tr><td>a</td></tr></tbody>"},
    {"cell", Name::td, "<td>a</td></tr><p>b", "a<p>b</p>"},
    {"colgroup", Name::colgroup, "a<col>b<col> ", "<col><col> "},
    {"caption", Name::caption, "<td>a</caption>b", "ab"},
    {"select", Name::select, "<option>a<div>b<input>c", "<option>abc</option>"},
    {"template", Name::template_, "<tr><td>a", "<tr><td>a</td></tr>"},
    {"title", Name::title, "<b>&amp;</title>", "&lt;b&gt;&amp;&lt;/title&gt;"},
    {"textarea", Name::textarea, "\n<b>", "\n&lt;b&gt;"},
    {"style", Name::style, "<b>&amp;", "<b>&amp;"},
    {"script", Name::script, "<!--<script></script>", "<!--<script></script>"},
    {"noscript", Name::noscript, "<b>", "<b>"},
    {"plaintext", Name::plaintext, "<b>", "<b>"},
    {"html", Name::html, "<title>a</title>b", "<head><title>a</title></head><body>b</body>"},
    {"html_empty", Name::html, "", "<head></head><body></body>"},
    {"head", Name::head, "<title>a</title><p>b", "<title>a</title><p>b</p>"},
    {"body", Name::body, "</body>a<!--b-->", "a<!--b-->"},
    {"frameset", Name::frameset, "a<frame><p>", "<frame>"},
    {"frameset_in_html", Name::html, "<frameset></frameset></html><!--a-->",
     "<head></head><frameset></frameset><!--a-->"},
    {"form_in_form", Name::form, "<form>a</form>b", "ab"},
};
TEST(Fragment, Rows) {
  for (const FragmentRow& row : fragments) {
    Tree tree;
    Element& context = tree.document.create_element(row.context);
    Fragment& fragment = parse_fragment(context, from_utf8(row.html), 5);
    append(context, fragment);
    Node& target = context.template_content() ? *context.template_content() : context;
    if (context.template_content()) {
      while (Node* child = context.first_child()) append(target, *child);
    }
    EXPECT_EQ(to_utf8(inner_html(context)), row.out) << row.name;
    if (*row.html && target.first_child()) {
      EXPECT_EQ(target.first_child()->origin, 5u) << row.name;
    }
    EXPECT_EQ(broken_rule(context, 0), "") << row.name;
    EXPECT_EQ(tree.document.last_child(), tree.document.document_element())
        << "nothing goes to the document itself";
  }
}

TEST(Fragment, ForeignContext) {
  Tree tree;
  Element& svg = tree.document.create_element(Name::svg, Name::ns_svg);
  set_inner_html(svg, u"<lineargradient/><![CDATA[a]]><foreignobject><p>b");
  EXPECT_EQ(to_utf8(inner_html(svg)),
            "<linearGradient></linearGradient>a<foreignObject><p>b</p></foreignObject>");
  EXPECT_EQ(svg.first_child()->as_element()->ns(), Atom(Name::ns_svg));
  Element& mi = tree.document.create_element(Name::mi, Name::ns_mathml);
  set_inner_html(mi, u"<b>a<mglyph>");
  EXPECT_EQ(mi.first_child()->as_element()->ns(), Atom(Name::ns_html));
}

TEST(Fragment, ScriptsNeverRun) {
  Tree tree;
  set_inner_html(*tree.document.body(), u"<script>a</script>");
  Element* script = tree.document.body()->first_child()->as_element();
  EXPECT_TRUE(script->script.already_started);
  EXPECT_TRUE(tree.document.create_element(u"script").script.force_async);
  EXPECT_FALSE(tree.document.create_element(u"script").script.already_started);
}

TEST(Fragment, TemplateTakesItsContent) {
  Tree tree("<body><template id=t>old</template>");
  set_inner_html(tree.by_id(u"t"), u"<td>new");
  EXPECT_EQ(tree.body(), "<template id=\"t\"><td>new</td></template>");
  EXPECT_EQ(tree.by_id(u"t").first_child(), nullptr);
}

struct QuirksRow {
  const char* doctype;
  DocumentMode mode;
};
constexpr QuirksRow quirks_rows[] = {
    {"", DocumentMode::quirks},
    {"<!DOCTYPE html>", DocumentMode::no_quirks},
    {"<!DOCTYPE HTML>", DocumentMode::no_quirks},
    {"<!DOCTYPE>", DocumentMode::quirks},
    {"<!DOCTYPE svg>", DocumentMode::quirks},
    {"<!DOCTYPE html SYSTEM 'about:legacy-compat'>", DocumentMode::no_quirks},
    {"<!DOCTYPE html SYSTEM 'HTTP://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd'>",
     DocumentMode::quirks},
    {"<!DOCTYPE html PUBLIC '-//w3c//dtd html 4.01 transitional//EN'>", DocumentMode::quirks},
    {"<!DOCTYPE html PUBLIC '-//W3C//DTD HTML 4.01 Transitional//EN' 'http://www.w3.org/TR/html4/loose.dtd'>",
     DocumentMode::limited_quirks},
    {"<!DOCTYPE html PUBLIC '-//W3C//DTD HTML 4.01 Frameset//EN' ''>", DocumentMode::limited_quirks},
    {"<!DOCTYPE html PUBLIC '-//W3C//DTD HTML 4.01//EN'>", DocumentMode::no_quirks},
    {"<!DOCTYPE html PUBLIC '-//W3C//DTD HTML 4.0 Transitional//EN' 'x'>", DocumentMode::quirks},
    {"<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Transitional//EN'>", DocumentMode::limited_quirks},
    {"<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN'>", DocumentMode::no_quirks},
    {"<!DOCTYPE html PUBLIC '-//W3C//DTD HTML 3.2 Final//EN'>", DocumentMode::quirks},
    {"<!DOCTYPE html PUBLIC '-//IETF//DTD HTML//EN'>", DocumentMode::quirks},
    {"<!DOCTYPE html PUBLIC 'html'>", DocumentMode::quirks},
    {"<!DOCTYPE html PUBLIC 'htmlx'>", DocumentMode::no_quirks},
    {"<!DOCTYPE html PUBLIC '-/W3C/DTD HTML 4.0 Transitional/EN'>", DocumentMode::quirks},
    {"<!DOCTYPE html PUBLIC '-//W3C", DocumentMode::quirks},
};
TEST(Quirks, Rows) {
  for (const QuirksRow& row : quirks_rows)
    EXPECT_EQ(Tree(row.doctype).document.mode, row.mode) << row.doctype;
  Arena arena;
  Document& document = arena.create_document();
  ParserOptions options;
  options.iframe_srcdoc = true;
  parse_document(document, u"a", options);
  EXPECT_EQ(document.mode, DocumentMode::no_quirks);
}

TEST(Limits, FullArenaEndsTheDocument) {
  Arena arena({.max_nodes = 50});
  Document& document = arena.create_document();
  std::u16string text;
  for (int i = 0; i < 1000; ++i) text += u"<p>a<!--b-->";
  ParserCuts cuts = parse_document(document, text);
  EXPECT_TRUE(cuts.nodes);
  EXPECT_LE(arena.node_count(), 55u);
  EXPECT_EQ(broken_rule(document, max_tree_depth), "");
}

TEST(Limits, AttributesAreCutAndCounted) {
  ParserOptions options;
  options.limits.max_attributes = 2;
  options.limits.max_attribute_length = 3;
  Arena arena;
  Document& document = arena.create_document();
  ParserCuts cuts = parse_document(document, u"<p a=1 b=12345 c=3 d=4>", options);
  EXPECT_EQ(to_utf8(inner_html(*document.body())), "<p a=\"1\" b=\"123\"></p>");
  EXPECT_EQ(cuts.attributes, 2u);
  EXPECT_EQ(cuts.attribute_text, 2u);
}

TEST(Forms, OwnerOfMisnestedControls) {
  Tree tree(
      "<body><form id=f><div></form><input id=i></div><input id=j form=x><table><form id=g><tr><td><input "
      "id=k>");
  EXPECT_EQ(tree.by_id(u"i").form_owner, nullptr);  // the form's end tag has been seen
  EXPECT_EQ(tree.by_id(u"j").form_owner, nullptr);
  EXPECT_EQ(tree.by_id(u"k").form_owner, &tree.by_id(u"g"));
}

TEST(Meta, DeclaredEncoding) {
  struct {
    const char* html;
    const char* encoding;
  } rows[] = {{"<meta charset=Shift_JIS><meta charset=utf-8>", "Shift_JIS"},
              {"<meta http-equiv=Content-Type content='text/html; charset=\"euc-jp\"'>", "euc-jp"},
              {"<meta content='text/html; charset=euc-jp'>", ""},
              {"<p>x<meta charset=koi8-r>", "koi8-r"},
              {"<p>x", ""}};
  for (auto& row : rows) {
    Arena arena;
    Parser parser(arena.create_document());
    parser.append(from_utf8(row.html));
    parser.finish();
    parser.run();
    EXPECT_EQ(parser.declared_encoding(), row.encoding) << row.html;
  }
}

}  // namespace
}  // namespace shikake::html
