#include "html/selectors.h"

#include <algorithm>
#include <unordered_map>

#include "html/selector_list.h"

namespace shikake::html {
namespace {

// Attributes of HTML elements whose values compare without case.
// https://html.spec.whatwg.org/multipage/semantics-other.html#case-sensitivity-of-selectors
constexpr std::u16string_view insensitive_attributes[] = {
    u"accept",     u"accept-charset", u"align",     u"alink",    u"axis",     u"bgcolor", u"charset",
    u"checked",    u"clear",          u"codetype",  u"color",    u"compact",  u"declare", u"defer",
    u"dir",        u"direction",      u"disabled",  u"enctype",  u"face",     u"frame",   u"hreflang",
    u"http-equiv", u"lang",           u"language",  u"link",     u"media",    u"method",  u"multiple",
    u"nohref",     u"noresize",       u"noshade",   u"nowrap",   u"readonly", u"rel",     u"rev",
    u"rules",      u"scope",          u"scrolling", u"selected", u"shape",    u"target",  u"text",
    u"type",       u"valign",         u"valuetype", u"vlink"};

bool equal(std::u16string_view a, std::u16string_view b, bool ignore_case) {
  return ignore_case ? equal_ignoring_case(a, b) : a == b;
}

// How far a failure reaches, so that no combinator tries again what can't succeed: a chain of k
// compounds costs k walks, not a walk for each choice of ancestors.
enum class Outcome : uint8_t { matches, fails_here, fails_for_siblings, fails };

class Matcher {
 public:
  explicit Matcher(const Element* scope) : scope_(scope) {}

  bool any(const Selector::List& list, const Element& element) {
    return std::ranges::any_of(list.complex, [&](const ComplexSelector& complex) {
      return chain(complex, 0, element) == Outcome::matches;
    });
  }

 private:
  Outcome chain(const ComplexSelector& complex, size_t index, const Element& element) {
    const CompoundSelector& compound = complex[index];
    bool here = std::ranges::all_of(compound.simple, [&](const auto& each) { return simple(each, element); });
    if (!here) return Outcome::fails_here;
    switch (compound.to_left) {
      case Combinator::none:
        return Outcome::matches;
      case Combinator::child: {
        const Element* parent = element.parent_element();
        return parent ? chain(complex, index + 1, *parent) : Outcome::fails;
      }
      case Combinator::descendant:
        for (const Element* above = element.parent_element(); above; above = above->parent_element()) {
          Outcome outcome = chain(complex, index + 1, *above);
          if (outcome == Outcome::matches || outcome == Outcome::fails) return outcome;
        }
        return Outcome::fails;
      case Combinator::next_sibling: {
        const Element* before = element.previous_element();
        return before ? chain(complex, index + 1, *before) : Outcome::fails_for_siblings;
      }
      case Combinator::later_sibling:
        for (const Element* before = element.previous_element(); before;
             before = before->previous_element()) {
          Outcome outcome = chain(complex, index + 1, *before);
          if (outcome != Outcome::fails_here) return outcome;
        }
        return Outcome::fails_for_siblings;
    }
    return Outcome::fails;
  }

  bool simple(const SimpleSelector& selector, const Element& element) {
    switch (selector.kind) {
      case SimpleKind::universal:
        return true;
      case SimpleKind::type:
        return element.local_name().text() == (element.is_html() ? selector.lower_name : selector.name);
      case SimpleKind::id: {
        bool quirks = element.document().mode == DocumentMode::quirks;
        return equal(element.id(), selector.name, quirks);
      }
      case SimpleKind::class_name:
        return element.has_class(selector.name);
      case SimpleKind::attribute:
        return attribute(selector, element);
      case SimpleKind::negation:
        return !any(*selector.list, element);
      case SimpleKind::any_of:
        return any(*selector.list, element);
      case SimpleKind::root:
        return element.parent() && element.parent()->type() == NodeType::document;
      case SimpleKind::scope:
        return scope_ ? &element == scope_ : element.document().document_element() == &element;
      case SimpleKind::empty:
        return is_empty(element);
      case SimpleKind::nth:
        return nth(selector, element);
      case SimpleKind::never:
        return false;
    }
    return false;
  }

  static bool is_empty(const Element& element) {
    for (const Node* child = element.first_child(); child; child = child->next()) {
      if (child->as_element() || (child->as_text() && !child->as_text()->data().empty())) return false;
    }
    return true;
  }

  static bool attribute(const SimpleSelector& selector, const Element& element) {
    const std::u16string& name = element.is_html() ? selector.lower_name : selector.name;
    return std::ranges::any_of(element.attributes(), [&](const Attribute& each) {
      return each.local_name.text() == name && value_matches(selector, element, each.value);
    });
  }

  static bool value_matches(const SimpleSelector& selector, const Element& element,
                            std::u16string_view value) {
    bool ignore = selector.case_rule == CaseRule::insensitive;
    if (selector.case_rule == CaseRule::by_name && element.is_html()) {
      ignore =
          std::ranges::find(insensitive_attributes, selector.lower_name) != std::end(insensitive_attributes);
    }
    std::u16string_view wanted = selector.value;
    bool longer = value.size() >= wanted.size();
    switch (selector.test) {
      case AttributeTest::present:
        return true;
      case AttributeTest::equals:
        return equal(value, wanted, ignore);
      case AttributeTest::word:
        for (auto word = next_token(value); !word.empty(); word = next_token(value)) {
          if (equal(word, wanted, ignore)) return true;
        }
        return false;
      case AttributeTest::dashed:
        return longer && equal(value.substr(0, wanted.size()), wanted, ignore) &&
               (value.size() == wanted.size() || value[wanted.size()] == u'-');
      case AttributeTest::prefix:
        return !wanted.empty() && longer && equal(value.substr(0, wanted.size()), wanted, ignore);
      case AttributeTest::suffix:
        return !wanted.empty() && longer && equal(value.substr(value.size() - wanted.size()), wanted, ignore);
      case AttributeTest::substring:
        if (wanted.empty()) return false;
        return ignore ? to_lower(value).find(to_lower(wanted)) != std::u16string::npos
                      : value.find(wanted) != std::u16string_view::npos;
    }
    return false;
  }

  // Positions among siblings, from 1, counted for all children of a parent when first asked for one.
  struct Positions {
    int child = 0, child_from_end = 0, type = 0, type_from_end = 0;
  };

  bool nth(const SimpleSelector& selector, const Element& element) {
    auto found = positions_.find(&element);
    if (found == positions_.end()) {
      count_siblings(element);
      found = positions_.find(&element);
    }
    const Positions& at = found->second;
    int position = selector.of_type ? (selector.from_end ? at.type_from_end : at.type)
                                    : (selector.from_end ? at.child_from_end : at.child);
    int offset = position - selector.b;
    if (selector.a == 0) return offset == 0;
    return offset % selector.a == 0 && offset / selector.a >= 0;
  }

  void count_siblings(const Element& element) {
    const Element* first = &element;
    if (const Node* parent = element.parent()) first = parent->first_element_child();
    std::vector<const Element*> siblings;
    std::unordered_map<const void*, int> by_type;
    for (const Element* each = first; each; each = each->next_element()) {
      siblings.push_back(each);
      positions_[each].child = static_cast<int>(siblings.size());
      positions_[each].type = ++by_type[each->local_name().key()];
    }
    by_type.clear();
    for (size_t i = siblings.size(); i-- > 0;) {
      Positions& at = positions_[siblings[i]];
      at.child_from_end = static_cast<int>(siblings.size() - i);
      at.type_from_end = ++by_type[siblings[i]->local_name().key()];
    }
  }

  const Element* scope_;
  std::unordered_map<const Element*, Positions> positions_;
};

}  // namespace

bool Selector::matches(const Element& element, const Element* scope) const {
  return Matcher(scope).any(*list_, element);
}

Element* Selector::closest(Element& element) const {
  Matcher matcher(&element);
  for (Element* at = &element; at; at = at->parent_element()) {
    if (matcher.any(*list_, *at)) return at;
  }
  return nullptr;
}

Element* Selector::first(const Node& root) const {
  Matcher matcher(root.as_element());
  for (const Node* at = next_in_tree(root, root); at; at = next_in_tree(*at, root)) {
    const Element* element = at->as_element();
    if (element && matcher.any(*list_, *element)) return const_cast<Element*>(element);
  }
  return nullptr;
}

std::vector<Element*> Selector::all(const Node& root) const {
  Matcher matcher(root.as_element());
  std::vector<Element*> found;
  for (const Node* at = next_in_tree(root, root); at; at = next_in_tree(*at, root)) {
    const Element* element = at->as_element();
    if (element && matcher.any(*list_, *element)) found.push_back(const_cast<Element*>(element));
  }
  return found;
}

}  // namespace shikake::html
