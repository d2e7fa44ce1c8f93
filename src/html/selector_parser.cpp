// Selectors as text. https://drafts.csswg.org/selectors-4/#grammar
#include <algorithm>
#include <charconv>

#include "html/selector_list.h"

namespace shikake::html {
namespace {

constexpr int max_nesting = 16;         // of :not(:is(…)): parsing and matching recurse that deep at most
constexpr size_t max_compounds = 1024;  // between two commas; matching recurses that deep at most

bool is_name_start(char16_t c) {
  return is_alpha(c) || c == u'_' || c >= 0x80;
}
bool is_name_char(char16_t c) {
  return is_name_start(c) || is_digit(c) || c == u'-';
}

class SelectorParser {
 public:
  explicit SelectorParser(std::u16string_view text) : text_(text) {}

  Result<std::unique_ptr<Selector::List>> parse() {
    auto list = this->list(0);
    if (list && at_ != text_.size()) error(u8"expected a combinator, a comma or the end");
    if (!list || failed_) {
      Error error{
          Module::html, ErrorCode::invalid_input,
          "not a selector that is understood: " + what_ + " at character " + std::to_string(failed_at_ + 1)};
      error.offset = failed_at_;
      return tl::unexpected(std::move(error));
    }
    return list;
  }

 private:
  using ListPointer = std::unique_ptr<Selector::List>;

  ListPointer error(const char8_t* what) {
    if (!failed_) {
      failed_ = true;
      failed_at_ = at_;
      what_ = reinterpret_cast<const char*>(what);
    }
    return nullptr;
  }

  char16_t peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : u'\0'; }
  bool eat(char16_t c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  bool skip_space() {
    size_t from = at_;
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    return at_ != from;
  }

  ListPointer list(int depth) {
    if (depth > max_nesting) return error(u8"nested too deep");
    auto list = std::make_unique<Selector::List>();
    do {
      skip_space();
      list->complex.push_back(complex(depth));
      if (failed_) return nullptr;
      skip_space();
    } while (eat(u','));
    return list;
  }

  ComplexSelector complex(int depth) {
    ComplexSelector parts;
    Combinator combinator = Combinator::none;
    for (;;) {
      parts.push_back(compound(depth));
      if (failed_) return parts;
      parts.back().to_left = combinator;
      if (parts.size() > max_compounds) {
        error(u8"more combinators than any page needs");
        return parts;
      }
      bool space = skip_space();
      switch (peek()) {
        case u'>':
          combinator = Combinator::child;
          break;
        case u'+':
          combinator = Combinator::next_sibling;
          break;
        case u'~':
          combinator = Combinator::later_sibling;
          break;
        default:
          if (!space || at_ >= text_.size() || peek() == u',' || peek() == u')') {
            std::ranges::reverse(parts);
            return parts;
          }
          combinator = Combinator::descendant;
          continue;
      }
      ++at_;
      skip_space();
    }
  }

  CompoundSelector compound(int depth) {
    CompoundSelector compound;
    if (peek() == u'*' || peek() == u'|' || starts_identifier()) type(compound);
    for (;;) {
      switch (peek()) {
        case u'#':
          ++at_;
          compound.simple.push_back({SimpleKind::id, identifier(true)});
          break;
        case u'.':
          ++at_;
          compound.simple.push_back({SimpleKind::class_name, identifier(false)});
          break;
        case u'[':
          attribute(compound);
          break;
        case u':':
          pseudo(compound, depth);
          break;
        default:
          if (compound.simple.empty()) error(u8"expected a name, *, #, ., [ or :");
          return compound;
      }
      if (failed_) return compound;
    }
  }

  // name, *, *|name, |name
  void type(CompoundSelector& compound) {
    if (peek() == u'*' && peek(1) == u'|' && peek(2) != u'=') at_ += 2;
    if (eat(u'*')) {
      if (peek() == u'|') error(u8"namespace prefixes are not declared here");
      compound.simple.push_back({SimpleKind::universal, {}});
      return;
    }
    std::u16string name = identifier(false);
    if (failed_ || peek() == u'|') {
      error(u8"namespace prefixes are not declared here");
      return;
    }
    compound.simple.push_back({SimpleKind::type, name, to_lower(name)});
  }

  bool starts_identifier() const {
    char16_t c = peek();
    if (c == u'-') return is_name_start(peek(1)) || peek(1) == u'-' || peek(1) == u'\\';
    return is_name_start(c) || (c == u'\\' && at_ + 1 < text_.size() && peek(1) != u'\n');
  }

  // https://drafts.csswg.org/css-syntax-3/#consume-name; after # it may begin with a digit
  std::u16string identifier(bool hash) {
    std::u16string name;
    if (!hash && !starts_identifier()) error(u8"expected a name");
    while (!failed_ && at_ < text_.size()) {
      char16_t c = peek();
      if (is_name_char(c)) {
        name += c;
        ++at_;
      } else if (c == u'\\' && at_ + 1 < text_.size() && peek(1) != u'\n') {
        escape(name);
      } else {
        break;
      }
    }
    if (name.empty()) error(u8"expected a name");
    return name;
  }

  void escape(std::u16string& to) {
    ++at_;
    if (hex_value(peek()) < 0) {
      to += peek();
      ++at_;
      return;
    }
    char32_t c = 0;
    for (int digits = 0; digits < 6 && hex_value(peek()) >= 0; ++digits, ++at_) {
      c = c * 16 + static_cast<char32_t>(hex_value(peek()));
    }
    if (is_space(peek())) ++at_;
    bool bad = c == 0 || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000);
    append_code_point(to, bad ? 0xFFFD : c);
  }

  std::u16string string(char16_t quote) {
    std::u16string value;
    ++at_;
    while (at_ < text_.size() && peek() != quote) {
      if (peek() == u'\n') {
        error(u8"a string ends at its line's end");
        return value;
      }
      if (peek() != u'\\') {
        value += text_[at_++];
      } else if (peek(1) == u'\n') {
        at_ += 2;  // a continued line
      } else if (at_ + 1 < text_.size()) {
        escape(value);
      } else {
        ++at_;
      }
    }
    eat(quote);  // CSS lets the end of the text close a string
    return value;
  }

  void attribute(CompoundSelector& compound) {
    ++at_;
    skip_space();
    if (peek() == u'*' && peek(1) == u'|') at_ += 2;
    SimpleSelector simple{SimpleKind::attribute, identifier(false)};
    simple.lower_name = to_lower(simple.name);
    skip_space();
    if (at_ < text_.size() && !eat(u']')) {  // the end of the text closes it
      switch (peek()) {
        case u'=':
          simple.test = AttributeTest::equals;
          break;
        case u'~':
          simple.test = AttributeTest::word;
          break;
        case u'|':
          simple.test = AttributeTest::dashed;
          break;
        case u'^':
          simple.test = AttributeTest::prefix;
          break;
        case u'$':
          simple.test = AttributeTest::suffix;
          break;
        case u'*':
          simple.test = AttributeTest::substring;
          break;
        default:
          error(u8"expected ], = or another comparison");
          return;
      }
      ++at_;
      if (simple.test != AttributeTest::equals && !eat(u'=')) {
        error(u8"expected =");
        return;
      }
      skip_space();
      bool quoted = peek() == u'"' || peek() == u'\'';
      simple.value = quoted ? string(peek()) : identifier(false);
      skip_space();
      if (char16_t flag = to_lower(peek()); flag == u'i' || flag == u's') {
        simple.case_rule = flag == u'i' ? CaseRule::insensitive : CaseRule::sensitive;
        ++at_;
        skip_space();
      }
      if (at_ < text_.size() && !eat(u']')) error(u8"expected ]");
    }
    compound.simple.push_back(std::move(simple));
  }

  void pseudo(CompoundSelector& compound, int depth) {
    ++at_;
    if (peek() == u':') {
      error(u8"pseudo-elements match no element");
      return;
    }
    std::u16string name = to_lower(identifier(false));
    if (failed_) return;
    if (!eat(u'(')) return plain_pseudo(compound, name);
    skip_space();
    if (name == u"not" || name == u"is" || name == u"where" || name == u"matches" || name == u"any") {
      SimpleSelector simple{name == u"not" ? SimpleKind::negation : SimpleKind::any_of, {}};
      simple.list = list(depth + 1);
      compound.simple.push_back(std::move(simple));
    } else if (name.starts_with(u"nth-")) {
      nth(compound, name);
    } else {
      error(u8"no such pseudo-class");
    }
    skip_space();
    if (!failed_ && at_ < text_.size() && !eat(u')')) error(u8"expected )");
  }

  void plain_pseudo(CompoundSelector& compound, std::u16string_view name) {
    auto add_nth = [&](bool from_end, bool of_type) {
      SimpleSelector simple{SimpleKind::nth, {}};
      simple.b = 1;
      simple.from_end = from_end;
      simple.of_type = of_type;
      compound.simple.push_back(std::move(simple));
    };
    auto add = [&](SimpleKind kind) { compound.simple.push_back({kind, {}}); };
    bool of_type = name.ends_with(u"-of-type");
    if (name == u"root") return add(SimpleKind::root);
    if (name == u"scope") return add(SimpleKind::scope);
    if (name == u"empty") return add(SimpleKind::empty);
    if (name == u"first-child" || name == u"first-of-type") return add_nth(false, of_type);
    if (name == u"last-child" || name == u"last-of-type") return add_nth(true, of_type);
    if (name == u"only-child" || name == u"only-of-type") {
      add_nth(false, of_type);
      return add_nth(true, of_type);
    }
    // What depends on a pointer, a focus or a history is never so here.
    constexpr std::u16string_view never_matching[] = {u"hover",         u"active",  u"focus", u"focus-within",
                                                      u"focus-visible", u"visited", u"target"};
    if (std::ranges::find(never_matching, name) != std::end(never_matching)) return add(SimpleKind::never);
    error(u8"no such pseudo-class");
  }

  // https://drafts.csswg.org/css-syntax-3/#anb-microsyntax
  void nth(CompoundSelector& compound, std::u16string_view name) {
    SimpleSelector simple{SimpleKind::nth, {}};
    simple.from_end = name.starts_with(u"nth-last-");
    simple.of_type = name.ends_with(u"-of-type");
    constexpr std::u16string_view names[] = {u"nth-child", u"nth-last-child", u"nth-of-type",
                                             u"nth-last-of-type"};
    if (std::ranges::find(names, name) == std::end(names)) {
      error(u8"no such pseudo-class");
      return;
    }
    if (eat_word(u"odd")) {
      simple.a = 2, simple.b = 1;
    } else if (eat_word(u"even")) {
      simple.a = 2, simple.b = 0;
    } else {
      int sign = eat(u'-') ? -1 : (eat(u'+'), 1);
      bool digits = is_digit(peek());
      int value = sign * (digits ? number() : 1);
      if (to_lower(peek()) == u'n') {
        ++at_;
        simple.a = value;
        skip_space();
        if (peek() == u'+' || peek() == u'-') {
          int step_sign = text_[at_++] == u'-' ? -1 : 1;
          skip_space();
          if (!is_digit(peek())) error(u8"expected a number");
          simple.b = step_sign * number();
        }
      } else if (digits) {
        simple.b = value;
      } else {
        error(u8"expected odd, even or an+b");
      }
    }
    compound.simple.push_back(std::move(simple));
  }

  bool eat_word(std::u16string_view word) {
    if (!starts_ignoring_case(text_.substr(at_), word)) return false;
    at_ += word.size();
    return true;
  }

  int number() {
    constexpr int largest = 100'000'000;  // no parent has more children
    int value = 0;
    for (; is_digit(peek()); ++at_) value = std::min(value * 10 + (peek() - u'0'), largest);
    return value;
  }

  std::u16string_view text_;
  size_t at_ = 0;
  bool failed_ = false;
  size_t failed_at_ = 0;
  std::string what_;
};

}  // namespace

Selector::Selector(std::unique_ptr<List> list) : list_(std::move(list)) {}
Selector::~Selector() = default;
Selector::Selector(Selector&&) noexcept = default;
Selector& Selector::operator=(Selector&&) noexcept = default;

Result<Selector> Selector::parse(std::u16string_view text) {
  auto list = SelectorParser(text).parse();
  if (!list) return tl::unexpected(std::move(list).error());
  return Selector(std::move(*list));
}

}  // namespace shikake::html
