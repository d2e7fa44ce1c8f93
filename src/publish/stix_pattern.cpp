#include "publish/stix_pattern.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace shikake::publish {
namespace {

enum class TokenKind : uint8_t { end, word, string, number, literal, symbol };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;  // word, symbol, number; a literal's content
  PatternLiteral::Kind literal = PatternLiteral::Kind::string;
  size_t offset = 0;
};

constexpr std::string_view keywords[] = {
    "AND", "OR",    "NOT",  "FOLLOWEDBY", "LIKE", "MATCHES", "ISSUPERSET", "ISSUBSET", "EXISTS", "LAST",
    "IN",  "START", "STOP", "SECONDS",    "true", "false",   "WITHIN",     "REPEATS",  "TIMES"};

constexpr std::pair<std::string_view, PatternTest> symbol_tests[] = {
    {"=", PatternTest::equal},          {"==", PatternTest::equal},     {"!=", PatternTest::not_equal},
    {"<>", PatternTest::not_equal},     {">", PatternTest::greater},    {"<", PatternTest::less},
    {">=", PatternTest::greater_equal}, {"<=", PatternTest::less_equal}};
constexpr std::pair<std::string_view, PatternTest> word_tests[] = {{"IN", PatternTest::in},
                                                                   {"LIKE", PatternTest::like},
                                                                   {"MATCHES", PatternTest::matches},
                                                                   {"ISSUBSET", PatternTest::is_subset},
                                                                   {"ISSUPERSET", PatternTest::is_superset}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_keyword(std::string_view word) {
  return std::find(std::begin(keywords), std::end(keywords), word) != std::end(keywords);
}

tl::unexpected<Error> wrong(std::string what, size_t offset) {
  Error error{Module::publish, ErrorCode::invalid_input, "STIX pattern: " + std::move(what)};
  error.offset = offset;
  return fail(std::move(error));
}

// t'2014-…Z' by the grammar's ranges; it is kept as written.
bool is_timestamp(std::string_view text) {
  constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() < shape.size() + 1 || !text.ends_with('Z')) return false;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 'd' ? !is_digit(text[i]) : text[i] != shape[i]) return false;
  }
  auto two = [&](size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  if (two(5) < 1 || two(5) > 12 || two(8) < 1 || two(8) > 31 || two(11) > 23 || two(14) > 59 || two(17) > 60)
    return false;
  std::string_view fraction = text.substr(shape.size(), text.size() - shape.size() - 1);
  if (fraction.empty()) return true;
  return fraction.size() > 1 && fraction[0] == '.' &&
         std::all_of(fraction.begin() + 1, fraction.end(), is_digit);
}

bool is_hex(std::string_view text) {
  return text.size() % 2 == 0 && std::all_of(text.begin(), text.end(), [](char c) {
           return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

bool is_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return false;
  size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  return std::all_of(text.begin(), text.end() - static_cast<ptrdiff_t>(padding), [](char c) {
    return is_digit(c) || (is_letter(c) && c != '_') || c == '+' || c == '/';
  });
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<Token> next() {
    SHIKAKE_TRY(skip_blanks());
    Token token;
    token.offset = at_;
    if (at_ == text_.size()) return token;
    char c = text_[at_];
    if (c == '\'') return string(token);
    if ((c == 't' || c == 'h' || c == 'b') && at_ + 1 < text_.size() && text_[at_ + 1] == '\'')
      return special(token, c);
    if (is_letter(c)) return word(token);
    bool sign = c == '+' || c == '-';
    size_t digits = at_ + (sign ? 1 : 0);
    bool fraction = digits + 1 < text_.size() && text_[digits] == '.' && is_digit(text_[digits + 1]);
    if (fraction || (digits < text_.size() && is_digit(text_[digits]))) return number(token);
    return symbol(token);
  }

 private:
  // The grammar's WS has Unicode blanks too; these are their UTF-8 forms.
  size_t blank_length() const {
    constexpr std::string_view blanks[] = {
        " ",           "\t",           "\r",           "\n",           "\v",           "\xC2\x85",
        "\xC2\xA0",    "\xE1\x9A\x80", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F",
        "\xE3\x80\x80"};
    std::string_view rest = text_.substr(at_);
    for (std::string_view blank : blanks) {
      if (rest.starts_with(blank)) return blank.size();
    }
    bool en_quad_to_hair_space = rest.size() >= 3 && rest.starts_with("\xE2\x80") &&
                                 static_cast<uint8_t>(rest[2]) >= 0x80 &&
                                 static_cast<uint8_t>(rest[2]) <= 0x8A;
    return en_quad_to_hair_space ? 3 : 0;
  }

  Result<> skip_blanks() {
    for (;;) {
      if (size_t blank = blank_length()) {
        at_ += blank;
      } else if (text_.substr(at_).starts_with("/*")) {
        size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) return wrong("a comment never ends", at_);
        at_ = end + 2;
      } else if (text_.substr(at_).starts_with("//")) {
        at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
      } else {
        return {};
      }
    }
  }

  Result<Token> string(Token token) {
    token.kind = TokenKind::string;
    for (++at_; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == '\'') {
        ++at_;
        return token;
      }
      if (c == '\\') {
        ++at_;
        if (at_ == text_.size() || (text_[at_] != '\'' && text_[at_] != '\\'))
          return wrong("a backslash that escapes neither ' nor itself", at_ - 1);
        c = text_[at_];
      }
      token.text += c;
    }
    return wrong("a string never ends", token.offset);
  }

  Result<Token> special(Token token, char kind) {
    size_t end = text_.find('\'', at_ + 2);
    if (end == std::string_view::npos) return wrong("a literal never ends", at_);
    token.text = text_.substr(at_ + 2, end - at_ - 2);
    token.kind = TokenKind::literal;
    bool good = false;
    if (kind == 't') token.literal = PatternLiteral::Kind::timestamp, good = is_timestamp(token.text);
    if (kind == 'h') token.literal = PatternLiteral::Kind::hex, good = is_hex(token.text);
    if (kind == 'b') token.literal = PatternLiteral::Kind::binary, good = is_base64(token.text);
    if (!good) return wrong("malformed literal", at_);
    at_ = end + 1;
    return token;
  }

  Result<Token> word(Token token) {
    token.kind = TokenKind::word;
    size_t end = at_;
    while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]) || text_[end] == '-')) ++end;
    token.text = text_.substr(at_, end - at_);
    at_ = end;
    return token;
  }

  Result<Token> number(Token token) {
    token.kind = TokenKind::number;
    size_t end = at_;
    if (text_[end] == '+' || text_[end] == '-') ++end;
    size_t whole = end;
    while (end < text_.size() && is_digit(text_[end])) ++end;
    size_t whole_digits = end - whole;
    bool fraction = end + 1 < text_.size() && text_[end] == '.' && is_digit(text_[end + 1]);
    if (fraction) {
      ++end;
      while (end < text_.size() && is_digit(text_[end])) ++end;
    } else if (whole_digits > 1 && text_[whole] == '0') {
      return wrong("a number with a leading zero", at_);
    }
    token.text = text_.substr(at_, end - at_);
    at_ = end;
    return token;
  }

  Result<Token> symbol(Token token) {
    token.kind = TokenKind::symbol;
    std::string_view rest = text_.substr(at_);
    for (std::string_view two : {"==", "!=", "<>", "<=", ">="}) {
      if (rest.starts_with(two)) token.text = two;
    }
    if (token.text.empty()) {
      if (std::string_view("=<>:.,()[]*").find(rest[0]) == std::string_view::npos)
        return wrong("a character that means nothing here", at_);
      token.text = rest[0];
    }
    at_ += token.text.size();
    return token;
  }

  std::string_view text_;
  size_t at_ = 0;
};

// Recursive descent; joins bind AND before OR before FOLLOWEDBY, as the grammar's alternatives do.
class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}

  Result<PatternNode> parse() {
    SHIKAKE_TRY(advance());
    SHIKAKE_ASSIGN(PatternNode node, observations(0));
    if (token_.kind != TokenKind::end) return wrong("something follows the pattern", token_.offset);
    return node;
  }

 private:
  using Level = Result<PatternNode> (Parser::*)(int depth);

  Result<> advance() {
    SHIKAKE_ASSIGN(token_, lexer_.next());
    return {};
  }
  bool at_symbol(std::string_view text) const {
    return token_.kind == TokenKind::symbol && token_.text == text;
  }
  bool at_word(std::string_view text) const { return token_.kind == TokenKind::word && token_.text == text; }
  Result<> expect_symbol(std::string_view text) {
    if (!at_symbol(text)) return wrong("expected '" + std::string(text) + "'", token_.offset);
    return advance();
  }
  Result<> expect_word(std::string_view text) {
    if (!at_word(text)) return wrong("expected " + std::string(text), token_.offset);
    return advance();
  }

  Result<PatternNode> joined(PatternKind kind, std::string_view word, Level inner, int depth) {
    SHIKAKE_ASSIGN(PatternNode first, (this->*inner)(depth));
    if (!at_word(word)) return first;
    PatternNode node;
    node.kind = kind;
    node.children.push_back(std::move(first));
    while (at_word(word)) {
      SHIKAKE_TRY(advance());
      SHIKAKE_ASSIGN(PatternNode next, (this->*inner)(depth));
      node.children.push_back(std::move(next));
    }
    return node;
  }

  Result<PatternNode> observations(int depth) {
    return joined(PatternKind::followed_by, "FOLLOWEDBY", &Parser::observations_or, depth);
  }
  Result<PatternNode> observations_or(int depth) {
    return joined(PatternKind::observed_any, "OR", &Parser::observations_and, depth);
  }
  Result<PatternNode> observations_and(int depth) {
    return joined(PatternKind::observed_all, "AND", &Parser::observation, depth);
  }

  Result<PatternNode> observation(int depth) {
    if (depth == max_pattern_depth) return wrong("nested too deeply", token_.offset);
    PatternNode node;
    if (at_symbol("[")) {
      SHIKAKE_TRY(advance());
      SHIKAKE_ASSIGN(PatternNode inner, comparisons(depth + 1));
      SHIKAKE_TRY(expect_symbol("]"));
      node.kind = PatternKind::observation;
      node.children.push_back(std::move(inner));
    } else if (at_symbol("(")) {
      SHIKAKE_TRY(advance());
      SHIKAKE_ASSIGN(node, observations(depth + 1));
      SHIKAKE_TRY(expect_symbol(")"));
    } else {
      return wrong("expected '[' or '('", token_.offset);
    }
    return qualified(std::move(node), depth);
  }

  Result<PatternNode> qualified(PatternNode node, int depth) {
    while (at_word("START") || at_word("WITHIN") || at_word("REPEATS")) {
      if (++depth >= max_pattern_depth) return wrong("too many qualifiers", token_.offset);
      PatternNode outer;
      std::string word = token_.text;
      SHIKAKE_TRY(advance());
      if (word == "START") {
        outer.kind = PatternKind::start_stop;
        SHIKAKE_TRY(timestamp(outer));
        SHIKAKE_TRY(expect_word("STOP"));
        SHIKAKE_TRY(timestamp(outer));
      } else {
        outer.kind = word == "WITHIN" ? PatternKind::within : PatternKind::repeats;
        bool whole = token_.text.find('.') == std::string::npos;
        if (token_.kind != TokenKind::number || token_.text.starts_with('-') ||
            (outer.kind == PatternKind::repeats && !whole))
          return wrong("expected a positive number", token_.offset);
        outer.amount = token_.text;
        SHIKAKE_TRY(advance());
        SHIKAKE_TRY(expect_word(outer.kind == PatternKind::within ? "SECONDS" : "TIMES"));
      }
      outer.children.push_back(std::move(node));
      node = std::move(outer);
    }
    return node;
  }

  Result<> timestamp(PatternNode& node) {
    if (token_.kind != TokenKind::literal || token_.literal != PatternLiteral::Kind::timestamp)
      return wrong("expected a time, t'…'", token_.offset);
    node.literals.push_back({token_.literal, token_.text});
    return advance();
  }

  Result<PatternNode> comparisons(int depth) {
    return joined(PatternKind::any, "OR", &Parser::comparisons_and, depth);
  }
  Result<PatternNode> comparisons_and(int depth) {
    return joined(PatternKind::all, "AND", &Parser::comparison, depth);
  }

  Result<PatternNode> comparison(int depth) {
    if (depth == max_pattern_depth) return wrong("nested too deeply", token_.offset);
    if (at_symbol("(")) {
      SHIKAKE_TRY(advance());
      SHIKAKE_ASSIGN(PatternNode node, comparisons(depth + 1));
      SHIKAKE_TRY(expect_symbol(")"));
      return node;
    }
    PatternNode node;
    if (at_word("NOT")) {
      node.negated = true;
      SHIKAKE_TRY(advance());
      if (!at_word("EXISTS")) return wrong("expected EXISTS", token_.offset);
    }
    if (at_word("EXISTS")) {
      node.test = PatternTest::exists;
      SHIKAKE_TRY(advance());
      SHIKAKE_TRY(object_path(node));
      return node;
    }
    SHIKAKE_TRY(object_path(node));
    if (at_word("NOT")) {
      node.negated = true;
      SHIKAKE_TRY(advance());
    }
    SHIKAKE_TRY(test(node));
    return node;
  }

  Result<> object_path(PatternNode& node) {
    if (token_.kind != TokenKind::word || is_keyword(token_.text))
      return wrong("expected an object path such as url:value", token_.offset);
    node.object_type = token_.text;
    SHIKAKE_TRY(advance());
    SHIKAKE_TRY(expect_symbol(":"));
    SHIKAKE_TRY(key_step(node));
    while (at_symbol(".") || at_symbol("[")) {
      bool key = at_symbol(".");
      SHIKAKE_TRY(advance());
      if (key) {
        SHIKAKE_TRY(key_step(node));
        continue;
      }
      bool whole = token_.kind == TokenKind::number && token_.text.find('.') == std::string::npos;
      if (at_symbol("*"))
        node.path.push_back({PatternStep::Kind::any, "*"});
      else if (whole)
        node.path.push_back({PatternStep::Kind::index, token_.text});
      else
        return wrong("expected an index or *", token_.offset);
      SHIKAKE_TRY(advance());
      SHIKAKE_TRY(expect_symbol("]"));
    }
    return {};
  }

  Result<> key_step(PatternNode& node) {
    bool plain = token_.kind == TokenKind::word && !is_keyword(token_.text) &&
                 token_.text.find('-') == std::string::npos;
    if (!plain && token_.kind != TokenKind::string) return wrong("expected a property name", token_.offset);
    node.path.push_back({PatternStep::Kind::key, token_.text});
    return advance();
  }

  Result<> test(PatternNode& node) {
    std::optional<PatternTest> found;
    for (auto [symbol, test] : symbol_tests) {
      if (at_symbol(symbol)) found = test;
    }
    for (auto [word, test] : word_tests) {
      if (at_word(word)) found = test;
    }
    if (!found) return wrong("expected a comparison such as =", token_.offset);
    node.test = *found;
    SHIKAKE_TRY(advance());
    if (node.test == PatternTest::in) return set(node);
    bool text_only = node.test == PatternTest::like || node.test == PatternTest::matches ||
                     node.test == PatternTest::is_subset || node.test == PatternTest::is_superset;
    bool orderable = node.test != PatternTest::equal && node.test != PatternTest::not_equal;
    if (text_only && token_.kind != TokenKind::string) return wrong("expected a string", token_.offset);
    if (orderable && token_.kind == TokenKind::word)
      return wrong("truth values have no order", token_.offset);
    return literal(node);
  }

  Result<> set(PatternNode& node) {
    SHIKAKE_TRY(expect_symbol("("));
    if (at_symbol(")")) return advance();
    SHIKAKE_TRY(literal(node));
    while (at_symbol(",")) {
      SHIKAKE_TRY(advance());
      SHIKAKE_TRY(literal(node));
    }
    return expect_symbol(")");
  }

  Result<> literal(PatternNode& node) {
    PatternLiteral literal;
    literal.text = token_.text;
    if (token_.kind == TokenKind::string)
      literal.kind = PatternLiteral::Kind::string;
    else if (token_.kind == TokenKind::number)
      literal.kind = PatternLiteral::Kind::number;
    else if (token_.kind == TokenKind::literal)
      literal.kind = token_.literal;
    else if (at_word("true") || at_word("false"))
      literal.kind = PatternLiteral::Kind::boolean;
    else
      return wrong("expected a value", token_.offset);
    node.literals.push_back(std::move(literal));
    return advance();
  }

  Lexer lexer_;
  Token token_;
};

}  // namespace

Result<PatternNode> parse_pattern(std::string_view text) {
  if (text.size() > max_pattern_bytes) return wrong("longer than 1 MiB", max_pattern_bytes);
  return Parser(text).parse();
}

std::string PatternNode::path_text() const {
  std::string out;
  for (const PatternStep& step : path) {
    if (step.kind == PatternStep::Kind::key)
      out += (out.empty() ? "" : ".") + step.text;
    else
      out += "[" + step.text + "]";
  }
  return out;
}

}  // namespace shikake::publish
