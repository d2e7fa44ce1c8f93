#include "honeyclient/low/page/markup.h"

#include "honeyclient/low/page/html_elements.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/window.h"
#include "html/parser.h"
#include "html/serialise.h"

namespace shikake::honeyclient::low::page {

uint32_t tag_here(Call& call, std::string_view written_by) {
  std::optional<Place> place = call.page.positions.here();
  return place ? call.page.positions.tag(*place, written_by) : 0;
}

void load_images_below(html::Node& root) {
  Window* window = window_of(root);
  if (!window) return;
  for (html::Node* node = &root; node; node = html::next_in_tree(*node, root))
    if (node->is(html::Name::img)) window->loader->load_image(*node->as_element());
}

namespace {

void insert_markup(Call& call, html::Element& context, std::u16string_view text, std::string_view how,
                   html::Node& parent, html::Node* before) {
  count_node(call);
  html::Fragment& made = html::parse_fragment(context, text, tag_here(call, how));
  std::vector<html::Node*> roots;
  for (html::Node* node = made.first_child(); node; node = node->next()) roots.push_back(node);
  html::insert(parent, made, before);
  for (html::Node* root : roots) load_images_below(*root);
  after_dom_change(call);
}

void put_adjacent(Call& call, html::Node& node) {
  html::Element& self = call.self_element();
  std::u16string where = lower(call.text(0));
  html::Node* parent = &self;
  html::Node* before = nullptr;
  if (where == u"beforebegin" || where == u"afterend") parent = self.parent();
  if (where == u"beforebegin") before = &self;
  if (where == u"afterend") before = self.next();
  if (where == u"afterbegin") before = self.first_child();
  if (!parent || html::check_insert(*parent, node, before) != html::InsertProblem::none)
    call.dom_error("HierarchyRequestError", "The operation would yield an incorrect node tree.");
  html::insert(*parent, node, before);
  after_dom_change(call);
}

}  // namespace

void get_inner_html(Call& call) {
  call.give(std::u16string_view(html::inner_html(call.self_element())));
}
void get_outer_html(Call& call) {
  call.give(std::u16string_view(html::outer_html(call.self_element())));
}

void set_inner_html(Call& call) {
  html::Element& self = call.self_element();
  std::u16string text = call.is_null(0) ? std::u16string() : call.text(0);
  count_node(call);
  html::set_inner_html(self, text, tag_here(call, "innerHTML"));
  load_images_below(self);
  after_dom_change(call);
}

void set_outer_html(Call& call) {
  html::Element& self = call.self_element();
  html::Node* parent = self.parent();
  if (!parent) return call.give();
  html::Element& context = parent->as_element() ? *parent->as_element() : self;
  html::Node* next = self.next();
  html::remove(self);
  insert_markup(call, context, call.text(0), "outerHTML", *parent, next);
}

void insert_adjacent_html(Call& call) {
  html::Element& self = call.self_element();
  std::u16string where = lower(call.text(0)), text = call.text(1);
  html::Node* parent = self.parent();
  bool outside = where == u"beforebegin" || where == u"afterend";
  if (outside && !parent) call.dom_error("NoModificationAllowedError", "The element has no parent.");
  html::Element& context = outside && parent->as_element() ? *parent->as_element() : self;
  if (where == u"beforebegin")
    return insert_markup(call, context, text, "insertAdjacentHTML", *parent, &self);
  if (where == u"afterend")
    return insert_markup(call, context, text, "insertAdjacentHTML", *parent, self.next());
  if (where == u"afterbegin")
    return insert_markup(call, self, text, "insertAdjacentHTML", self, self.first_child());
  if (where == u"beforeend") return insert_markup(call, self, text, "insertAdjacentHTML", self, nullptr);
  call.dom_error("SyntaxError", "The position is not valid.");
}

void insert_adjacent_element(Call& call) {
  html::Node& node = call.need_node(1);
  put_adjacent(call, node), call.give(&node);
}
void insert_adjacent_text(Call& call) {
  count_node(call);
  put_adjacent(call, call.self_element().document().create_text(call.text(1)));
}
void get_inner_text(Call& call) {
  call.give(std::u16string_view(html::text_content(call.self_element())));
}
void set_inner_text(Call& call) {
  html::set_text_content(call.self_element(), call.text(0));
  after_dom_change(call);
}

}  // namespace shikake::honeyclient::low::page
