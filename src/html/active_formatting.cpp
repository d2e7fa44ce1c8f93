#include "html/active_formatting.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace shikake::html {
namespace {

uint64_t signature_of(const Element& element) {
  uint64_t sum = std::hash<const void*>()(element.local_name().key());
  for (const Attribute& each : element.attributes()) {
    uint64_t name = std::hash<const void*>()(each.local_name.key()) * 0x9E3779B97F4A7C15u;
    sum += name ^ std::hash<std::u16string_view>()(each.value);
  }
  return sum;
}

std::vector<const Attribute*> by_name(const std::vector<Attribute>& attributes) {
  std::vector<const Attribute*> sorted;
  for (const Attribute& each : attributes) sorted.push_back(&each);
  std::ranges::sort(sorted, std::less<>(), [](const Attribute* each) { return each->local_name.key(); });
  return sorted;
}

bool same_attributes(const std::vector<Attribute>& a, const std::vector<Attribute>& b) {
  return std::ranges::equal(by_name(a), by_name(b),
                            [](const Attribute* x, const Attribute* y) { return *x == *y; });
}

}  // namespace

std::vector<Attribute> ActiveFormatting::copy_attributes(size_t index) {
  const std::vector<Attribute>& all = attributes(index);
  size_t units = 0;
  for (const Attribute& each : all) units += 1 + each.value.size();
  return budget_.may_copy(units) ? all : std::vector<Attribute>();
}

const std::vector<Attribute>& ActiveFormatting::attributes(size_t index) const {
  const Entry& of = entry(index);
  return of.frozen ? of.attributes : of.element->attributes();
}

void ActiveFormatting::push(Element& element) {
  uint64_t signature = signature_of(element);
  int alike = 0;
  size_t earliest = not_there;
  for (size_t i = size(); i-- > 0 && entries_[i].element;) {
    const Entry& each = entry(i);
    if (each.signature == signature && each.element->local_name() == element.local_name() &&
        each.element->ns() == element.ns() && same_attributes(attributes(i), element.attributes())) {
      ++alike;
      earliest = i;
      if (alike == 3) break;
    }
    if (!budget_.may_look(size() - i)) break;
  }
  if (alike == 3) remove(earliest);
  entries_.push_back({&element, signature});
}

void ActiveFormatting::clear_to_marker() {
  while (!entries_.empty()) {
    bool marker = entries_.back().element == nullptr;
    entries_.pop_back();
    if (marker) break;
  }
  thaw(size());
}

size_t ActiveFormatting::find_last(Name name) {
  for (size_t i = size(); i-- > 0 && entries_[i].element;) {
    if (entry(i).element->is(name)) return i;
    if (!budget_.may_look(size() - i)) break;
  }
  return not_there;
}

size_t ActiveFormatting::find(const Element& element) {
  for (size_t i = size(); i-- > 0;) {
    if (entry(i).element == &element) return i;
    if (!budget_.may_look(size() - i)) break;
  }
  return not_there;
}

void ActiveFormatting::move(size_t from, size_t to, Element& element) {
  Entry entry = std::move(entries_[from]);
  entry.element = &element;
  remove(from);
  if (to > from) --to;
  entries_.insert(entries_.begin() + static_cast<ptrdiff_t>(to), std::move(entry));
  thaw(to);
}

void ActiveFormatting::freeze() {
  for (; frozen_ < size(); ++frozen_) {
    Entry& entry = entries_[frozen_];
    if (!entry.element || entry.frozen) continue;
    entry.attributes = entry.element->attributes();
    entry.frozen = true;
  }
}

}  // namespace shikake::html
