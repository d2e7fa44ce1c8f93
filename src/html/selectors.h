// CSS selectors over the tree: what querySelector, querySelectorAll, matches and closest need.
// https://drafts.csswg.org/selectors-4/
//
//   SHIKAKE_ASSIGN(Selector selector, Selector::parse(u"div.x > a[href^='//']:not(#y)"));
//   for (Element* a : selector.all(document)) …
//
// Understood: type, *, #id, .class, [a], [a=v] with = ~= |= ^= $= *= and the flags i and s, the four
// combinators, lists, :not() :is() :where() with lists, :root :scope :empty, :first-child :last-child
// :only-child :nth-child() :nth-last-child() and their -of-type forms, escapes. All else is an error
// (querySelector throws a SyntaxError), as is an unknown namespace prefix.
//
// Matching takes time linear in the tree for each compound; sibling positions are counted once a parent.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "html/dom.h"

namespace shikake::html {

class Selector {
 public:
  static Result<Selector> parse(std::u16string_view text);  // Error::offset counts code units
  ~Selector();
  Selector(Selector&&) noexcept;
  Selector& operator=(Selector&&) noexcept;

  // `scope` is what :scope stands for; nullptr: the root element.
  bool matches(const Element& element, const Element* scope = nullptr) const;
  Element* closest(Element& element) const;  // itself or the nearest ancestor; nullptr: none
  // Below `root`, in tree order; :scope is `root` if that is an element.
  Element* first(const Node& root) const;
  std::vector<Element*> all(const Node& root) const;

  struct List;

 private:
  explicit Selector(std::unique_ptr<List> list);
  std::unique_ptr<List> list_;
};

}  // namespace shikake::html
