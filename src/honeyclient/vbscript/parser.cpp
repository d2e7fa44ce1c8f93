#include "honeyclient/vbscript/parser.h"

#include "honeyclient/vbscript/grammar.h"

namespace shikake::honeyclient::vbscript {

// Up to a word that ends it: "end", "else", "loop" … The word stays.
bool Parser::ends_block(const Token& token) {
  static constexpr std::array<std::u16string_view, 7> words = {u"end",  u"else", u"elseif", u"case",
                                                               u"loop", u"next", u"wend"};
  if (token.kind != TokenKind::name) return false;
  for (std::u16string_view word : words)
    if (token.text == word) return true;
  return false;
}

void Parser::block(Block& into) {
  Deeper deeper(*this);
  while (true) {
    skip_ends();
    if (here().kind == TokenKind::end || ends_block(here())) return;
    statement(into);
    if (!at_end_of_statement() && !ends_block(here())) fail(1025, u"Expected end of statement");
  }
}

void Parser::statement(Block& into) {
  const Token& token = here();
  if (token.kind == TokenKind::name && !is_sign(ahead(), u".") && !is_sign(ahead(), u"=")) {
    struct Row {
      std::u16string_view word;
      void (Parser::*parse)(Block&);
    };
    static constexpr std::array rows = {
        Row{u"dim", &Parser::dim},
        Row{u"public", &Parser::visible},
        Row{u"private", &Parser::visible},
        Row{u"redim", &Parser::redim},
        Row{u"const", &Parser::constant},
        Row{u"set", &Parser::set},
        Row{u"let", &Parser::let},
        Row{u"call", &Parser::call},
        Row{u"if", &Parser::if_statement},
        Row{u"select", &Parser::select},
        Row{u"for", &Parser::for_statement},
        Row{u"do", &Parser::do_statement},
        Row{u"while", &Parser::while_statement},
        Row{u"with", &Parser::with},
        Row{u"exit", &Parser::exit_statement},
        Row{u"on", &Parser::on_error},
        Row{u"option", &Parser::option},
        Row{u"sub", &Parser::procedure_statement},
        Row{u"function", &Parser::procedure_statement},
        Row{u"class", &Parser::class_statement},
        Row{u"erase", &Parser::erase},
        Row{u"randomize", &Parser::randomize},
        Row{u"stop", &Parser::stop},
        Row{u"execute", &Parser::execute},
        Row{u"executeglobal", &Parser::execute},
        Row{u"default", &Parser::visible_or_plain},
    };
    for (const Row& row : rows)
      if (row.word == token.text) return (this->*row.parse)(into);
  }
  plain(into);
}

// An assignment, or a call without Call.
void Parser::plain(Block& into) {
  Statement statement = begin(StatementKind::call);
  size_t start = at_;
  ExpressionRef target = postfix(true);
  if (sign(u"=")) {
    finish_let(statement, std::move(target));
  } else if (at_end_of_statement() || ends_block(here())) {
    // Without Call, "F (a)" hands over a's value.
    if (target->kind == ExpressionKind::call && target->operands.size() == 2 &&
        target->operands[1]->kind != ExpressionKind::missing) {
      ExpressionRef group = make(ExpressionKind::group);
      group->operands.push_back(std::move(target->operands[1]));
      target->operands[1] = std::move(group);
    }
    statement.expressions.push_back(std::move(target));
  } else {
    // "F (a) & b, c": what looked like the call's parentheses belongs to its first argument.
    if (target->kind == ExpressionKind::call) {
      at_ = start;
      target = postfix(true, true);
    }
    ExpressionRef call = make(ExpressionKind::call);
    call->operands.push_back(std::move(target));
    arguments(*call);
    statement.expressions.push_back(std::move(call));
  }
  into.push_back(std::move(statement));
}

void Parser::finish_let(Statement& statement, ExpressionRef target) {
  statement.kind = StatementKind::let;
  ExpressionRef value = expression();
  bool grows = target->kind == ExpressionKind::name && value->kind == ExpressionKind::chain &&
               value->operands[0]->kind == ExpressionKind::name && value->operands[0]->name == target->name;
  if (grows)
    for (Operator op : value->operators) grows = grows && op == Operator::concatenate;
  statement.expressions.push_back(std::move(target));
  if (!grows) {
    statement.expressions.push_back(std::move(value));
    return;
  }
  statement.kind = StatementKind::append;
  for (size_t i = 1; i < value->operands.size(); ++i)
    statement.expressions.push_back(std::move(value->operands[i]));
}

void Parser::let(Block& into) {
  ++at_;
  Statement statement = begin(StatementKind::let);
  ExpressionRef target = postfix(true);
  need_sign(u"=");
  finish_let(statement, std::move(target));
  into.push_back(std::move(statement));
}

void Parser::set(Block& into) {
  Statement statement = begin(StatementKind::set);
  ++at_;
  statement.expressions.push_back(postfix(true));
  need_sign(u"=");
  statement.expressions.push_back(expression());
  into.push_back(std::move(statement));
}

void Parser::call(Block& into) {
  Statement statement = begin(StatementKind::call);
  ++at_;
  statement.expressions.push_back(postfix(true));
  into.push_back(std::move(statement));
}

Declaration Parser::declaration() {
  Declaration declared;
  const Token& name = identifier();
  declared.name = name.text;
  declared.spelled = name.spelled;
  if (sign(u"(")) {
    declared.array = true;
    while (!is_sign(here(), u")")) {
      declared.bounds.push_back(expression());
      if (declared.bounds.size() > 60) fail(1052, u"Too many dimensions");
      if (!sign(u",")) break;
    }
    need_sign(u")");
  }
  return declared;
}

void Parser::declarations(Statement& statement) {
  do statement.declarations.push_back(declaration());
  while (sign(u","));
}

void Parser::dim(Block& into) {
  Statement statement = begin(StatementKind::dim);
  ++at_;
  declarations(statement);
  into.push_back(std::move(statement));
}

void Parser::visible_or_plain(Block& into) {
  if (is_word(ahead(), u"function") || is_word(ahead(), u"sub") || is_word(ahead(), u"property"))
    return visible(into);
  plain(into);
}

// Public and Private, outside classes: visibility changes nothing there.
void Parser::visible(Block& into) {
  Statement statement = begin(StatementKind::dim);
  ++at_;
  word(u"default");
  if (is_word(here(), u"sub") || is_word(here(), u"function")) return procedure_statement(into);
  if (is_word(here(), u"const")) return constant(into);
  declarations(statement);
  into.push_back(std::move(statement));
}

void Parser::redim(Block& into) {
  Statement statement = begin(StatementKind::redim);
  ++at_;
  statement.flag = word(u"preserve");
  declarations(statement);
  for (const Declaration& declared : statement.declarations)
    if (declared.bounds.empty()) fail(1005, u"Expected '('");
  into.push_back(std::move(statement));
}

void Parser::constant(Block& into) {
  ++at_;
  do {
    Statement statement = begin(StatementKind::constant);
    statement.declarations.emplace_back();
    const Token& name = identifier();
    statement.declarations.back().name = name.text;
    statement.declarations.back().spelled = name.spelled;
    need_sign(u"=");
    statement.expressions.push_back(expression());
    into.push_back(std::move(statement));
  } while (sign(u","));
}

void Parser::erase(Block& into) {
  Statement statement = begin(StatementKind::erase);
  ++at_;
  do statement.expressions.push_back(postfix(true));
  while (sign(u","));
  into.push_back(std::move(statement));
}

void Parser::randomize(Block& into) {
  Statement statement = begin(StatementKind::randomize);
  ++at_;
  if (!at_end_of_statement() && !ends_block(here())) statement.expressions.push_back(expression());
  into.push_back(std::move(statement));
}

void Parser::stop(Block& into) {
  into.push_back(begin(StatementKind::nothing));
  ++at_;
}

void Parser::execute(Block& into) {
  Statement statement = begin(StatementKind::execute);
  statement.flag = here().text == u"executeglobal";
  ++at_;
  statement.expressions.push_back(expression());
  into.push_back(std::move(statement));
}

void Parser::exit_statement(Block& into) {
  Statement statement = begin(StatementKind::exit);
  ++at_;
  if (word(u"for"))
    statement.exit = Exit::for_;
  else if (word(u"do"))
    statement.exit = Exit::do_;
  else if (word(u"sub") || word(u"function") || word(u"property"))
    statement.exit = Exit::procedure;
  else
    fail(1039, u"Invalid 'exit' statement");
  into.push_back(std::move(statement));
}

void Parser::on_error(Block& into) {
  Statement statement = begin(StatementKind::on_error);
  ++at_;
  need_word(u"error");
  if (word(u"resume")) {
    need_word(u"next");
    statement.flag = true;
  } else {
    need_word(u"goto");
    if (here().kind != TokenKind::literal) fail(1002, u"Expected '0'");
    ++at_;
  }
  into.push_back(std::move(statement));
}

void Parser::option(Block& into) {
  Statement statement = begin(StatementKind::option_explicit);
  ++at_;
  need_word(u"explicit");
  program_->option_explicit = true;
  into.push_back(std::move(statement));
}

namespace {

void check_size(std::u16string_view source) {
  if (source.size() > max_source_units)
    throw SyntaxError{
        {static_cast<int32_t>(Fault::out_of_memory), u"Out of memory: the script is too long", 1, 1}};
}

}  // namespace

std::shared_ptr<Program> parse_program(std::u16string_view source) {
  check_size(source);
  return Parser(source).program();
}

std::shared_ptr<Program> parse_expression(std::u16string_view source) {
  check_size(source);
  return Parser(source).only_expression();
}

}  // namespace shikake::honeyclient::vbscript
