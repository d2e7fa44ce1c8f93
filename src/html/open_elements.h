// The stack of open elements. https://html.spec.whatwg.org/multipage/parsing.html#the-stack-of-open-elements
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "html/traits.h"

namespace shikake::html {

enum class Scope : uint8_t { element, list_item, button, table, select };

// Bounds the rules that look down the stack (or back along the formatting list), so that no input makes
// parsing quadratic. The nearest free_looks entries are always looked at, more than any browser nests; each
// one beyond costs one unit, and every character read earns some. When nothing is left, what lies farther is
// taken for not there, and that is counted.
class ScanBudget {
 public:
  static constexpr size_t free_looks = 512;
  static constexpr int64_t start_units = 4'000'000;
  static constexpr int64_t per_character = 16;

  void earn(size_t characters) { left_ += static_cast<int64_t>(characters) * per_character; }
  // A rule looked at an entry, near or far, whether it asked or not. For tests that count work, not time.
  void looked() { ++looks_; }
  uint64_t looks() const { return looks_; }
  bool may_look(size_t distance) { return distance < free_looks || spend(1); }
  bool may_copy(size_t units) { return units < free_looks || spend(units); }
  bool spend(size_t units) {
    left_ -= static_cast<int64_t>(units);
    if (left_ >= 0) return true;
    left_ = 0;
    ++refused_;
    return false;
  }
  uint64_t refused() const { return refused_; }

 private:
  int64_t left_ = start_units;
  uint64_t refused_ = 0;
  uint64_t looks_ = 0;
};

class OpenElements {
 public:
  explicit OpenElements(ScanBudget& budget) : budget_(budget) {}

  bool empty() const { return elements_.empty(); }
  size_t size() const { return elements_.size(); }
  Element& operator[](size_t index) const { return *entry(index).element; }
  Element& bottom() const { return *elements_.front().element; }
  Element& current() const { return *elements_.back().element; }
  bool current_is(Name name) const { return !empty() && elements_.back().name == name; }
  // Of an HTML element; Name::other for all else. And its traits; of other namespaces only special_trait,
  // scope_trait.
  Name name(size_t index) const { return entry(index).name; }
  bool has(size_t index, uint32_t traits) const { return (entry(index).traits & traits) != 0; }
  bool current_has(uint32_t traits) const { return !empty() && has(size() - 1, traits); }
  size_t count(Name name) const { return counts_[static_cast<size_t>(name)]; }  // HTML elements only

  void push(Element& element);
  void pop();
  void pop_to_size(size_t size);
  void pop_through(Name name);              // until one of that name has been popped
  void pop_through_trait(uint32_t traits);  // until one with any of them has been popped
  void pop_through(const Element& element);
  void pop_to_context(uint32_t traits);  // until the current node has one of them
  void remove(size_t index);
  void insert_above(size_t index, Element& element);  // it becomes [index + 1]
  void replace(size_t index, Element& element);

  static constexpr size_t not_there = SIZE_MAX;
  size_t find(const Element& element);  // from the top; whether it is open is known at once
  static bool is_open(const Element& element) { return element.open_; }
  size_t find_last(Name name);
  bool in_scope(Name name, Scope scope);
  bool in_scope(const Element& element);  // element scope; of one that is open
  bool trait_in_scope(uint32_t traits, Scope scope);

  void generate_implied_end_tags(Atom except = {});
  void generate_all_implied_end_tags();

 private:
  // What the rules ask of an element, kept beside it: scanning a stack touches nothing else.
  struct Entry {
    Element* element;
    Name name;
    uint32_t traits;
  };
  const Entry& entry(size_t index) const {
    budget_.looked();
    return elements_[index];
  }
  template <class Wanted>
  bool find_in_scope(Scope scope, Wanted wanted);
  Entry note(Element& element);
  void close(const Entry& entry);

  std::vector<Entry> elements_;
  std::array<uint32_t, known_names + 1> counts_{};
  ScanBudget& budget_;
};

}  // namespace shikake::html
