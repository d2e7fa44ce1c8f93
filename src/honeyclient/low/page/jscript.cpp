#include "honeyclient/low/page/jscript.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

namespace {

constexpr uint32_t last_with_conditional_compilation = 10;  // of Internet Explorer's versions
constexpr uint32_t last_with_member_functions = 8;
constexpr uint32_t last_with_old_literals = 8;
constexpr int max_depth = 100;  // of parentheses in a condition

bool is_name_start(char16_t unit) {
  return (unit | 0x20) >= 'a' ? (unit | 0x20) <= 'z' || unit > 0x7F : unit == '_' || unit == '$';
}
bool is_name_part(char16_t unit) {
  return is_name_start(unit) || unit == '_' || unit == '$' || (unit >= '0' && unit <= '9');
}
bool is_newline(char16_t unit) {
  return unit == '\n' || unit == '\r' || unit == 0x2028 || unit == 0x2029;
}

// "[1,]" has two elements in JScript up to 5.8: its last comma stands before one that is undefined.
bool ends_array(std::u16string_view text, size_t comma) {
  size_t next = comma + 1;
  while (next < text.size() && (text[next] <= ' ')) ++next;
  return next < text.size() && text[next] == ']';
}
bool has_old_literals(std::u16string_view text) {
  if (text.find(u"\\v") != text.npos) return true;
  for (size_t at = text.find(u']'); at != text.npos; at = text.find(u']', at + 1)) {
    size_t before = at;
    while (before > 0 && text[before - 1] <= ' ') --before;
    if (before > 0 && text[before - 1] == ',') return true;
  }
  return false;
}

double jscript_version(uint32_t browser) {
  return browser <= 6 ? 5.6 : browser == 7 ? 5.7 : browser == 8 ? 5.8 : static_cast<double>(browser);
}

class Rewriter {
 public:
  Rewriter(const Persona& persona, ConditionalCompilation& state, std::u16string_view text)
      : persona_(persona), state_(state), text_(text) {
    out_.reserve(text.size());
  }

  std::u16string run() {
    while (at_ < text_.size()) step();
    return std::move(out_);
  }

 private:
  char16_t peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : u'\0'; }
  bool next_is(std::u16string_view wanted) const { return text_.substr(at_, wanted.size()) == wanted; }
  bool word_is(std::u16string_view wanted) const {
    return next_is(wanted) &&
           !(at_ + wanted.size() < text_.size() && is_name_part(text_[at_ + wanted.size()]));
  }
  // Both end where the text does: the last thing in it may be half a string.
  void copy(size_t count = 1) {
    count = std::min(count, text_.size() - at_);
    out_.append(text_.substr(at_, count));
    at_ += count;
  }
  // Blanks for what is taken out, so that columns and lines stay.
  void blank(size_t count) {
    count = std::min(count, text_.size() - at_);
    for (char16_t unit : text_.substr(at_, count)) out_ += is_newline(unit) ? unit : u' ';
    at_ += count;
  }

  void step() {
    char16_t unit = peek();
    if (unit == '"' || unit == '\'') return quoted(unit);
    if (next_is(u"//")) return line_comment();
    if (next_is(u"/*")) return block_comment();
    if (unit == '/' && regular_expression_may_start()) return regular_expression();
    if (unit == '@') return at_sign();
    if (is_name_start(unit)) return name();
    if (unit == ',' && is_old() && ends_array(text_, at_)) out_ += u',';
    if (unit > ' ') significant_ = unit;
    copy();
  }
  bool is_old() const { return persona_.version <= last_with_old_literals; }

  void quoted(char16_t quote) {
    copy();
    size_t shorter = 0;
    while (at_ < text_.size() && peek() != quote && !is_newline(peek())) {
      // JScript 5.8 knows no vertical tab: "\v" is the letter, by which pages tell it from others.
      if (peek() == '\\' && peek(1) == 'v' && is_old()) {
        out_ += u'v';
        at_ += 2;
        ++shorter;
      } else {
        copy(peek() == '\\' ? 2 : 1);
      }
    }
    copy();
    out_.append(shorter, u' ');  // columns stay
    significant_ = quote;
  }
  void line_comment() {
    bool conditional = next_is(u"//@cc_on") || (state_.on && next_is(u"//@"));
    if (conditional && allowed()) return open_comment();
    while (at_ < text_.size() && !is_newline(peek())) copy();
  }
  void block_comment() {
    bool conditional = next_is(u"/*@cc_on") || (state_.on && next_is(u"/*@"));
    if (conditional && allowed()) return open_comment();
    size_t end = text_.find(u"*/", at_ + 2);
    copy(end == std::u16string_view::npos ? text_.size() - at_ : end + 2 - at_);
  }
  // "//@" and "/*@": what follows is code; a name after the sign is a directive or a variable.
  void open_comment() { blank(is_name_part(peek(3)) ? 2 : 3); }
  bool allowed() const { return persona_.version <= last_with_conditional_compilation; }

  // After an operand a slash divides.
  bool regular_expression_may_start() const {
    if (after_keyword_) return true;
    return !is_name_part(significant_) && significant_ != ')' && significant_ != ']' && significant_ != '"' &&
           significant_ != '\'';
  }
  void regular_expression() {
    bool in_class = false;
    copy();
    while (at_ < text_.size() && !is_newline(peek()) && (in_class || peek() != '/')) {
      if (peek() == '[') in_class = true;
      if (peek() == ']') in_class = false;
      copy(peek() == '\\' ? 2 : 1);
    }
    copy();
    significant_ = u')';
  }

  void name() {
    size_t end = at_;
    while (end < text_.size() && is_name_part(text_[end])) ++end;
    std::u16string_view word = text_.substr(at_, end - at_);
    after_keyword_ =
        word == u"return" || word == u"typeof" || word == u"case" || word == u"in" || word == u"else";
    significant_ = u'a';
    if (word == u"function" && persona_.version <= last_with_member_functions && member_function(end)) return;
    copy(word.size());
  }
  // "function a.b(" becomes "a.b = function(".
  bool member_function(size_t after) {
    size_t start = after;
    while (start < text_.size() && (text_[start] == ' ' || text_[start] == '\t')) ++start;
    size_t end = start;
    bool member = false;
    while (end < text_.size() && (is_name_part(text_[end]) || text_[end] == '.' || text_[end] == ':')) {
      member = member || text_[end] == '.' || text_.substr(end, 2) == u"::";
      ++end;
    }
    if (!member) return false;
    std::u16string path(text_.substr(start, end - start));
    if (size_t colons = path.find(u"::"); colons != std::u16string::npos) path.erase(colons, 1), path[colons] = u'.';
    out_ += path;
    out_ += u"=function";  // as long as what it stands for
    at_ = end;
    return true;
  }

  // --- conditional compilation

  void at_sign() {
    if (!allowed()) return copy();
    if (word_is(u"@cc_on")) {
      state_.on = true;
      return blank(6);
    }
    if (!state_.on) return copy();
    if (next_is(u"@*/")) return blank(3);
    if (word_is(u"@if")) return branch(3);
    if (word_is(u"@elif") || word_is(u"@else")) return skip_rest();  // of an @if whose branch was taken
    if (word_is(u"@end")) return blank(4);
    if (word_is(u"@set")) return assignment();
    variable();
  }

  void branch(size_t length) {
    blank(length);
    if (!truth(condition())) skip_branch();
  }
  // Up to the branch that is taken, or the @end.
  void skip_branch() {
    for (int depth = 0; at_ < text_.size();) {
      if (word_is(u"@if")) ++depth;
      if (word_is(u"@end") && depth-- == 0) return blank(4);
      if (depth == 0 && word_is(u"@else")) return blank(5);
      if (depth == 0 && word_is(u"@elif")) {
        blank(5);
        if (truth(condition())) return;
        continue;
      }
      blank(1);
    }
  }
  void skip_rest() {
    for (int depth = 0; at_ < text_.size(); blank(1)) {
      if (word_is(u"@if")) ++depth;
      if (word_is(u"@end") && depth-- == 0) return blank(4);
    }
  }
  void assignment() {
    blank(4);
    skip_spaces();
    if (peek() != '@') return;
    blank(1);
    std::u16string name = read_name();
    skip_spaces();
    if (peek() != '=') return;
    blank(1);
    state_.variables[name] = ranked(0, 0);
  }
  void variable() {
    size_t before = out_.size();
    ++at_;
    std::u16string name = read_name();
    out_.resize(before);
    double value = value_of(name);
    std::u16string text = std::isnan(value) ? u"NaN" : wide(number(value));
    out_ += text;
    significant_ = u'a';
  }
  static std::string number(double value) {
    char digits[40];
    std::snprintf(digits, sizeof digits, "%.15g", value);
    return digits;
  }

  double value_of(std::u16string_view name) const {
    if (name == u"_jscript" || name == u"_win32" || name == u"_x86") return 1;
    if (name == u"_jscript_version") return jscript_version(persona_.version);
    if (name == u"_jscript_build") return 23000;
    auto found = state_.variables.find(name);
    return found == state_.variables.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
  }

  // --- conditions; what is read is blanked

  static bool truth(double value) { return value != 0 && !std::isnan(value); }
  void skip_spaces() {
    while (peek() == ' ' || peek() == '\t') blank(1);
  }
  std::u16string read_name() {
    size_t end = at_;
    while (end < text_.size() && is_name_part(text_[end])) ++end;
    std::u16string name(text_.substr(at_, end - at_));
    blank(name.size());
    return name;
  }
  double condition() {
    skip_spaces();
    if (peek() != '(') return 0;
    return operand(0);
  }
  double ranked(int least, int depth) {
    struct Row {
      std::u16string_view sign;
      int rank;
    };
    static constexpr Row rows[] = {{u"||", 1}, {u"&&", 2}, {u"==", 6}, {u"!=", 6}, {u"<=", 7}, {u">=", 7},
                                   {u"<<", 8}, {u">>", 8}, {u"|", 3},  {u"^", 4},  {u"&", 5},  {u"<", 7},
                                   {u">", 7},  {u"+", 9},  {u"-", 9},  {u"*", 10}, {u"/", 10}, {u"%", 10}};
    double left = operand(depth);
    while (true) {
      skip_spaces();
      const Row* found = nullptr;
      if (!next_is(u"@*/") && !next_is(u"*/"))
        for (const Row& row : rows)
          if (!found && next_is(row.sign)) found = &row;
      if (!found || found->rank < least) return left;
      blank(found->sign.size());
      if (found->sign == u"==" || found->sign == u"!=")
        while (peek() == '=') blank(1);
      left = applied(found->sign, left, ranked(found->rank + 1, depth));
    }
  }
  static double applied(std::u16string_view sign, double a, double b) {
    auto bits = [](double value) { return std::isfinite(value) ? static_cast<int64_t>(value) : 0; };
    if (sign == u"||") return truth(a) ? a : b;
    if (sign == u"&&") return truth(a) ? b : a;
    if (sign == u"==") return a == b;
    if (sign == u"!=") return a != b;
    if (sign == u"<=") return a <= b;
    if (sign == u">=") return a >= b;
    if (sign == u"<") return a < b;
    if (sign == u">") return a > b;
    if (sign == u"+") return a + b;
    if (sign == u"-") return a - b;
    if (sign == u"*") return a * b;
    if (sign == u"/") return a / b;
    if (sign == u"%") return std::fmod(a, b);
    int64_t x = bits(a), y = bits(b);
    if (sign == u"<<") return static_cast<double>(x << (y & 31));
    if (sign == u">>") return static_cast<double>(x >> (y & 31));
    return static_cast<double>(sign == u"|" ? x | y : sign == u"^" ? x ^ y : x & y);
  }
  double operand(int depth) {
    skip_spaces();
    if (depth > max_depth) return 0;
    char16_t unit = peek();
    if (unit == '(') {
      blank(1);
      double value = ranked(0, depth + 1);
      skip_spaces();
      if (peek() == ')') blank(1);
      return value;
    }
    if (unit == '!' || unit == '-' || unit == '+' || unit == '~') {
      blank(1);
      double value = operand(depth + 1);
      return unit == '!' ? !truth(value) : unit == '-' ? -value : unit == '~' ? -value - 1 : value;
    }
    if (unit == '@') {
      blank(1);
      return value_of(read_name());
    }
    if (is_name_start(unit)) return read_name() == u"true" ? 1 : 0;
    double value = 0, place = 0;
    while ((peek() >= '0' && peek() <= '9') || (peek() == '.' && place == 0)) {
      if (peek() == '.') {
        place = 1;
      } else {
        value = value * 10 + (peek() - '0');
        place *= 10;
      }
      blank(1);
    }
    return place > 1 ? value / place : value;
  }

  const Persona& persona_;
  ConditionalCompilation& state_;
  std::u16string_view text_;
  std::u16string out_;
  size_t at_ = 0;
  char16_t significant_ = u';';  // the last unit that was not a blank
  bool after_keyword_ = false;
};

}  // namespace

std::u16string standard_script(const Persona& persona, ConditionalCompilation& state,
                               std::u16string_view text) {
  bool conditional = persona.version <= last_with_conditional_compilation &&
                     (state.on || text.find(u"@cc_on") != std::u16string_view::npos);
  bool members =
      persona.version <= last_with_member_functions && text.find(u"function ") != std::u16string_view::npos;
  const bool literals = persona.version <= last_with_old_literals && has_old_literals(text);
  if (persona.engine != Engine::trident || (!conditional && !members && !literals)) return std::u16string(text);
  return Rewriter(persona, state, text).run();
}

}  // namespace shikake::honeyclient::low::page
