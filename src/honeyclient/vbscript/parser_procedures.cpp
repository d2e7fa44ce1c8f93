#include "honeyclient/vbscript/convert.h"
#include "honeyclient/vbscript/grammar.h"

namespace shikake::honeyclient::vbscript {

void Parser::parameters(Procedure& procedure) {
  if (!sign(u"(")) return;
  while (!is_sign(here(), u")")) {
    Parameter parameter;
    while (is_word(here(), u"byval") || is_word(here(), u"byref") || is_word(here(), u"optional"))
      parameter.by_value = tokens_[at_++].text == u"byval";
    parameter.name = identifier().text;
    if (sign(u"(")) need_sign(u")");
    procedure.parameters.push_back(std::move(parameter));
    if (!sign(u",")) break;
  }
  need_sign(u")");
}

std::shared_ptr<Procedure> Parser::procedure() {
  auto made = std::make_shared<Procedure>();
  made->line = here().line;
  made->column = here().column;
  std::u16string word_of = here().text;
  ++at_;
  if (word_of == u"property") {
    made->kind = word(u"get")   ? ProcedureKind::property_get
                 : word(u"let") ? ProcedureKind::property_let
                                : ProcedureKind::property_set;
    if (made->kind == ProcedureKind::property_set) need_word(u"set");
  } else {
    made->kind = word_of == u"function" ? ProcedureKind::function : ProcedureKind::sub;
  }
  const Token& name = identifier();
  made->name = name.text;
  made->spelled = name.spelled;
  parameters(*made);
  block(made->body);
  need_word(u"end");
  need_word(word_of);
  return made;
}

void Parser::procedure_statement(Block& into) {
  Statement statement = begin(StatementKind::procedure);
  statement.procedure = procedure();
  program_->procedures.push_back(statement.procedure);
  into.push_back(std::move(statement));
}

void Parser::class_statement(Block& into) {
  Deeper deeper(*this);
  Statement statement = begin(StatementKind::class_);
  ++at_;
  auto made = std::make_shared<ClassDeclaration>();
  const Token& name = identifier();
  made->name = name.text;
  made->spelled = name.spelled;
  while (true) {
    skip_ends();
    if (word(u"end")) break;
    class_member(*made);
  }
  need_word(u"class");
  statement.class_declaration = made;
  program_->classes.push_back(made);
  into.push_back(std::move(statement));
}

void Parser::class_member(ClassDeclaration& into) {
  bool is_private = is_word(here(), u"private");
  bool is_default = false;
  if (word(u"private") || word(u"public")) is_default = word(u"default");
  if (is_word(here(), u"sub") || is_word(here(), u"function") || is_word(here(), u"property")) {
    auto made = procedure();
    made->is_private = is_private;
    made->is_default = is_default;
    into.procedures.push_back(std::move(made));
    return;
  }
  word(u"dim");
  do {
    Declaration declared = declaration();
    ClassDeclaration::Field field{declared.name, {}, declared.array, is_private};
    for (const ExpressionRef& bound : declared.bounds) {
      if (bound->kind != ExpressionKind::literal) fail(1026, u"Expected integer constant");
      field.bounds.push_back(long_of(bound->value));
    }
    into.fields.push_back(std::move(field));
  } while (sign(u","));
}

}  // namespace shikake::honeyclient::vbscript
