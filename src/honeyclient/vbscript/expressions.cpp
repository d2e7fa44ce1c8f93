#include "honeyclient/vbscript/convert.h"
#include "honeyclient/vbscript/instance.h"
#include "honeyclient/vbscript/operators.h"
#include "honeyclient/vbscript/parser.h"

namespace shikake::honeyclient::vbscript {

Value Machine::evaluate(const Expression& expression) {
  switch (expression.kind) {
    case ExpressionKind::literal:
      return expression.value;
    case ExpressionKind::name:
      return evaluate_name(expression);
    case ExpressionKind::group:
      return evaluate(*expression.operands[0]);
    case ExpressionKind::chain:
      return evaluate_chain(expression);
    case ExpressionKind::call:
      return evaluate_call(expression);
    case ExpressionKind::member:
      return object_of(*expression.operands[0])->call(expression.spelled, {});
    case ExpressionKind::unary: {
      Value value = evaluate(*expression.operands[0]);
      if (expression.op == Operator::not_) return complement(value);
      if (expression.op == Operator::negate) return negated(value);
      return value.is_text() ? Value(number_of(value)) : value;
    }
    case ExpressionKind::with:
      if (frame().with.empty()) raise(Fault::object_not_set);
      return frame().with.back();
    case ExpressionKind::create: {
      if (expression.name == u"regexp") return make_regular_expression();
      auto declaration = find_class(expression.name);
      if (!declaration) raise(Fault::no_such_member, expression.spelled);
      check_stack();
      return make_instance(*this, declaration);
    }
    case ExpressionKind::me:
      if (!frame().me) raise(Fault::object_required, u"Me");
      return ObjectRef(frame().me);
    case ExpressionKind::missing:
      return Missing{};
  }
  return {};
}

Value Machine::evaluate_chain(const Expression& expression) {
  check_stack();
  const Expression* left_tree = expression.operands[0].get();
  Value left = evaluate(*left_tree);
  // Texts that are joined one after another are built in one place.
  std::u16string joined;
  bool joining = false;
  for (size_t i = 0; i < expression.operators.size(); ++i) {
    const Expression& right_tree = *expression.operands[i + 1];
    Value right = evaluate(right_tree);
    Operator op = expression.operators[i];
    if (op == Operator::concatenate && (joining || left.is_text()) &&
        (right.is_text() || right.is_number())) {
      if (!joining) joined = **left.get<Text>();
      joining = true;
      if (const Text* more = right.get<Text>())
        joined += **more;
      else
        joined += text_of(right);
      check_text(joined.size());
      continue;
    }
    if (joining) left = Value(std::exchange(joined, {}));
    joining = false;
    Literal literal{i == 0 && left_tree->kind == ExpressionKind::literal,
                    right_tree.kind == ExpressionKind::literal};
    left = combine(op, left, right, literal);
  }
  return joining ? Value(std::move(joined)) : left;
}

Value Machine::evaluate_name(const Expression& expression) {
  if (Cell cell = find_variable(expression.name)) return *cell;
  if (frame().me)
    if (auto found = frame().me->readable(expression.name)) return call_procedure(found, {}, frame().me);
  if (auto procedure = find_procedure(expression.name)) return call_procedure(procedure, {}, nullptr);
  if (expression.name == u"err") return make_error_object(*this);
  if (std::optional<Value> constant = find_constant(expression.name)) return *constant;
  if (const Function* function = find_function(expression.name)) {
    if (function->least > 0) raise(Fault::wrong_arguments, expression.spelled);
    return function->run(*this, {});
  }
  if (std::optional<Value> global = host.global(expression.spelled)) return *global;
  if (frame().option_explicit) raise(Fault::variable_undefined, expression.spelled);
  return {};
}

ObjectRef Machine::object_of(const Expression& expression) {
  check_stack();
  Value value = evaluate(expression);
  const ObjectRef* object = value.get<ObjectRef>();
  if (!object) raise(Fault::object_required, expression.spelled);
  if (!*object) raise(Fault::object_not_set);
  return *object;
}

// The arguments of a call; a variable goes along so that a ByRef parameter can be bound to it.
std::vector<Argument> Machine::pass(const Expression& call) {
  std::vector<Argument> arguments;
  for (size_t i = 1; i < call.operands.size(); ++i) {
    const Expression& given = *call.operands[i];
    Cell cell = given.kind == ExpressionKind::name ? find_variable(given.name) : nullptr;
    if (!cell && given.kind == ExpressionKind::name && !frame().option_explicit &&
        !find_procedure(given.name) && !find_function(given.name) && !find_constant(given.name) &&
        given.name != u"err" && !host.global(given.spelled))
      cell = variable(given, true);  // f(x) with a new x: f may set it
    if (cell)
      arguments.push_back({*cell, cell});
    else
      arguments.push_back({evaluate(given), nullptr});
  }
  return arguments;
}

// Elements of arrays have no cell: what a ByRef parameter was left with is copied back.
void Machine::give_back(const Expression& call, std::vector<Argument>& arguments) {
  for (size_t i = 1; i < call.operands.size() && i <= arguments.size(); ++i) {
    if (call.operands[i]->kind != ExpressionKind::call) continue;
    ArrayRef keep;
    if (Value* place = element(*call.operands[i], keep)) *place = std::move(arguments[i - 1].value);
  }
}

Value Machine::evaluate_call(const Expression& expression) {
  check_stack();
  ArrayRef keep;
  if (Value* place = element(expression, keep)) return *place;
  const Expression& callee = *expression.operands[0];
  if (callee.kind == ExpressionKind::member) {
    ObjectRef object = object_of(*callee.operands[0]);
    std::vector<Argument> arguments = pass(expression);
    Value value = object->call(callee.spelled, arguments);
    give_back(expression, arguments);
    return value;
  }
  std::vector<Argument> arguments = pass(expression);
  if (callee.kind == ExpressionKind::name) {
    Value value = call_name(callee, arguments);
    give_back(expression, arguments);
    return value;
  }
  Value target = evaluate(callee);
  if (const ArrayRef* array = target.get<ArrayRef>()) return element_of(**array, arguments);
  const ObjectRef* object = target.get<ObjectRef>();
  if (!object) raise(Fault::type_mismatch);
  if (!*object) raise(Fault::object_not_set);
  return ObjectRef(*object)->call({}, arguments);
}

Value Machine::call_name(const Expression& name, Arguments arguments) {
  Frame& here = frame();
  bool own_name = here.result && here.procedure->name == name.name;
  if (Cell cell = own_name ? nullptr : find_variable(name.name)) {
    if (const ObjectRef* object = cell->get<ObjectRef>()) {
      if (!*object) raise(Fault::object_not_set);
      return ObjectRef(*object)->call({}, arguments);
    }
    if (arguments.empty()) return *cell;
    raise(Fault::type_mismatch, name.spelled);
  }
  if (here.me)
    if (auto found = here.me->readable(name.name)) return call_procedure(found, arguments, here.me);
  if (auto procedure = find_procedure(name.name)) return call_procedure(procedure, arguments, nullptr);
  if (const Function* function = find_function(name.name)) {
    if (arguments.size() < function->least || arguments.size() > function->most)
      raise(Fault::wrong_arguments, name.spelled);
    return function->run(*this, arguments);
  }
  if (name.name == u"err") return make_error_object(*this);
  if (std::optional<Value> global = host.global(name.spelled)) {
    const ObjectRef* object = global->get<ObjectRef>();
    if (object && *object) return ObjectRef(*object)->call({}, arguments);
    if (arguments.empty()) return *global;
  }
  raise(Fault::type_mismatch, name.spelled);
}

Value Machine::call_procedure(const std::shared_ptr<Procedure>& procedure, Arguments arguments,
                              std::shared_ptr<Instance> me) {
  Entry entry(*this);  // the page's other scripts come in here too
  check_stack();
  if (arguments.size() != procedure->parameters.size()) raise(Fault::wrong_arguments, procedure->spelled);
  std::shared_ptr<Procedure> keep = procedure;  // it may be redefined while it runs
  entered_.insert(keep.get());
  auto frame = std::make_unique<Frame>();
  frame->procedure = procedure.get();
  frame->resume_next = exploring_ > 0;  // what fails on a way that nothing chose ends nothing
  frame->me = std::move(me);
  frame->source = procedure->source;
  frame->line = procedure->line;
  frame->column = procedure->column;
  if (procedure->returns()) frame->result = std::make_shared<Value>();
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Parameter& parameter = procedure->parameters[i];
    bool shared = !parameter.by_value && arguments[i].cell;
    frame->locals.emplace_back(parameter.name,
                               shared ? arguments[i].cell : std::make_shared<Value>(arguments[i].value));
  }
  Cell result = frame->result;
  Frame& running = *frame;
  frames_.push_back(std::move(frame));
  struct Leave {
    std::vector<std::unique_ptr<Frame>>& frames;
    ~Leave() {
      std::unique_ptr<Frame> ended = std::move(frames.back());
      frames.pop_back();  // first: what ends with the frame may run code (Class_Terminate)
    }
  } leave{frames_};
  run_block(procedure->body);
  for (size_t i = 0; i < arguments.size(); ++i)
    if (!procedure->parameters[i].by_value && !arguments[i].cell)
      arguments[i].value = *running.locals[i].second;
  running.result = nullptr;
  return result ? std::move(*result) : Value();
}

}  // namespace shikake::honeyclient::vbscript
