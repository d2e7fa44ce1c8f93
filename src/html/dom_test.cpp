// The tree as bindings use it: insertion, adoption, cloning, observers, queries, serialisation.
#include "html/dom.h"

#include <gtest/gtest.h>

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

TEST(Dom, InsertMovesAndAdopts) {
  Tree tree("<!DOCTYPE html><body><p id=a>1</p><p id=b>2</p><p id=c>3</p>");
  insert(*tree.document.body(), tree.by_id(u"c"), &tree.by_id(u"a"));
  EXPECT_EQ(tree.body(), "<p id=\"c\">3</p><p id=\"a\">1</p><p id=\"b\">2</p>");
  insert(*tree.document.body(), tree.by_id(u"a"), &tree.by_id(u"a"));  // before itself: stays
  EXPECT_EQ(tree.body(), "<p id=\"c\">3</p><p id=\"a\">1</p><p id=\"b\">2</p>");
  Document& other = tree.arena.create_document();
  Element& moved = tree.by_id(u"a");
  append(other, moved);
  EXPECT_EQ(&moved.document(), &other);
  EXPECT_EQ(&moved.first_child()->document(), &other);
  EXPECT_EQ(tree.body(), "<p id=\"c\">3</p><p id=\"b\">2</p>");
  EXPECT_EQ(broken_rule(tree.document, 0), "");
  EXPECT_EQ(broken_rule(other, 0), "");
}

TEST(Dom, FragmentsGiveTheirChildren) {
  Tree tree;
  Fragment& fragment = tree.document.create_fragment();
  append(fragment, tree.document.create_text(u"a"));
  append(fragment, tree.document.create_comment(u"b"));
  append(fragment, tree.document.create_processing_instruction(u"c", u"d"));
  append(*tree.document.body(), fragment);
  EXPECT_EQ(fragment.first_child(), nullptr);
  EXPECT_EQ(tree.body(), "a<!--b--><?c d>");
}

TEST(Dom, TemplateContentFollowsAdoption) {
  Tree tree("<body><template id=t>a<template>b</template></template>");
  Element& outer = tree.by_id(u"t");
  EXPECT_EQ(&outer.template_content()->document(), &tree.document.template_document());
  Document& other = tree.arena.create_document();
  adopt(outer, other);  // still in the first document's tree: DOM removes it first
  EXPECT_EQ(&outer.template_content()->document(), &other.template_document());
  EXPECT_EQ(&outer.template_content()->last_child()->document(), &other.template_document());
}

TEST(Dom, CheckInsert) {
  Tree tree("<!DOCTYPE html><body><div id=a><p id=b>x</p></div><template id=t><i></i></template>");
  using enum InsertProblem;
  Element &a = tree.by_id(u"a"), &b = tree.by_id(u"b"), &t = tree.by_id(u"t");
  Document& document = tree.document;
  Element& fresh = document.create_element(u"u");
  EXPECT_EQ(check_insert(b, a, nullptr), hierarchy_request);
  EXPECT_EQ(check_insert(a, a, nullptr), hierarchy_request);
  EXPECT_EQ(check_insert(a, fresh, &b), none);
  EXPECT_EQ(check_insert(a, fresh, document.body()), not_found);
  EXPECT_EQ(check_insert(*b.first_child(), fresh, nullptr), hierarchy_request);
  EXPECT_EQ(check_insert(*t.template_content(), t, nullptr), hierarchy_request);
  EXPECT_EQ(check_insert(*t.template_content()->first_child(), t, nullptr), hierarchy_request);
  EXPECT_EQ(check_insert(a, document, nullptr), hierarchy_request);
  // a document: one element, one doctype before it, no text
  EXPECT_EQ(check_insert(document, fresh, nullptr), hierarchy_request);
  EXPECT_EQ(check_insert(document, fresh, nullptr, document.document_element()), none);
  EXPECT_EQ(check_insert(document, document.create_text(u"x"), nullptr), hierarchy_request);
  EXPECT_EQ(check_insert(document, document.create_comment(u"x"), nullptr), none);
  DocumentType& type = document.create_document_type(u"html", u"", u"");
  EXPECT_EQ(check_insert(document, type, nullptr), hierarchy_request);
  EXPECT_EQ(check_insert(a, type, nullptr), hierarchy_request);
  remove(*document.document_type());
  EXPECT_EQ(check_insert(document, type, nullptr), hierarchy_request);  // behind the element
  EXPECT_EQ(check_insert(document, type, document.document_element()), none);
  Document& empty = tree.arena.create_document();
  Fragment& two = empty.create_fragment();
  append(two, empty.create_element(u"a"));
  EXPECT_EQ(check_insert(empty, two, nullptr), none);
  append(two, empty.create_element(u"b"));
  EXPECT_EQ(check_insert(empty, two, nullptr), hierarchy_request);
  append(empty, type);
  EXPECT_EQ(check_insert(empty, fresh, &type), hierarchy_request);  // ahead of the doctype
  EXPECT_EQ(check_insert(empty, fresh, nullptr), none);
}

TEST(Dom, CloneCopiesAllButBindings) {
  Tree tree(
      "<body><div id=a class=x>t<!--c--><template><p>u</p></template><svg xlink:href=y><script>z</script>");
  Element& original = tree.by_id(u"a");
  original.binding = &tree;
  Node* copy = clone(original, tree.document, true);
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(to_utf8(outer_html(*copy)), to_utf8(outer_html(original)));
  EXPECT_EQ(copy->binding, nullptr);
  EXPECT_EQ(copy->parent(), nullptr);
  EXPECT_EQ(copy->position, original.position);
  EXPECT_EQ(to_utf8(outer_html(*clone(original, tree.document, false))), "<div id=\"a\" class=\"x\"></div>");
  EXPECT_EQ(broken_rule(*copy, 0), "");

  Arena other;
  Document& there = other.create_document();
  Node* abroad = clone(original, there, true);
  EXPECT_EQ(to_utf8(outer_html(*abroad)), to_utf8(outer_html(original)));
  abroad->as_element()->set_attribute(u"id", u"b");
  EXPECT_EQ(original.id(), u"a");

  Node* whole = clone(tree.document, tree.document, true);
  EXPECT_EQ(to_utf8(inner_html(*whole)), to_utf8(inner_html(tree.document)));
  EXPECT_EQ(broken_rule(*whole, 0), "");
}

TEST(Dom, CloneStopsWhereTheArenaIsFull) {
  Tree tree("<body><div>" + std::string(1000, 'x') + "<i></i><b></b>");
  Arena small({.max_nodes = 3});
  EXPECT_EQ(clone(*tree.document.body(), small.create_document(), true), nullptr);
  EXPECT_LE(small.node_count(), 3u);
}

TEST(Dom, DeepTreesNeedNoStack) {
  Tree tree;
  Node* at = tree.document.body();
  for (int i = 0; i < 300'000; ++i) {
    Element& child = tree.document.create_element(Name::b);
    append(*at, child);
    at = &child;
  }
  append(*at, tree.document.create_text(u"x"));
  EXPECT_EQ(to_utf8(text_content(*tree.document.body())), "x");
  EXPECT_EQ(inner_html(*tree.document.body()).size(), 300'000u * 7 + 1);
  Node* copy = clone(*tree.document.body(), tree.document, true);
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(text_content(*copy), u"x");
  remove(*tree.document.body());
  EXPECT_FALSE(at->connected());
  Document& other = tree.arena.create_document();
  append(other, *copy);
  EXPECT_EQ(&copy->first_child()->document(), &other);
}

class Notes final : public Observer {
 public:
  void inserted(Node& root) override { add("+" + name(root)); }
  void removed(Node& root, Node& parent) override { add("-" + name(root) + "<" + name(parent)); }
  void attribute_changed(Element& element, const Attribute& attribute, const std::u16string* before,
                         const std::u16string* now) override {
    auto shown = [](const std::u16string* value) { return value ? to_utf8(*value) : std::string("none"); };
    add(name(element) + "@" + to_utf8(attribute.qualified_name()) + ":" + shown(before) + ">" + shown(now));
  }
  void text_changed(CharacterData& node, std::u16string_view before) override {
    add("~" + to_utf8(before) + ">" + to_utf8(node.data()));
  }
  void closed(Element& element) override { add("." + name(element)); }
  std::string take() { return std::exchange(notes_, {}); }

 private:
  static std::string name(Node& node) {
    if (const Element* element = node.as_element()) return to_utf8(element->qualified_name());
    if (const CharacterData* data = node.as_character_data()) return "'" + to_utf8(data->data()) + "'";
    return "#" + std::to_string(static_cast<int>(node.type()));
  }
  void add(const std::string& note) { notes_ += (notes_.empty() ? "" : " ") + note; }
  std::string notes_;
};

// Children that come and go, in the tree or out of it.
class Children final : public Observer {
 public:
  void child_added(Node& parent, Node& child) override { add('+', parent, child, child.previous(), child.next()); }
  void child_removed(Node& parent, Node& child, Node* previous, Node* next) override {
    add('-', parent, child, previous, next);
  }
  std::string take() { return std::exchange(notes_, {}); }

 private:
  static std::string name(const Node* node) {
    return node && node->as_element() ? to_utf8(node->as_element()->qualified_name()) : std::string("_");
  }
  void add(char what, Node& parent, Node& child, Node* previous, Node* next) {
    notes_ += (notes_.empty() ? "" : " ") + (what + name(&child)) + "<" + name(&parent) + "(" + name(previous) + "," +
              name(next) + ")";
  }
  std::string notes_;
};

TEST(Dom, ObserverIsToldOfChildrenAndTheirSiblings) {
  Tree tree;
  Children notes;
  tree.document.observer = &notes;
  Element& div = tree.document.create_element(u"div");
  Element& a = tree.document.create_element(u"a");
  Element& b = tree.document.create_element(u"b");
  append(div, b);
  insert(div, a, &b);
  EXPECT_EQ(notes.take(), "+b<div(_,_) +a<div(_,b)");
  append(*tree.document.body(), div);
  remove(b);
  EXPECT_EQ(notes.take(), "+div<body(_,_) -b<div(a,_)");
  tree.document.observer = nullptr;
}

TEST(Dom, ShadowTreesAreConnectedWithTheirHosts) {
  Tree tree;
  Element& host = tree.document.create_element(u"div");
  Element& child = tree.document.create_element(u"i");
  append(host, child);
  Fragment& shadow = tree.document.attach_shadow_root(host);
  EXPECT_TRUE(shadow.is_shadow_root());
  EXPECT_FALSE(tree.document.create_fragment().is_shadow_root());
  Element& inner = tree.document.create_element(u"b");
  Element& deep = tree.document.create_element(u"u");
  append(shadow, inner);
  append(tree.document.attach_shadow_root(inner), deep);
  EXPECT_FALSE(deep.connected());
  append(*tree.document.body(), host);
  EXPECT_TRUE(deep.connected());
  // Not among its host's children, and found by those alone who look into shadow trees.
  EXPECT_EQ(outer_html(host), u"<div><i></i></div>");
  EXPECT_EQ(&inner.root(), &shadow);
  std::string met;
  for (Node* node = &host; node; node = next_with_shadows(*node, host))
    met += node->as_element() ? to_utf8(node->as_element()->qualified_name()) + " " : "# ";
  EXPECT_EQ(met, "div # b # u i ");
  EXPECT_EQ(check_insert(deep, host, nullptr), InsertProblem::hierarchy_request);
  remove(host);
  EXPECT_FALSE(deep.connected());
  Document& other = tree.arena.create_document();
  append(other, host);
  EXPECT_EQ(&deep.document(), &other);
  EXPECT_TRUE(deep.connected());
}

TEST(Dom, ObserverIsToldOfWhatIsConnected) {
  Tree tree;
  Notes notes;
  tree.document.observer = &notes;
  Element& div = tree.document.create_element(u"div");
  Element& img = tree.document.create_element(u"img");
  append(div, img);
  EXPECT_EQ(notes.take(), "");
  append(*tree.document.body(), div);
  EXPECT_EQ(notes.take(), "+div");
  img.set_attribute(Name::src, u"a");
  img.set_attribute(u"src", u"b");
  img.remove_attribute(Name::src);
  img.remove_attribute(Name::src);
  EXPECT_EQ(notes.take(), "img@src:none>a img@src:a>b img@src:b>none");
  set_text_content(div, u"x");
  EXPECT_EQ(notes.take(), "-img<div +'x'");
  div.first_child()->as_text()->set_data(u"y");
  EXPECT_EQ(notes.take(), "~x>y");
  insert(*tree.document.head(), div, nullptr);
  EXPECT_EQ(notes.take(), "-div<body +div");
  set_inner_html(div, u"<b>z</b>c");
  EXPECT_EQ(notes.take(), "-'y'<div +b +'c'");
  tree.document.observer = nullptr;
}

TEST(Dom, ObserverSeesTheParserWork) {
  Arena arena;
  Document& document = arena.create_document();
  Notes notes;
  document.observer = &notes;
  parse_document(document, u"<!DOCTYPE html><object data=a><param name=b></object>c<template>d</template>");
  EXPECT_EQ(
      notes.take(),
      "+#10 +html +head .head +body +object +param .param .object +'c' +template .template .body .html");
  document.observer = nullptr;
}

TEST(Dom, AdoptionAgencyTellsNobody) {
  Arena arena;
  Document& document = arena.create_document();
  Notes notes;
  document.observer = &notes;
  Parser parser(document);
  parser.append(u"<!DOCTYPE html><b><p><iframe></iframe>");
  parser.run();
  notes.take();
  parser.append(u"</b>");
  parser.run();
  std::string told = notes.take();
  EXPECT_EQ(told.find("iframe"), std::string::npos) << told;
  EXPECT_EQ(told.find('+'), std::string::npos) << told;
  EXPECT_EQ(to_utf8(inner_html(*document.body())), "<b></b><p><b><iframe></iframe></b></p>");
  document.observer = nullptr;
}

TEST(Dom, Queries) {
  Tree tree("<body><p id=a class='x y'>1<P class=X>2<svg><p id=b></svg><svg><linearGradient class=y></svg>");
  auto ids = [](const std::vector<Element*>& found) {
    std::string text;
    for (Element* each : found) text += to_utf8(each->qualified_name()) + " ";
    return text;
  };
  EXPECT_EQ(tree.by_id(u"a").first_child()->as_text()->data(), u"1");
  EXPECT_EQ(element_by_id(tree.document, u""), nullptr);
  EXPECT_EQ(element_by_id(tree.document, u"none"), nullptr);
  EXPECT_EQ(elements_by_tag_name(tree.document, u"P").size(), 3u);
  EXPECT_EQ(elements_by_tag_name(tree.document, u"linearGradient").size(), 1u);
  EXPECT_EQ(elements_by_tag_name(tree.document, u"lineargradient").size(), 0u);
  EXPECT_EQ(elements_by_tag_name(*tree.document.body(), u"*").size(), 6u);
  // the page has no doctype: quirks, classes without case
  EXPECT_EQ(ids(elements_by_class_name(tree.document, u"x")), "p p ");
  EXPECT_EQ(ids(elements_by_class_name(tree.document, u" y\tx ")), "p ");
  EXPECT_EQ(ids(elements_by_class_name(tree.document, u"y")), "p linearGradient ");
  EXPECT_EQ(ids(elements_by_class_name(tree.document, u" ")), "");
}

}  // namespace
}  // namespace shikake::html
