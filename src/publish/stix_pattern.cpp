#include "publish/stix_pattern.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "publish/stix_lexer.h"

namespace shikake::publish {
namespace {

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

bool is_keyword(std::string_view word) {
  return std::find(std::begin(keywords), std::end(keywords), word) != std::end(keywords);
}

// Recursive descent; joins bind AND before OR before FOLLOWEDBY, as the grammar's alternatives do.
class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}

  Result<PatternNode> parse() {
    SHIKAKE_TRY(advance());
    SHIKAKE_ASSIGN(PatternNode node, observations(0));
    if (token_.kind != TokenKind::end) return wrong_pattern("something follows the pattern", token_.offset);
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
    if (!at_symbol(text)) return wrong_pattern("expected '" + std::string(text) + "'", token_.offset);
    return advance();
  }
  Result<> expect_word(std::string_view text) {
    if (!at_word(text)) return wrong_pattern("expected " + std::string(text), token_.offset);
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
    if (depth == max_pattern_depth) return wrong_pattern("nested too deeply", token_.offset);
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
      return wrong_pattern("expected '[' or '('", token_.offset);
    }
    return qualified(std::move(node), depth);
  }

  Result<PatternNode> qualified(PatternNode node, int depth) {
    while (at_word("START") || at_word("WITHIN") || at_word("REPEATS")) {
      if (++depth >= max_pattern_depth) return wrong_pattern("too many qualifiers", token_.offset);
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
          return wrong_pattern("expected a positive number", token_.offset);
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
      return wrong_pattern("expected a time, t'…'", token_.offset);
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
    if (depth == max_pattern_depth) return wrong_pattern("nested too deeply", token_.offset);
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
      if (!at_word("EXISTS")) return wrong_pattern("expected EXISTS", token_.offset);
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
      return wrong_pattern("expected an object path such as url:value", token_.offset);
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
        return wrong_pattern("expected an index or *", token_.offset);
      SHIKAKE_TRY(advance());
      SHIKAKE_TRY(expect_symbol("]"));
    }
    return {};
  }

  Result<> key_step(PatternNode& node) {
    bool plain = token_.kind == TokenKind::word && !is_keyword(token_.text) &&
                 token_.text.find('-') == std::string::npos;
    if (!plain && token_.kind != TokenKind::string)
      return wrong_pattern("expected a property name", token_.offset);
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
    if (!found) return wrong_pattern("expected a comparison such as =", token_.offset);
    node.test = *found;
    SHIKAKE_TRY(advance());
    if (node.test == PatternTest::in) return set(node);
    bool text_only = node.test == PatternTest::like || node.test == PatternTest::matches ||
                     node.test == PatternTest::is_subset || node.test == PatternTest::is_superset;
    bool orderable = node.test != PatternTest::equal && node.test != PatternTest::not_equal;
    if (text_only && token_.kind != TokenKind::string)
      return wrong_pattern("expected a string", token_.offset);
    if (orderable && token_.kind == TokenKind::word)
      return wrong_pattern("truth values have no order", token_.offset);
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
      return wrong_pattern("expected a value", token_.offset);
    node.literals.push_back(std::move(literal));
    return advance();
  }

  PatternLexer lexer_;
  Token token_;
};

}  // namespace

Result<PatternNode> parse_pattern(std::string_view text) {
  if (text.size() > max_pattern_bytes) return wrong_pattern("longer than 1 MiB", max_pattern_bytes);
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
