#include <cmath>

#include "honeyclient/vbscript/convert.h"
#include "honeyclient/vbscript/instance.h"
#include "honeyclient/vbscript/operators.h"
#include "honeyclient/vbscript/parser.h"

namespace shikake::honeyclient::vbscript {

// Procedures and classes of a text exist before its first statement runs.
void Machine::load(const std::shared_ptr<Program>& program) {
  programs_.push_back(program);
  for (const auto& procedure : program->procedures) {
    procedure->source = program->source;
    procedures_[procedure->name] = procedure;
    host.defined(procedure->spelled, true);
  }
  for (const auto& declaration : program->classes) {
    for (const auto& procedure : declaration->procedures) procedure->source = program->source;
    classes_[declaration->name] = declaration;
  }
}

void Machine::take_error(const RuntimeError& raised) {
  error.number = raised.number;
  error.description = raised.description;
  error.source = raised.source;
}

Flow Machine::run_block(const Block& block) {
  for (const Statement& statement : block) {
    step();
    Frame& here = frame();
    here.line = statement.line;
    here.column = statement.column;
    try {
      Flow flow = run_statement(statement);
      if (flow != Flow::on) return flow;
    } catch (RuntimeError& raised) {
      if (raised.line == 0) raised.line = statement.line, raised.column = statement.column;
      if (!frame().resume_next) throw;
      take_error(raised);
    }
  }
  return Flow::on;
}

Flow Machine::run_statement(const Statement& statement) {
  switch (statement.kind) {
    case StatementKind::call:
      evaluate(*statement.expressions[0]);
      break;
    case StatementKind::let:
      assign(*statement.expressions[0], evaluate(*statement.expressions[1]), false);
      break;
    case StatementKind::set: {
      Value value = evaluate(*statement.expressions[1]);
      if (!value.is_object()) raise(Fault::object_required);
      assign(*statement.expressions[0], std::move(value), true);
      break;
    }
    case StatementKind::append:
      append(statement);
      break;
    case StatementKind::dim:
      declare(statement);
      break;
    case StatementKind::redim:
      for (const Declaration& declaration : statement.declarations) redimension(declaration, statement.flag);
      break;
    case StatementKind::erase:
      erase(statement);
      break;
    case StatementKind::constant:
      define_constant(statement);
      break;
    case StatementKind::if_:
      return run_if(statement);
    case StatementKind::select:
      return run_select(statement);
    case StatementKind::for_:
      return run_for(statement);
    case StatementKind::for_each:
      return run_for_each(statement);
    case StatementKind::do_:
      return run_do(statement);
    case StatementKind::with:
      return run_with(statement);
    case StatementKind::exit:
      return statement.exit == Exit::for_  ? Flow::exit_for
             : statement.exit == Exit::do_ ? Flow::exit_do
                                           : Flow::exit_procedure;
    case StatementKind::on_error:
      frame().resume_next = statement.flag;
      error = {};
      break;
    case StatementKind::option_explicit:
      frame().option_explicit = true;
      break;
    case StatementKind::randomize:
      randomize(statement);
      break;
    case StatementKind::execute:
      execute(statement);
      break;
    case StatementKind::procedure:
    case StatementKind::class_:
    case StatementKind::nothing:
      break;
  }
  return Flow::on;
}

// Under Resume Next a condition that fails goes on with the statement after it, which is the first of the
// block that it guards.
bool Machine::holds(const Expression& condition) {
  try {
    Value value = evaluate(condition);
    return !value.is<Null>() && boolean_of(value);
  } catch (const RuntimeError& raised) {
    if (!frame().resume_next) throw;
    take_error(raised);
    return true;
  }
}

Flow Machine::run_if(const Statement& statement) {
  size_t taken = 0;
  while (taken < statement.expressions.size() && !holds(*statement.expressions[taken])) ++taken;
  bool another_goes_on = false;
  if (host.explores()) {
    std::vector<const Block*> arms;
    for (const Block& block : statement.blocks) arms.push_back(&block);
    another_goes_on = explore(statement, arms, taken);
    // Without an Else there is a way around all arms.
    if (arms.size() == statement.expressions.size() && taken < arms.size()) another_goes_on = true;
  }
  Flow flow = taken < statement.blocks.size() ? run_block(statement.blocks[taken]) : Flow::on;
  return flow != Flow::on && goes_on_all_the_same(statement, another_goes_on) ? Flow::on : flow;
}

Flow Machine::run_select(const Statement& statement) {
  Value subject = evaluate(*statement.expressions[0]);
  size_t taken = 0;
  for (; taken < statement.cases.size(); ++taken) {
    const Case& one = statement.cases[taken];
    bool matches = one.values.empty();
    for (size_t i = 0; i < one.values.size() && !matches; ++i) {
      const Expression& wanted = *one.values[i];
      Literal literal{false, wanted.kind == ExpressionKind::literal};
      Value same = combine(Operator::equal, subject, evaluate(wanted), literal);
      matches = !same.is<Null>() && boolean_of(same);
    }
    if (matches) break;
  }
  bool another_goes_on = false;
  if (host.explores()) {
    std::vector<const Block*> arms;
    for (const Case& one : statement.cases) arms.push_back(&one.body);
    another_goes_on = explore(statement, arms, taken);
  }
  Flow flow = taken < statement.cases.size() ? run_block(statement.cases[taken].body) : Flow::on;
  return flow != Flow::on && goes_on_all_the_same(statement, another_goes_on) ? Flow::on : flow;
}

Flow Machine::run_for(const Statement& statement) {
  Value now = evaluate(*statement.expressions[0]);
  Value last = evaluate(*statement.expressions[1]);
  Value by = statement.expressions.size() > 2 ? evaluate(*statement.expressions[2]) : Value(int16_t{1});
  double end = number_of(last), stride = number_of(by);
  if (now.is_text() || now.is<Empty>()) now = whole_number(number_of(now));
  Expression name;
  name.kind = ExpressionKind::name;
  name.name = statement.name;
  name.spelled = statement.spelled;
  while (true) {
    double at = number_of(now);
    if (stride >= 0 ? at > end : at < end) break;
    step();
    assign_name(name, now, false);
    Flow flow = run_block(statement.blocks[0]);
    if (flow == Flow::exit_for) return Flow::on;
    if (flow != Flow::on) return flow;
    // The body may have changed the counter.
    now = combine(Operator::add, *variable(name, true), by);
  }
  assign_name(name, now, false);
  return Flow::on;
}

Flow Machine::run_for_each(const Statement& statement) {
  Value collection = evaluate(*statement.expressions[0]);
  std::vector<Value> items;
  if (const ArrayRef* array = collection.get<ArrayRef>()) {
    items = (*array)->items;
  } else if (const ObjectRef* object = collection.get<ObjectRef>(); object && *object) {
    items = (*object)->items();
  } else {
    raise(Fault::not_a_collection);
  }
  Expression name;
  name.kind = ExpressionKind::name;
  name.name = statement.name;
  name.spelled = statement.spelled;
  for (Value& item : items) {
    step();
    bool is_object = item.is_object();
    assign_name(name, std::move(item), is_object);
    Flow flow = run_block(statement.blocks[0]);
    if (flow == Flow::exit_for) break;
    if (flow != Flow::on) return flow;
  }
  return Flow::on;
}

Flow Machine::run_do(const Statement& statement) {
  const Expression* condition = statement.expressions.empty() ? nullptr : statement.expressions[0].get();
  while (true) {
    step();
    if (condition && !statement.flag && holds(*condition) == statement.until) {
      const Block* body = &statement.blocks[0];
      explore(statement, {&body, 1}, 1);
      return Flow::on;
    }
    Flow flow = run_block(statement.blocks[0]);
    if (flow == Flow::exit_do) return Flow::on;
    if (flow != Flow::on) return flow;
    if (condition && statement.flag && holds(*condition) == statement.until) return Flow::on;
  }
}

Flow Machine::run_with(const Statement& statement) {
  frame().with.push_back(object_of(*statement.expressions[0]));
  struct Leave {
    Frame& frame;
    ~Leave() { frame.with.pop_back(); }
  } leave{frame()};
  return run_block(statement.blocks[0]);
}

void Machine::randomize(const Statement& statement) {
  random_state = statement.expressions.empty() ? host.seed() : number_of(evaluate(*statement.expressions[0]));
  random_state = std::fmod(std::fabs(std::trunc(random_state)), 16777216.0);
}

// Execute's text runs in the scope that it stands in, ExecuteGlobal's in the global one.
void Machine::execute(const Statement& statement) {
  std::u16string text = text_of(evaluate(*statement.expressions[0]));
  uint32_t source = host.evaluated(statement.flag ? u"ExecuteGlobal" : u"Execute", text);
  std::shared_ptr<Program> program;
  try {
    program = parse_program(text);
  } catch (const SyntaxError& wrong) {
    throw RuntimeError{wrong.error.number, wrong.error.description, u"Microsoft VBScript compilation error"};
  }
  program->source = source;
  check_stack();
  if (statement.flag) {
    auto outer = std::make_unique<Frame>();
    outer->source = source;
    outer->option_explicit = program->option_explicit;
    frames_.push_back(std::move(outer));
    struct Leave {
      std::vector<std::unique_ptr<Frame>>& frames;
      ~Leave() { frames.pop_back(); }
    } leave{frames_};
    load(program);
    run_block(program->statements);
    return;
  }
  load(program);
  struct Back {
    Frame& frame;
    uint32_t source, line, column;
    ~Back() { frame.source = source, frame.line = line, frame.column = column; }
  } back{frame(), frame().source, frame().line, frame().column};
  frame().source = source;
  run_block(program->statements);
}

}  // namespace shikake::honeyclient::vbscript
