// The parser's inside, over three files: tokens (here), statements, procedures and classes, expressions.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "honeyclient/vbscript/lexer.h"
#include "honeyclient/vbscript/parser.h"

namespace shikake::honeyclient::vbscript {

bool is_reserved(std::u16string_view name);  // words that name nothing

struct Binding {
  std::u16string_view sign;
  Operator op;
  int rank;  // higher binds tighter
};

class Parser {
 public:
  explicit Parser(std::u16string_view source) : tokens_(tokens_of(source)) {}

  std::shared_ptr<Program> program() {
    program_ = std::make_shared<Program>();
    block(program_->statements);
    if (here().kind != TokenKind::end) fail(1002, u"Syntax error");
    return program_;
  }

  std::shared_ptr<Program> only_expression() {
    program_ = std::make_shared<Program>();
    skip_ends();
    Statement statement = begin(StatementKind::call);
    statement.expressions.push_back(expression());
    program_->statements.push_back(std::move(statement));
    skip_ends();
    if (here().kind != TokenKind::end) fail(1025, u"Expected end of statement");
    return program_;
  }

 private:
  class Deeper {
   public:
    explicit Deeper(Parser& parser) : parser_(parser) {
      if (++parser_.depth_ > max_nesting) parser_.fail(1001, u"Out of memory: nested too deeply");
    }
    ~Deeper() { --parser_.depth_; }

   private:
    Parser& parser_;
  };

  // --- tokens

  const Token& here() const { return tokens_[at_]; }
  const Token& ahead(size_t count = 1) const { return tokens_[std::min(at_ + count, tokens_.size() - 1)]; }
  [[noreturn]] void fail(int32_t number, std::u16string text) const {
    throw SyntaxError{{number, std::move(text), here().line, here().column}};
  }
  static bool is_word(const Token& token, std::u16string_view word) {
    return token.kind == TokenKind::name && token.text == word;
  }
  static bool is_sign(const Token& token, std::u16string_view sign) {
    return token.kind == TokenKind::sign && token.text == sign;
  }
  bool word(std::u16string_view text) {
    if (!is_word(here(), text)) return false;
    ++at_;
    return true;
  }
  bool sign(std::u16string_view text) {
    if (!is_sign(here(), text)) return false;
    ++at_;
    return true;
  }
  void need_word(std::u16string_view text) {
    if (!word(text)) fail(1002, u"Expected '" + std::u16string(text) + u"'");
  }
  void need_sign(std::u16string_view text) {
    if (!sign(text)) fail(text == u")" ? 1006 : 1005, u"Expected '" + std::u16string(text) + u"'");
  }
  bool at_end_of_statement() const {
    return here().kind == TokenKind::end_of_statement || here().kind == TokenKind::end;
  }
  bool at_end_of_line() const {
    return here().kind == TokenKind::end ||
           (here().kind == TokenKind::end_of_statement && here().text == u"\n");
  }
  void skip_ends() {
    while (here().kind == TokenKind::end_of_statement) ++at_;
  }
  const Token& identifier() {
    const Token& token = here();
    bool named =
        token.kind == TokenKind::quoted_name || (token.kind == TokenKind::name && !is_reserved(token.text));
    if (!named) fail(1010, u"Expected identifier");
    ++at_;
    return token;
  }
  const Token& member_name() {
    const Token& token = here();
    if (token.kind != TokenKind::name && token.kind != TokenKind::quoted_name)
      fail(1010, u"Expected identifier");
    ++at_;
    return token;
  }

  Statement begin(StatementKind kind) const {
    Statement statement;
    statement.kind = kind;
    statement.line = here().line;
    statement.column = here().column;
    return statement;
  }
  ExpressionRef make(ExpressionKind kind) const {
    auto made = std::make_unique<Expression>();
    made->kind = kind;
    made->line = here().line;
    made->column = here().column;
    return made;
  }

  // --- statements: parser.cpp, parser_blocks.cpp
  static bool ends_block(const Token& token);
  void block(Block& into);
  void statement(Block& into);
  void plain(Block& into);
  void finish_let(Statement& statement, ExpressionRef target);
  void let(Block& into);
  void set(Block& into);
  void call(Block& into);
  Declaration declaration();
  void declarations(Statement& statement);
  void dim(Block& into);
  void visible_or_plain(Block& into);
  void visible(Block& into);
  void redim(Block& into);
  void constant(Block& into);
  void erase(Block& into);
  void randomize(Block& into);
  void stop(Block& into);
  void execute(Block& into);
  void line_block(Block& into);
  void one_line_if(Statement& statement);
  void if_statement(Block& into);
  void select(Block& into);
  void for_statement(Block& into);
  bool condition(Statement& statement);
  void do_statement(Block& into);
  void while_statement(Block& into);
  void with(Block& into);
  void exit_statement(Block& into);
  void on_error(Block& into);
  void option(Block& into);

  // --- procedures and classes: parser_procedures.cpp
  void parameters(Procedure& procedure);
  std::shared_ptr<Procedure> procedure();
  void procedure_statement(Block& into);
  void class_statement(Block& into);
  void class_member(ClassDeclaration& into);

  // --- expressions: parser_expressions.cpp
  ExpressionRef expression();
  const Binding* binding() const;
  ExpressionRef ranked(int least);
  ExpressionRef unary(Operator op, int rank);
  ExpressionRef operand();
  ExpressionRef literal(Value value);
  ExpressionRef primary();
  ExpressionRef postfix(bool starts_statement, bool bare = false);
  bool closes_before_more_of_the_call() const;
  void arguments(Expression& call, std::u16string_view closing = {});

  std::vector<Token> tokens_;
  size_t at_ = 0;
  uint32_t depth_ = 0;
  std::shared_ptr<Program> program_;
};

}  // namespace shikake::honeyclient::vbscript
