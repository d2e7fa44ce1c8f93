// A parsed selector, between selector_parser.cpp and selectors.cpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "html/selectors.h"

namespace shikake::html {

enum class SimpleKind : uint8_t {
  universal,
  type,
  id,
  class_name,
  attribute,
  negation,
  any_of,
  root,
  scope,
  empty,
  nth,
  never,
};
enum class AttributeTest : uint8_t { present, equals, word, dashed, prefix, suffix, substring };
enum class CaseRule : uint8_t { by_name, insensitive, sensitive };
enum class Combinator : uint8_t { none, descendant, child, next_sibling, later_sibling };

struct SimpleSelector {
  SimpleKind kind;
  std::u16string name;        // of the type, id, class or attribute
  std::u16string lower_name;  // of the type or attribute
  std::u16string value;
  AttributeTest test = AttributeTest::present;
  CaseRule case_rule = CaseRule::by_name;
  std::unique_ptr<Selector::List> list;  // of :not and :is
  int a = 0, b = 0;                      // of nth: positions a*n + b, n from 0
  bool from_end = false, of_type = false;
};

struct CompoundSelector {
  std::vector<SimpleSelector> simple;
  Combinator to_left = Combinator::none;  // how it hangs on the next in `ComplexSelector`
};

using ComplexSelector = std::vector<CompoundSelector>;  // from right to left

struct Selector::List {
  std::vector<ComplexSelector> complex;
};

}  // namespace shikake::html
