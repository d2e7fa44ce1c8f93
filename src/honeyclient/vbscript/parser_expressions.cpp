#include "honeyclient/vbscript/grammar.h"

namespace shikake::honeyclient::vbscript {

namespace {

constexpr std::array<std::u16string_view, 61> reserved = {
    u"and",      u"byref",   u"byval",    u"call",       u"case",    u"class",  u"const",  u"dim",    u"do",
    u"each",     u"else",    u"elseif",   u"empty",      u"end",     u"eqv",    u"exit",   u"false",  u"for",
    u"function", u"get",     u"goto",     u"if",         u"imp",     u"in",     u"is",     u"let",    u"loop",
    u"mod",      u"new",     u"next",     u"not",        u"nothing", u"null",   u"on",     u"option", u"or",
    u"preserve", u"private", u"public",   u"randomize",  u"redim",   u"rem",    u"resume", u"select", u"set",
    u"stop",     u"sub",     u"then",     u"to",         u"true",    u"until",  u"wend",   u"while",  u"with",
    u"xor",      u"me",      u"optional", u"paramarray", u"static",  u"typeof", u"like"};

// "Operator Precedence (VBScript)".
constexpr int rank_not = 6, rank_compare = 7, rank_negate = 13, rank_power = 14;
constexpr std::array bindings = {
    Binding{u"imp", Operator::imp, 1},
    Binding{u"eqv", Operator::eqv, 2},
    Binding{u"xor", Operator::xor_, 3},
    Binding{u"or", Operator::or_, 4},
    Binding{u"and", Operator::and_, 5},
    Binding{u"=", Operator::equal, rank_compare},
    Binding{u"<>", Operator::unequal, rank_compare},
    Binding{u"<", Operator::less, rank_compare},
    Binding{u">", Operator::greater, rank_compare},
    Binding{u"<=", Operator::less_equal, rank_compare},
    Binding{u">=", Operator::greater_equal, rank_compare},
    Binding{u"is", Operator::is, rank_compare},
    Binding{u"&", Operator::concatenate, 8},
    Binding{u"+", Operator::add, 9},
    Binding{u"-", Operator::subtract, 9},
    Binding{u"mod", Operator::modulo, 10},
    Binding{u"\\", Operator::integer_divide, 11},
    Binding{u"*", Operator::multiply, 12},
    Binding{u"/", Operator::divide, 12},
    Binding{u"^", Operator::power, rank_power},
};

}  // namespace

bool is_reserved(std::u16string_view name) {
  for (std::u16string_view word : reserved)
    if (word == name) return true;
  return false;
}

ExpressionRef Parser::expression() {
  return ranked(1);
}

const Binding* Parser::binding() const {
  if (here().kind != TokenKind::sign && here().kind != TokenKind::name) return nullptr;
  for (const Binding& row : bindings)
    if (row.sign == here().text) return &row;
  return nullptr;
}

ExpressionRef Parser::ranked(int least) {
  Deeper deeper(*this);
  ExpressionRef left = operand();
  while (const Binding* found = binding()) {
    if (found->rank < least) break;
    int rank = found->rank;
    ExpressionRef chain = make(ExpressionKind::chain);
    chain->operands.push_back(std::move(left));
    while (found && found->rank == rank) {
      ++at_;
      chain->operators.push_back(found->op);
      chain->operands.push_back(ranked(rank + 1));
      found = binding();
    }
    left = std::move(chain);
  }
  return left;
}

ExpressionRef Parser::unary(Operator op, int rank) {
  ExpressionRef made = make(ExpressionKind::unary);
  made->op = op;
  ++at_;
  made->operands.push_back(ranked(rank));
  return made;
}

ExpressionRef Parser::operand() {
  if (is_word(here(), u"not")) return unary(Operator::not_, rank_not);
  if (is_sign(here(), u"-")) return unary(Operator::negate, rank_negate);
  if (is_sign(here(), u"+")) return unary(Operator::plus, rank_negate);
  return postfix(false);
}

ExpressionRef Parser::literal(Value value) {
  ExpressionRef made = make(ExpressionKind::literal);
  made->value = std::move(value);
  ++at_;
  return made;
}

ExpressionRef Parser::primary() {
  const Token& token = here();
  if (token.kind == TokenKind::literal) return literal(token.value);
  if (sign(u"(")) {
    ExpressionRef made = make(ExpressionKind::group);
    made->operands.push_back(expression());
    need_sign(u")");
    return made;
  }
  if (is_sign(token, u".")) return make(ExpressionKind::with);  // the dot is read by postfix()
  if (token.kind == TokenKind::name) {
    if (token.text == u"true") return literal(true);
    if (token.text == u"false") return literal(false);
    if (token.text == u"empty") return literal(Empty{});
    if (token.text == u"null") return literal(Null{});
    if (token.text == u"nothing") return literal(ObjectRef{});
    if (token.text == u"me") {
      ExpressionRef made = make(ExpressionKind::me);
      ++at_;
      return made;
    }
    if (token.text == u"new") {
      ExpressionRef made = make(ExpressionKind::create);
      ++at_;
      const Token& name = identifier();
      made->name = name.text;
      made->spelled = name.spelled;
      return made;
    }
  }
  ExpressionRef made = make(ExpressionKind::name);
  const Token& name = identifier();
  made->name = name.text;
  made->spelled = name.spelled;
  return made;
}

// A primary with its ".member" and "(arguments)". As a statement's start, `bare` leaves a last "(…)"
// alone, and a dot after a blank begins the first argument.
ExpressionRef Parser::postfix(bool starts_statement, bool bare) {
  ExpressionRef made = primary();
  uint32_t steps = 0;
  while (++steps < max_nesting) {
    if (is_sign(here(), u".") &&
        !(starts_statement && here().after_space && made->kind != ExpressionKind::with)) {
      ExpressionRef member = make(ExpressionKind::member);
      ++at_;
      const Token& name = member_name();
      member->name = name.text;
      member->spelled = name.spelled;
      member->operands.push_back(std::move(made));
      made = std::move(member);
    } else if (is_sign(here(), u"(") && made->kind != ExpressionKind::literal) {
      if (bare && closes_before_more_of_the_call()) return made;
      ExpressionRef call = make(ExpressionKind::call);
      ++at_;
      call->operands.push_back(std::move(made));
      arguments(*call, u")");
      need_sign(u")");
      made = std::move(call);
    } else {
      return made;
    }
  }
  fail(1001, u"Out of memory: nested too deeply");
}

// Whether the parenthesis here closes where an operator or a comma follows: then it is an argument's.
bool Parser::closes_before_more_of_the_call() const {
  size_t depth = 0;
  for (size_t i = at_; i < tokens_.size(); ++i) {
    if (is_sign(tokens_[i], u"(")) ++depth;
    if (is_sign(tokens_[i], u")") && --depth == 0) {
      const Token& next = tokens_[i + 1];
      return !is_sign(next, u".") && !is_sign(next, u"(");
    }
  }
  return false;
}

void Parser::arguments(Expression& call, std::u16string_view closing) {
  if (!closing.empty() && is_sign(here(), closing)) return;
  while (true) {
    bool left_out = is_sign(here(), u",") || (!closing.empty() && is_sign(here(), closing)) ||
                    (closing.empty() && at_end_of_statement());
    call.operands.push_back(left_out ? make(ExpressionKind::missing) : expression());
    if (!sign(u",")) return;
  }
}

}  // namespace shikake::honeyclient::vbscript
