// SVG and MathML in HTML. https://html.spec.whatwg.org/multipage/parsing.html#parsing-main-inforeign
#include <algorithm>

#include "html/tree_builder.h"

namespace shikake::html {
namespace {

bool breaks_out(const TagToken& tag) {
  if (tag.name != Atom(Name::font)) return has_trait(tag.name.name(), breaks_out_trait);
  return std::ranges::any_of(tag.attributes, [](const Attribute& each) {
    Name name = each.local_name.name();
    return name == Name::color || name == Name::face || name == Name::size;
  });
}

}  // namespace

void TreeBuilder::foreign_text(std::u16string_view text) {
  if (frameset_ok_) {
    auto plain = [](char16_t c) { return c != 0 && !is_space(c); };
    frameset_ok_ = std::ranges::none_of(text, plain);
  }
  if (text.find(u'\0') == std::u16string_view::npos) return insert_text(text);
  std::u16string replaced(text);
  std::ranges::replace(replaced, u'\0', u'\uFFFD');
  insert_text(replaced);
}

void TreeBuilder::insert_foreign(TagToken& tag, Atom ns) {
  AtomTable& atoms = document_.arena().atoms();
  if (ns == Atom(Name::ns_mathml)) adjust_mathml_attributes(tag.attributes, atoms);
  if (ns == Atom(Name::ns_svg)) adjust_svg_attributes(tag.attributes, atoms);
  adjust_foreign_attributes(tag.attributes, atoms);
  bool self_closing = tag.self_closing;
  Element& element = insert_element(tag, ns);
  if (!self_closing) return;
  open_.pop();
  if (element.name() == Name::script && ns == Atom(Name::ns_svg)) script_ends(element);
}

void TreeBuilder::foreign_start(TagToken& tag) {
  if (breaks_out(tag)) return leave_foreign(), start(mode_, tag);
  Atom ns = adjusted_current()->ns();
  if (ns == Atom(Name::ns_svg)) {
    std::u16string_view name = svg_element_name(tag.name.text());
    if (!name.empty()) tag.name = document_.intern(name);
  }
  insert_foreign(tag, ns);
}

void TreeBuilder::leave_foreign() {
  auto holds_html = [](const Element& element) {
    return element.is_html() || mathml_text_point(element) || html_integration_point(element);
  };
  while (open_.size() > 1 && !holds_html(open_.current())) open_.pop();
}

void TreeBuilder::foreign_end(TagToken& tag) {
  Name name = tag.name.name();
  Element& current = open_.current();
  if (name == Name::br || name == Name::p) return leave_foreign(), end(mode_, tag);
  if (name == Name::script && current.name() == Name::script && current.ns() == Atom(Name::ns_svg)) {
    open_.pop();
    return script_ends(current);
  }
  for (size_t i = open_.size(); i-- > 0;) {
    Element& node = open_[i];
    if (i != open_.size() - 1 && node.is_html()) return end(mode_, tag);
    if (i == 0) return;
    if (equal_ignoring_case(node.local_name().text(), tag.name.text())) return open_.pop_to_size(i);
    if (!budget_.may_look(open_.size() - i)) return;
  }
}

}  // namespace shikake::html
