// The list of active formatting elements.
// https://html.spec.whatwg.org/multipage/parsing.html#the-list-of-active-formatting-elements
#pragma once

#include <algorithm>
#include <vector>

#include "html/open_elements.h"

namespace shikake::html {

class ActiveFormatting {
 public:
  explicit ActiveFormatting(ScanBudget& budget) : budget_(budget) {}

  size_t size() const { return entries_.size(); }
  Element* element(size_t index) const { return entry(index).element; }  // nullptr: a marker
  // As the tag had them, whatever script did to the element since: for another element of the same tag.
  // Nothing where the budget is spent: a few megabytes in an attribute could be copied for every <p>.
  std::vector<Attribute> copy_attributes(size_t index);

  void push(Element& element);  // at most three alike: the "Noah's Ark clause"
  void push_marker() { entries_.push_back({}); }
  void clear_to_marker();

  static constexpr size_t not_there = SIZE_MAX;
  size_t find_last(Name name);  // since the last marker
  size_t find(const Element& element);
  void remove(size_t index) {
    entries_.erase(entries_.begin() + static_cast<ptrdiff_t>(index));
    thaw(index);
  }
  // `element` was made from the same tag as the entry.
  void replace(size_t index, Element& element) { entries_[index].element = &element; }
  void move(size_t from, size_t to, Element& element);  // as replace, to a place counted before the move

  // Script may run now and change attributes: keeps the tags' own. O(1) for each entry in all.
  void freeze();

 private:
  struct Entry {
    Element* element = nullptr;
    uint64_t signature = 0;  // of the attributes, in any order
    bool frozen = false;
    std::vector<Attribute> attributes = {};  // when frozen
  };
  const Entry& entry(size_t index) const {
    budget_.looked();
    return entries_[index];
  }
  const std::vector<Attribute>& attributes(size_t index) const;
  void thaw(size_t index) { frozen_ = std::min(frozen_, index); }

  std::vector<Entry> entries_;
  size_t frozen_ = 0;  // all entries before it are frozen
  ScanBudget& budget_;
};

}  // namespace shikake::html
