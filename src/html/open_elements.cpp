#include "html/open_elements.h"

#include "base/check.h"

namespace shikake::html {

void OpenElements::note(Element& element) {
  element.open_ = true;
  if (element.is_html()) ++counts_[static_cast<size_t>(element.name())];
}

void OpenElements::close(Element& element) {
  element.open_ = false;
  if (element.is_html()) --counts_[static_cast<size_t>(element.name())];
  Observer* observer = element.document().observer;
  if (observer && element.connected()) observer->closed(element);
}

void OpenElements::push(Element& element) {
  elements_.push_back(&element);
  note(element);
}

void OpenElements::pop() {
  SHIKAKE_CHECK(!elements_.empty());
  Element& element = *elements_.back();
  elements_.pop_back();
  close(element);
}

void OpenElements::pop_to_size(size_t size) {
  while (elements_.size() > size) pop();
}

void OpenElements::pop_through(Name name) {
  while (!empty()) {
    bool last = current().is(name);
    pop();
    if (last) return;
  }
}

void OpenElements::pop_through_trait(uint32_t traits) {
  while (!empty()) {
    bool last = has_trait(current(), traits);
    pop();
    if (last) return;
  }
}

void OpenElements::pop_through(const Element& element) {
  while (!empty()) {
    bool last = &current() == &element;
    pop();
    if (last) return;
  }
}

void OpenElements::pop_to_context(uint32_t traits) {
  while (!empty() && !has_trait(current(), traits)) pop();
}

void OpenElements::remove(size_t index) {
  Element& element = *elements_[index];
  elements_.erase(elements_.begin() + static_cast<ptrdiff_t>(index));
  close(element);
}

void OpenElements::insert_above(size_t index, Element& element) {
  elements_.insert(elements_.begin() + static_cast<ptrdiff_t>(index) + 1, &element);
  note(element);
}

void OpenElements::replace(size_t index, Element& element) {
  Element& old = *elements_[index];
  elements_[index] = &element;
  note(element);
  close(old);
}

size_t OpenElements::find(const Element& element) {
  if (!is_open(element)) return kNotThere;
  for (size_t i = size(); i-- > 0;) {
    if (elements_[i] == &element) return i;
    if (!budget_.may_look(size() - i)) break;
  }
  return kNotThere;
}

size_t OpenElements::find_last(Name name) {
  if (count(name) == 0) return kNotThere;
  for (size_t i = size(); i-- > 0;) {
    if (elements_[i]->is(name)) return i;
    if (!budget_.may_look(size() - i)) break;
  }
  return kNotThere;
}

bool OpenElements::bounds(const Element& element, Scope scope) {
  if (!element.is_html()) {
    if (scope == Scope::table) return false;
    return scope == Scope::select || is_special(element);  // the foreign ones that bound are the special ones
  }
  Name name = element.name();
  switch (scope) {
    case Scope::element:
      return has_trait(name, kScope);
    case Scope::list_item:
      return has_trait(name, kScope | kListScope);
    case Scope::button:
      return has_trait(name, kScope | kButtonScope);
    case Scope::table:
      return has_trait(name, kTableScope);
    case Scope::select:
      return !has_trait(name, kNotSelectScope);
  }
  return true;
}

template <class Wanted>
bool OpenElements::find_in_scope(Scope scope, Wanted wanted) {
  for (size_t i = size(); i-- > 0;) {
    const Element& element = *elements_[i];
    if (wanted(element)) return true;
    if (bounds(element, scope) || !budget_.may_look(size() - i)) return false;
  }
  return false;
}

bool OpenElements::in_scope(Name name, Scope scope) {
  return count(name) != 0 && find_in_scope(scope, [&](const Element& each) { return each.is(name); });
}

bool OpenElements::in_scope(const Element& element) {
  return is_open(element) &&
         find_in_scope(Scope::element, [&](const Element& each) { return &each == &element; });
}

bool OpenElements::trait_in_scope(uint32_t traits, Scope scope) {
  return find_in_scope(scope, [&](const Element& each) { return has_trait(each, traits); });
}

void OpenElements::generate_implied_end_tags(Atom except) {
  while (!empty() && has_trait(current(), kImpliedEnd) && current().local_name() != except) pop();
}

void OpenElements::generate_all_implied_end_tags() {
  while (!empty() && has_trait(current(), kImpliedEndThorough)) pop();
}

}  // namespace shikake::html
