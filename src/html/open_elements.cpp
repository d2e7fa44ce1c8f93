#include "html/open_elements.h"

#include "base/check.h"

namespace shikake::html {

OpenElements::Entry OpenElements::note(Element& element) {
  element.open_ = true;
  if (!element.is_html()) {
    // The foreign elements that bound scopes are the special ones.
    return {&element, Name::other, is_special(element) ? special_trait | scope_trait : 0u};
  }
  Name name = element.name();
  ++counts_[static_cast<size_t>(name)];
  return {&element, name, traits::by_name[static_cast<size_t>(name)]};
}

void OpenElements::close(const Entry& entry) {
  Element& element = *entry.element;
  element.open_ = false;
  if (element.is_html()) --counts_[static_cast<size_t>(entry.name)];
  Observer* observer = element.document().observer;
  if (observer && element.connected()) observer->closed(element);
}

void OpenElements::push(Element& element) {
  elements_.push_back(note(element));
}

void OpenElements::pop() {
  SHIKAKE_CHECK(!elements_.empty());
  Entry entry = elements_.back();
  elements_.pop_back();
  close(entry);
}

void OpenElements::pop_to_size(size_t size) {
  while (elements_.size() > size) pop();
}

void OpenElements::pop_through(Name name) {
  while (!empty()) {
    bool last = current_is(name);
    pop();
    if (last) return;
  }
}

void OpenElements::pop_through_trait(uint32_t traits) {
  while (!empty()) {
    bool last = current_has(traits);
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
  while (!empty() && !current_has(traits)) pop();
}

void OpenElements::remove(size_t index) {
  Entry entry = elements_[index];
  elements_.erase(elements_.begin() + static_cast<ptrdiff_t>(index));
  close(entry);
}

void OpenElements::insert_above(size_t index, Element& element) {
  elements_.insert(elements_.begin() + static_cast<ptrdiff_t>(index) + 1, note(element));
}

void OpenElements::replace(size_t index, Element& element) {
  Entry old = elements_[index];
  elements_[index] = note(element);
  close(old);
}

size_t OpenElements::find(const Element& element) {
  if (!is_open(element)) return not_there;
  for (size_t i = size(); i-- > 0;) {
    if (entry(i).element == &element) return i;
    if (!budget_.may_look(size() - i)) break;
  }
  return not_there;
}

size_t OpenElements::find_last(Name name) {
  if (count(name) == 0) return not_there;
  for (size_t i = size(); i-- > 0;) {
    if (entry(i).name == name) return i;
    if (!budget_.may_look(size() - i)) break;
  }
  return not_there;
}

static bool bounds(uint32_t traits, Scope scope) {
  switch (scope) {
    case Scope::element:
      return traits & scope_trait;
    case Scope::list_item:
      return traits & (scope_trait | list_scope_trait);
    case Scope::button:
      return traits & (scope_trait | button_scope_trait);
    case Scope::table:
      return traits & table_scope_trait;
    case Scope::select:
      return !(traits & not_select_scope_trait);
  }
  return true;
}

template <class Wanted>
bool OpenElements::find_in_scope(Scope scope, Wanted wanted) {
  for (size_t i = size(); i-- > 0;) {
    const Entry& seen = entry(i);
    if (wanted(seen)) return true;
    if (bounds(seen.traits, scope) || !budget_.may_look(size() - i)) return false;
  }
  return false;
}

bool OpenElements::in_scope(Name name, Scope scope) {
  return count(name) != 0 && find_in_scope(scope, [&](const Entry& each) { return each.name == name; });
}

bool OpenElements::in_scope(const Element& element) {
  return is_open(element) &&
         find_in_scope(Scope::element, [&](const Entry& each) { return each.element == &element; });
}

bool OpenElements::trait_in_scope(uint32_t traits, Scope scope) {
  return find_in_scope(scope, [&](const Entry& each) { return (each.traits & traits) != 0; });
}

void OpenElements::generate_implied_end_tags(Atom except) {
  while (current_has(implied_end_trait) && current().local_name() != except) pop();
}

void OpenElements::generate_all_implied_end_tags() {
  while (current_has(implied_end_thorough_trait)) pop();
}

}  // namespace shikake::html
