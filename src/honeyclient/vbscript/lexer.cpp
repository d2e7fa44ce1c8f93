#include "honeyclient/vbscript/lexer.h"

#include <cstdlib>

#include "honeyclient/vbscript/convert.h"
#include "honeyclient/vbscript/parser.h"

namespace shikake::honeyclient::vbscript {

namespace {

bool is_digit(char16_t unit) {
  return unit >= '0' && unit <= '9';
}
bool is_letter(char16_t unit) {
  return (unit >= 'a' && unit <= 'z') || (unit >= 'A' && unit <= 'Z') ||
         (unit > 0x7F && unit != 0xA0 && unit != 0x3000);
}
bool is_name_part(char16_t unit) {
  return is_letter(unit) || is_digit(unit) || unit == '_';
}
bool is_newline(char16_t unit) {
  return unit == '\n' || unit == '\r';
}
int hex_digit(char16_t unit) {
  if (is_digit(unit)) return unit - '0';
  if (unit >= 'a' && unit <= 'f') return unit - 'a' + 10;
  if (unit >= 'A' && unit <= 'F') return unit - 'A' + 10;
  return -1;
}

class Lexer {
 public:
  explicit Lexer(std::u16string_view source) : source_(source) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) step();
    end_statement(u"\n");
    add(TokenKind::end, {});
    return std::move(tokens_);
  }

 private:
  char16_t peek(size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : u'\0';
  }
  [[noreturn]] void fail(int32_t number, std::u16string text) const {
    throw SyntaxError{{number, std::move(text), line_, column()}};
  }
  uint32_t column() const { return static_cast<uint32_t>(at_ - line_start_ + 1); }

  Token& add(TokenKind kind, std::u16string text) {
    Token token;
    token.kind = kind;
    token.text = std::move(text);
    token.line = line_;
    token.column = column();
    token.after_space = space_;
    space_ = false;
    tokens_.push_back(std::move(token));
    return tokens_.back();
  }
  void end_statement(std::u16string_view how) {
    // A line's end is kept after a colon too: a one-line If ends at the line, not at the colon.
    if (!tokens_.empty() && tokens_.back().kind == TokenKind::end_of_statement && tokens_.back().text == how)
      return;
    add(TokenKind::end_of_statement, std::u16string(how));
  }
  bool after_operand() const {
    if (tokens_.empty()) return false;
    const Token& last = tokens_.back();
    return last.kind == TokenKind::name || last.kind == TokenKind::quoted_name ||
           last.kind == TokenKind::literal || (last.kind == TokenKind::sign && last.text == u")");
  }

  void step() {
    char16_t unit = peek();
    if (is_newline(unit)) return newline();
    if (unit == '\'' || starts_markup_comment()) return skip_line();
    if (unit == '_' && continues_line()) return;
    if (is_letter(unit)) return name();
    if (unit == '[') return quoted_name();
    if (is_digit(unit) || (unit == '.' && is_digit(peek(1)) && !(after_operand() && !space_)))
      return number();
    if (unit == '"') return text();
    if (unit == '#') return date();
    if (unit == '&' && radix_number()) return;
    sign();
  }

  void newline() {
    end_statement(u"\n");
    at_ += peek() == '\r' && peek(1) == '\n' ? 2 : 1;
    ++line_;
    line_start_ = at_;
  }
  void skip_line() {
    while (at_ < source_.size() && !is_newline(peek())) ++at_;
  }
  // The marks with which pages hid scripts from old browsers.
  bool starts_markup_comment() const {
    return source_.substr(at_, 4) == u"<!--" || source_.substr(at_, 3) == u"-->";
  }
  bool continues_line() {
    size_t end = at_ + 1;
    while (end < source_.size() && (source_[end] == ' ' || source_[end] == '\t')) ++end;
    if (end < source_.size() && !is_newline(source_[end])) fail(1032, u"Invalid character");
    at_ = end;
    if (at_ < source_.size()) at_ += peek() == '\r' && peek(1) == '\n' ? 2 : 1;
    ++line_;
    line_start_ = at_;
    space_ = true;
    return true;
  }

  void name() {
    size_t end = at_;
    while (end < source_.size() && is_name_part(source_[end])) ++end;
    std::u16string spelled(source_.substr(at_, end - at_));
    std::u16string lowered = lower_case(spelled);
    bool member = !tokens_.empty() && tokens_.back().kind == TokenKind::sign && tokens_.back().text == u".";
    if (lowered == u"rem" && !member) return skip_line();
    add(TokenKind::name, std::move(lowered)).spelled = std::move(spelled);
    at_ = end;
  }
  void quoted_name() {
    size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != ']' && !is_newline(source_[end])) ++end;
    if (end >= source_.size() || source_[end] != ']') fail(1007, u"Expected ']'");
    std::u16string spelled(source_.substr(at_ + 1, end - at_ - 1));
    add(TokenKind::quoted_name, lower_case(spelled)).spelled = std::move(spelled);
    at_ = end + 1;
  }

  void number() {
    size_t end = at_;
    bool whole = true;
    while (end < source_.size() && is_digit(source_[end])) ++end;
    if (end < source_.size() && source_[end] == '.') {
      whole = false;
      ++end;
      while (end < source_.size() && is_digit(source_[end])) ++end;
    }
    size_t mark = end;
    if (mark < source_.size() && (source_[mark] | 0x20) == 'e') {
      ++mark;
      if (mark < source_.size() && (source_[mark] == '+' || source_[mark] == '-')) ++mark;
      if (mark < source_.size() && is_digit(source_[mark])) {
        whole = false;
        while (mark < source_.size() && is_digit(source_[mark])) ++mark;
        end = mark;
      }
    }
    std::string digits;
    for (char16_t unit : source_.substr(at_, end - at_)) digits += static_cast<char>(unit);
    double value = std::strtod(digits.c_str(), nullptr);
    if (value > 1.7976931348623157e308) fail(6, u"Overflow");
    Value literal = whole && value <= 32767        ? Value(static_cast<int16_t>(value))
                    : whole && value <= 2147483647 ? Value(static_cast<int32_t>(value))
                                                   : Value(value);
    add(TokenKind::literal, {}).value = std::move(literal);
    at_ = end;
  }

  // &HFF, &HFF&, &O17, &17. Not where "&" joins two operands: s&hex(n).
  bool radix_number() {
    char16_t letter = static_cast<char16_t>(peek(1) | 0x20);
    bool hexadecimal = letter == 'h';
    size_t start = at_ + (hexadecimal || letter == 'o' ? 2 : 1);
    size_t end = start;
    uint64_t value = 0;
    while (end < source_.size()) {
      int digit = hex_digit(source_[end]);
      if (digit < 0 || (!hexadecimal && digit > 7)) break;
      value = value * (hexadecimal ? 16 : 8) + static_cast<uint64_t>(digit);
      if (value > 0xFFFFFFFF) fail(6, u"Overflow");
      ++end;
    }
    if (end == start) return false;
    bool joins =
        after_operand() && (start == at_ + 1 || (end < source_.size() && is_name_part(source_[end])));
    if (joins) return false;
    bool is_long = end < source_.size() && source_[end] == '&';
    Value literal = value <= 0xFFFF && !is_long ? Value(static_cast<int16_t>(static_cast<uint16_t>(value)))
                                                : Value(static_cast<int32_t>(static_cast<uint32_t>(value)));
    add(TokenKind::literal, {}).value = std::move(literal);
    at_ = end + (is_long ? 1 : 0);
    return true;
  }

  void text() {
    std::u16string text;
    size_t end = at_ + 1;
    while (true) {
      if (end >= source_.size() || is_newline(source_[end])) fail(1033, u"Unterminated string constant");
      if (source_[end] == '"') {
        if (end + 1 >= source_.size() || source_[end + 1] != '"') break;
        ++end;
      }
      text += source_[end++];
    }
    add(TokenKind::literal, {}).value = Value(std::move(text));
    at_ = end + 1;
  }
  void date() {
    size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != '#' && !is_newline(source_[end])) ++end;
    std::optional<Date> date;
    if (end < source_.size() && source_[end] == '#')
      date = parse_date(source_.substr(at_ + 1, end - at_ - 1));
    if (!date) fail(1031, u"Invalid number");
    add(TokenKind::literal, {}).value = Value(*date);
    at_ = end + 1;
  }

  void sign() {
    char16_t unit = peek();
    if (unit <= ' ' || unit == 0xA0 || unit == 0x3000) {
      space_ = true;
      ++at_;
      return;
    }
    if (unit == ':') {
      end_statement(u":");
      ++at_;
      return;
    }
    char16_t next = peek(1);
    if ((unit == '<' && (next == '=' || next == '>')) || (unit == '>' && (next == '=' || next == '<')) ||
        (unit == '=' && (next == '<' || next == '>'))) {
      std::u16string both = unit == '<' && next == '>'   ? u"<>"
                            : unit == '>' && next == '<' ? u"<>"
                            : unit == '<' || next == '<' ? u"<="
                                                         : u">=";
      add(TokenKind::sign, both);
      at_ += 2;
      return;
    }
    if (std::u16string_view(u"(),.=<>+-*/\\^&").find(unit) == std::u16string_view::npos)
      fail(1032, u"Invalid character");
    add(TokenKind::sign, std::u16string(1, unit));
    ++at_;
  }

  std::u16string_view source_;
  size_t at_ = 0, line_start_ = 0;
  uint32_t line_ = 1;
  bool space_ = false;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokens_of(std::u16string_view source) {
  return Lexer(source).run();
}

}  // namespace shikake::honeyclient::vbscript
