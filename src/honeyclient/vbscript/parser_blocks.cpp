// Statements that hold others.
#include "honeyclient/vbscript/grammar.h"

namespace shikake::honeyclient::vbscript {

// The rest of a one-line If, up to its Else, End If or line's end.
void Parser::line_block(Block& into) {
  Deeper deeper(*this);
  while (!at_end_of_line()) {
    if (here().kind == TokenKind::end_of_statement) {
      ++at_;
      continue;
    }
    if (is_word(here(), u"else") || is_word(here(), u"elseif") || is_word(here(), u"end")) return;
    if (ends_block(here())) return;  // "If a Then b Loop": the outer block's word
    statement(into);
  }
}

void Parser::one_line_if(Statement& statement) {
  statement.blocks.emplace_back();
  line_block(statement.blocks.back());
  while (is_word(here(), u"elseif")) {
    ++at_;
    statement.expressions.push_back(expression());
    need_word(u"then");
    statement.blocks.emplace_back();
    line_block(statement.blocks.back());
  }
  if (word(u"else")) {
    statement.blocks.emplace_back();
    line_block(statement.blocks.back());
  }
  if (is_word(here(), u"end") && is_word(ahead(), u"if")) at_ += 2;
}

void Parser::if_statement(Block& into) {
  Statement statement = begin(StatementKind::if_);
  ++at_;
  statement.expressions.push_back(expression());
  need_word(u"then");
  if (!at_end_of_line()) {
    one_line_if(statement);
    into.push_back(std::move(statement));
    return;
  }
  statement.blocks.emplace_back();
  block(statement.blocks.back());
  while (word(u"elseif")) {
    statement.expressions.push_back(expression());
    need_word(u"then");
    statement.blocks.emplace_back();
    block(statement.blocks.back());
  }
  if (word(u"else")) {
    statement.blocks.emplace_back();
    block(statement.blocks.back());
  }
  need_word(u"end");
  need_word(u"if");
  into.push_back(std::move(statement));
}

void Parser::select(Block& into) {
  Statement statement = begin(StatementKind::select);
  ++at_;
  need_word(u"case");
  statement.expressions.push_back(expression());
  skip_ends();
  while (word(u"case")) {
    Case one;
    if (!word(u"else")) {
      do one.values.push_back(expression());
      while (sign(u","));
    }
    block(one.body);
    statement.cases.push_back(std::move(one));
  }
  need_word(u"end");
  need_word(u"select");
  into.push_back(std::move(statement));
}

void Parser::for_statement(Block& into) {
  Statement statement = begin(StatementKind::for_);
  ++at_;
  bool each = word(u"each");
  const Token& name = identifier();
  statement.name = name.text;
  statement.spelled = name.spelled;
  if (each) {
    statement.kind = StatementKind::for_each;
    need_word(u"in");
    statement.expressions.push_back(expression());
  } else {
    need_sign(u"=");
    statement.expressions.push_back(expression());
    need_word(u"to");
    statement.expressions.push_back(expression());
    if (word(u"step")) statement.expressions.push_back(expression());
  }
  statement.blocks.emplace_back();
  block(statement.blocks.back());
  need_word(u"next");
  if (here().kind == TokenKind::name && here().text == statement.name) ++at_;
  into.push_back(std::move(statement));
}

bool Parser::condition(Statement& statement) {
  if (word(u"while")) {
    statement.until = false;
  } else if (word(u"until")) {
    statement.until = true;
  } else {
    return false;
  }
  statement.expressions.push_back(expression());
  return true;
}

void Parser::do_statement(Block& into) {
  Statement statement = begin(StatementKind::do_);
  ++at_;
  bool tested = condition(statement);
  statement.blocks.emplace_back();
  block(statement.blocks.back());
  need_word(u"loop");
  if (!tested && condition(statement)) statement.flag = true;
  into.push_back(std::move(statement));
}

void Parser::while_statement(Block& into) {
  Statement statement = begin(StatementKind::do_);
  ++at_;
  statement.expressions.push_back(expression());
  statement.blocks.emplace_back();
  block(statement.blocks.back());
  need_word(u"wend");
  into.push_back(std::move(statement));
}

void Parser::with(Block& into) {
  Statement statement = begin(StatementKind::with);
  ++at_;
  statement.expressions.push_back(expression());
  statement.blocks.emplace_back();
  block(statement.blocks.back());
  need_word(u"end");
  need_word(u"with");
  into.push_back(std::move(statement));
}

}  // namespace shikake::honeyclient::vbscript
