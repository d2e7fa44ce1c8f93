#include "html/conditional_comments.h"

#include <cmath>
#include <string>

#include "html/text.h"

namespace shikake::html {

namespace {

class Expression {
 public:
  Expression(std::u16string_view text, double version) : rest_(text), version_(version) {}

  bool holds() {
    const bool value = any(0);
    skip_space();
    return value && rest_.empty() && !broken_;
  }

 private:
  static constexpr int max_depth = 20;  // of parentheses; people write one or two

  void skip_space() {
    while (!rest_.empty() && is_space(rest_[0])) rest_.remove_prefix(1);
  }
  bool take(char16_t c) {
    skip_space();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::u16string word() {
    skip_space();
    std::u16string made;
    for (; !rest_.empty() && is_alpha(rest_[0]); rest_.remove_prefix(1)) made += to_lower(rest_[0]);
    return made;
  }

  bool any(int depth) {
    bool value = all(depth);
    while (take(u'|')) value = all(depth) || value;
    return value;
  }
  bool all(int depth) {
    bool value = one(depth);
    while (take(u'&')) value = one(depth) && value;
    return value;
  }
  bool one(int depth) {
    if (depth > max_depth) return broken_ = true, false;
    if (take(u'!')) return !one(depth + 1);
    if (take(u'(')) {
      const bool value = any(depth + 1);
      broken_ = broken_ || !take(u')');
      return value;
    }
    return comparison();
  }

  bool comparison() {
    std::u16string feature = word(), compared;
    if (feature == u"true") return true;
    if (feature == u"false") return false;
    if (feature == u"lt" || feature == u"lte" || feature == u"gt" || feature == u"gte") {
      compared = feature;
      feature = word();
    }
    if (feature.empty()) broken_ = true;
    skip_space();
    if (rest_.empty() || !is_digit(rest_[0])) return compared.empty() && feature == u"ie";
    bool point = false;
    double number = 0, unit = 1;
    for (; !rest_.empty() && (is_digit(rest_[0]) || (!point && rest_[0] == u'.')); rest_.remove_prefix(1)) {
      if (rest_[0] == u'.') {
        point = true;
        continue;
      }
      if (point) unit /= 10;
      number = point ? number + unit * (rest_[0] - u'0') : number * 10 + (rest_[0] - u'0');
    }
    if (feature != u"ie") return false;
    if (compared == u"lt") return version_ < number;
    if (compared == u"lte") return version_ <= number;
    if (compared == u"gt") return version_ > number;
    if (compared == u"gte") return version_ >= number;
    return point ? version_ == number : std::floor(version_) == number;
  }

  std::u16string_view rest_;
  const double version_;
  bool broken_ = false;
};

double version_of_process = 0;

}  // namespace

void set_conditional_comments(double version) {
  version_of_process = version;
}
double conditional_comments() {
  return version_of_process;
}

bool conditional_comment_holds(std::u16string_view expression, double version) {
  return Expression(expression, version).holds();
}

std::u16string_view conditional_expression(std::u16string_view opening) {
  constexpr size_t longest = 200;  // no person writes a longer one
  if (opening.size() < 5 || opening.size() > longest || opening.back() != u']') return {};
  if (!equal_ignoring_case(opening.substr(0, 3), u"[if") || is_alpha(opening[3])) return {};
  return opening.substr(3, opening.size() - 4);
}

bool ends_conditional(std::u16string_view text) {
  if (text.ends_with(u"--")) text.remove_suffix(2);
  constexpr std::u16string_view end = u"<![endif]";
  return text.size() >= end.size() && equal_ignoring_case(text.substr(text.size() - end.size()), end);
}

}  // namespace shikake::html
