#include <algorithm>

#include "html/dom.h"

namespace shikake::html {
namespace {

std::u16string qualified(Atom prefix, Atom local_name) {
  std::u16string name;
  if (prefix) name.append(prefix.text()).push_back(u':');
  return name.append(local_name.text());
}

}  // namespace

std::u16string Attribute::qualified_name() const {
  return qualified(prefix, local_name);
}
std::u16string Element::qualified_name() const {
  return qualified(prefix_, local_name_);
}

const std::u16string* Element::attribute(Atom local_name) const {
  for (const Attribute& each : attributes_) {
    if (each.local_name == local_name && !each.ns) return &each.value;
  }
  return nullptr;
}

const std::u16string* Element::attribute(std::u16string_view local_name) const {
  for (const Attribute& each : attributes_) {
    if (!each.ns && each.local_name.text() == local_name) return &each.value;
  }
  return nullptr;
}

const Attribute* Element::attribute_ns(Atom ns, Atom local_name) const {
  for (const Attribute& each : attributes_) {
    if (each.local_name == local_name && each.ns == ns) return &each;
  }
  return nullptr;
}

const Attribute* Element::attribute_qualified(std::u16string_view qualified_name) const {
  for (const Attribute& each : attributes_) {
    if (each.prefix ? each.qualified_name() == qualified_name : each.local_name.text() == qualified_name) {
      return &each;
    }
  }
  return nullptr;
}

void Element::set_attribute_ns(Attribute attribute) {
  ++tree_changes;
  auto found = std::ranges::find_if(attributes_, [&](const Attribute& each) {
    return each.local_name == attribute.local_name && each.ns == attribute.ns;
  });
  Observer* observer = document().observer;
  if (found == attributes_.end()) {
    const Attribute& added = attributes_.emplace_back(std::move(attribute));
    if (observer) observer->attribute_changed(*this, added, nullptr, &added.value);
    return;
  }
  std::swap(found->value, attribute.value);
  if (observer) observer->attribute_changed(*this, *found, &attribute.value, &found->value);
}

void Element::set_attribute(Atom local_name, std::u16string_view value) {
  set_attribute_ns({{}, {}, local_name, std::u16string(value)});
}

void Element::set_attribute(std::u16string_view local_name, std::u16string_view value) {
  set_attribute(document().intern(local_name), value);
}

bool Element::remove_attribute_ns(Atom ns, Atom local_name) {
  auto found = std::ranges::find_if(
      attributes_, [&](const Attribute& each) { return each.local_name == local_name && each.ns == ns; });
  if (found == attributes_.end()) return false;
  ++tree_changes;
  Attribute gone = std::move(*found);
  attributes_.erase(found);
  if (Observer* observer = document().observer) {
    observer->attribute_changed(*this, gone, &gone.value, nullptr);
  }
  return true;
}

bool Element::remove_attribute(Atom local_name) {
  return remove_attribute_ns({}, local_name);
}

std::u16string_view Element::id() const {
  const std::u16string* value = attribute(Name::id);
  return value ? std::u16string_view(*value) : std::u16string_view();
}

bool Element::has_class(std::u16string_view name) const {
  const std::u16string* value = attribute(Name::class_);
  if (!value) return false;
  bool quirks = document().mode == DocumentMode::quirks;
  std::u16string_view rest = *value;
  for (auto token = next_token(rest); !token.empty(); token = next_token(rest)) {
    if (quirks ? equal_ignoring_case(token, name) : token == name) return true;
  }
  return false;
}

}  // namespace shikake::html
