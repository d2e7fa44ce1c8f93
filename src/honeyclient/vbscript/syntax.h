// The syntax tree. A plain tree of structs; the interpreter walks it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "honeyclient/vbscript/value.h"

namespace shikake::honeyclient::vbscript {

struct Expression;
struct Statement;
using ExpressionRef = std::unique_ptr<Expression>;
using Block = std::vector<Statement>;

enum class Operator : uint8_t {
  power,
  negate,
  plus,
  multiply,
  divide,
  integer_divide,
  modulo,
  add,
  subtract,
  concatenate,
  equal,
  unequal,
  less,
  greater,
  less_equal,
  greater_equal,
  is,
  not_,
  and_,
  or_,
  xor_,
  eqv,
  imp,
};

enum class ExpressionKind : uint8_t {
  literal,  // value
  name,     // name
  with,     // the object of the innermost With: ".member"
  member,   // operands[0] . name
  call,     // operands[0] ( operands[1…] ): a call, an array's element, a default member
  unary,    // op operands[0]
  chain,    // operands[0] operators[0] operands[1] operators[1] …: one rank of binding, left to right
  create,   // New name
  me,       // Me
  missing,  // an argument that was left out
  group,    // ( operands[0] ): by value where it is an argument
};

struct Expression {
  ExpressionKind kind = ExpressionKind::missing;
  Operator op = Operator::negate;   // of unary
  std::vector<Operator> operators;  // of a chain: a tree for each "&" would be as deep as a script is long
  uint32_t line = 0, column = 0;
  std::u16string name;     // lower case
  std::u16string spelled;  // as written: objects of the page may care
  Value value;
  std::vector<ExpressionRef> operands;
};

struct Declaration {  // of Dim, ReDim
  std::u16string name, spelled;
  std::vector<ExpressionRef> bounds;
  bool array = false;  // "a()" or "a(3)"
};

struct Parameter {
  std::u16string name;
  bool by_value = false;
};

enum class ProcedureKind : uint8_t { sub, function, property_get, property_let, property_set };

struct Procedure {
  ProcedureKind kind = ProcedureKind::sub;
  std::u16string name, spelled;
  std::vector<Parameter> parameters;
  Block body;
  bool is_private = false, is_default = false;
  uint32_t line = 0, column = 0;
  uint32_t source = 0;  // the host's number of the text it stands in
  bool returns() const { return kind == ProcedureKind::function || kind == ProcedureKind::property_get; }
};

struct ClassDeclaration {
  struct Field {
    std::u16string name;
    std::vector<int32_t> bounds;
    bool array = false, is_private = false;
  };
  std::u16string name, spelled;
  std::vector<Field> fields;
  std::vector<std::shared_ptr<Procedure>> procedures;
};

enum class StatementKind : uint8_t {
  call,      // expressions[0], a call or a name
  let,       // expressions[0] = expressions[1]
  set,       // Set expressions[0] = expressions[1]
  append,    // expressions[0] = expressions[0] & expressions[1] & …
  dim,       // declarations
  redim,     // declarations, `flag`: Preserve
  erase,     // expressions
  constant,  // declarations[0] = expressions[0]
  if_,       // expressions[i] → blocks[i]; one block more: Else
  select,    // expressions[0]; cases
  for_,      // name = expressions[0] To expressions[1] Step expressions[2]
  for_each,  // name In expressions[0]
  do_,       // `flag`: test at the end; `until`; expressions[0] may be absent
  with,      // expressions[0]
  exit,      // `exit`
  on_error,  // `flag`: Resume Next; else GoTo 0
  option_explicit,
  procedure,  // defined when its program starts
  class_,
  randomize,  // expressions[0] may be absent
  execute,    // `flag`: ExecuteGlobal
  nothing,    // Stop, an empty line's rest
};

enum class Exit : uint8_t { none, for_, do_, procedure };

struct Case {
  std::vector<ExpressionRef> values;  // none: Case Else
  Block body;
};

struct Statement {
  StatementKind kind = StatementKind::nothing;
  uint32_t line = 0, column = 0;
  bool flag = false, until = false;
  Exit exit = Exit::none;
  std::u16string name, spelled;
  std::vector<ExpressionRef> expressions;
  std::vector<Declaration> declarations;
  std::vector<Block> blocks;
  std::vector<Case> cases;
  std::shared_ptr<Procedure> procedure;
  std::shared_ptr<ClassDeclaration> class_declaration;
};

struct Program {
  Block statements;
  // Wherever they stand in the text, they exist before its first statement runs.
  std::vector<std::shared_ptr<Procedure>> procedures;
  std::vector<std::shared_ptr<ClassDeclaration>> classes;
  bool option_explicit = false;
  uint32_t source = 0;
};

}  // namespace shikake::honeyclient::vbscript
