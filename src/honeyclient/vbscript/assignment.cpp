// Variables, arrays and what is assigned to them.
#include "honeyclient/vbscript/convert.h"
#include "honeyclient/vbscript/instance.h"
#include "honeyclient/vbscript/operators.h"

namespace shikake::honeyclient::vbscript {

namespace {

// Arrays are values: whoever is assigned one that another holds gets a copy.
Value own(Value value) {
  ArrayRef* array = value.get<ArrayRef>();
  if (!array || array->use_count() == 1) return value;
  auto copy = std::make_shared<Array>(**array);
  copy->dynamic = true;
  for (Value& item : copy->items) item = own(std::move(item));
  return copy;
}

ArrayRef dimensioned(const std::vector<int32_t>& bounds, bool dynamic) {
  for (int32_t bound : bounds)
    if (bound < -1) raise(Fault::subscript_out_of_range);
  uint64_t size = Array::size_of(bounds);
  if (size > max_array_items) raise(Fault::out_of_memory);
  auto array = std::make_shared<Array>();
  array->bounds = bounds;
  array->dynamic = dynamic;
  array->items.resize(size);
  return array;
}

// Keeps what both shapes have. Only the last bound may change: then the items keep their places.
void resize(Array& array, const std::vector<int32_t>& bounds) {
  if (array.bounds.size() != bounds.size()) raise(Fault::subscript_out_of_range);
  for (size_t i = 0; i + 1 < bounds.size(); ++i)
    if (array.bounds[i] != bounds[i]) raise(Fault::subscript_out_of_range);
  uint64_t size = Array::size_of(bounds);
  if (bounds.back() < -1) raise(Fault::subscript_out_of_range);
  if (size > max_array_items) raise(Fault::out_of_memory);
  array.items.resize(size);
  array.bounds = bounds;
}

}  // namespace

Cell Frame::find(std::u16string_view name) const {
  for (const auto& [known, cell] : locals)
    if (known == name) return cell;
  return nullptr;
}

// Locals, the function's own name, the object's fields, then the global scope.
Cell Machine::find_variable(std::u16string_view lowered) const {
  const Frame& here = frame();
  if (Cell found = here.find(lowered)) return found;
  if (here.result && here.procedure->name == lowered) return here.result;
  if (here.me)
    if (Cell found = here.me->field(lowered)) return found;
  return find_global(lowered);
}

Cell Machine::variable(const Expression& name, bool create) {
  Cell found = find_variable(name.name);
  if (found || !create) return found;
  if (frame().option_explicit) raise(Fault::variable_undefined, name.spelled);
  auto made = std::make_shared<Value>();
  if (frame().procedure) {
    frame().locals.emplace_back(name.name, made);
  } else {
    globals_[name.name] = made;
    host.defined(name.spelled, false);
  }
  return made;
}

void Machine::declare(const Statement& statement) {
  for (const Declaration& declaration : statement.declarations) {
    Value value;
    if (declaration.array) {
      std::vector<int32_t> bounds;
      for (const ExpressionRef& bound : declaration.bounds) bounds.push_back(long_of(evaluate(*bound)));
      value = Value(dimensioned(bounds, bounds.empty()));
    }
    if (frame().procedure) {
      if (Cell known = frame().find(declaration.name))
        *known = std::move(value);
      else
        frame().locals.emplace_back(declaration.name, std::make_shared<Value>(std::move(value)));
      continue;
    }
    // Dim of what another script of the page set already leaves it as it is.
    Cell known = find_global(declaration.name);
    if (known && !declaration.array) continue;
    define_global(declaration.spelled, std::move(value));
  }
}

void Machine::redimension(const Declaration& declaration, bool preserve) {
  std::vector<int32_t> bounds;
  for (const ExpressionRef& bound : declaration.bounds) bounds.push_back(long_of(evaluate(*bound)));
  Expression name;
  name.kind = ExpressionKind::name;
  name.name = declaration.name;
  name.spelled = declaration.spelled;
  Cell cell = variable(name, true);
  ArrayRef* held = cell->get<ArrayRef>();
  if (held && !(*held)->dynamic) raise(Fault::array_fixed);
  if (held && preserve && !(*held)->bounds.empty())
    resize(**held, bounds);
  else
    *cell = Value(dimensioned(bounds, true));
}

void Machine::erase(const Statement& statement) {
  for (const ExpressionRef& target : statement.expressions) {
    Value value = evaluate(*target);
    const ArrayRef* array = value.get<ArrayRef>();
    if (!array) raise(Fault::type_mismatch);
    if ((*array)->dynamic) {
      (*array)->bounds.clear();
      (*array)->items.clear();
    } else {
      for (Value& item : (*array)->items) item = {};
    }
  }
}

void Machine::define_constant(const Statement& statement) {
  const Declaration& declaration = statement.declarations[0];
  Value value = evaluate(*statement.expressions[0]);
  if (frame().procedure) {
    frame().locals.emplace_back(declaration.name, std::make_shared<Value>(std::move(value)));
    return;
  }
  define_global(declaration.spelled, std::move(value));
  constants_.insert(declaration.name);
}

Value& Machine::element_of(Array& array, Arguments indices) const {
  if (indices.size() != array.bounds.size() || array.bounds.empty()) raise(Fault::subscript_out_of_range);
  size_t index = 0, stride = 1;
  for (size_t i = 0; i < indices.size(); ++i) {
    int32_t at = long_of(indices[i].value);
    if (at < 0 || at > array.bounds[i]) raise(Fault::subscript_out_of_range);
    index += static_cast<size_t>(at) * stride;
    stride *= static_cast<size_t>(array.bounds[i]) + 1;
  }
  return array.items[index];
}

// The array's element that "a(1)" names, or null where it is a call. `keep` holds the array meanwhile.
Value* Machine::element(const Expression& call, ArrayRef& keep) {
  const Expression& target = *call.operands[0];
  if (target.kind == ExpressionKind::name) {
    Cell cell = find_variable(target.name);
    const ArrayRef* array = cell ? cell->get<ArrayRef>() : nullptr;
    if (!array) return nullptr;
    keep = *array;
  } else if (target.kind == ExpressionKind::call) {
    ArrayRef outer;
    Value* nested = element(target, outer);
    const ArrayRef* array = nested ? nested->get<ArrayRef>() : nullptr;
    if (!array) return nullptr;
    keep = *array;
  } else {
    return nullptr;
  }
  std::vector<Argument> indices;
  for (size_t i = 1; i < call.operands.size(); ++i) indices.push_back({evaluate(*call.operands[i]), nullptr});
  return &element_of(*keep, indices);
}

void Machine::assign(const Expression& target, Value value, bool set) {
  // Let of an object takes its default member's value.
  if (!set)
    if (const ObjectRef* object = value.get<ObjectRef>()) {
      if (!*object) raise(Fault::object_not_set);
      value = ObjectRef(*object)->call({}, {});
    }
  switch (target.kind) {
    case ExpressionKind::name:
      return assign_name(target, std::move(value), set);
    case ExpressionKind::member:
      object_of(*target.operands[0])->put(target.spelled, {}, own(std::move(value)), set);
      return;
    case ExpressionKind::call:
      return assign_call(target, std::move(value), set);
    default:
      raise(Fault::illegal_assignment);
  }
}

void Machine::assign_name(const Expression& target, Value value, bool set) {
  Cell cell = find_variable(target.name);
  if (!cell) {
    if (frame().me)
      for (ProcedureKind kind : {ProcedureKind::property_let, ProcedureKind::property_set})
        if (auto found = frame().me->procedure(target.name, kind)) {
          std::vector<Argument> arguments = {{own(std::move(value)), nullptr}};
          call_procedure(found, arguments, frame().me);
          return;
        }
    if (find_procedure(target.name)) raise(Fault::illegal_assignment, target.spelled);
    if (host.assign_global(target.spelled, value)) return;
    cell = variable(target, true);
  }
  if (constants_.contains(target.name) && cell == find_global(target.name))
    raise(Fault::illegal_assignment, target.spelled);
  const ArrayRef* fixed = cell->get<ArrayRef>();
  if (fixed && !(*fixed)->dynamic) raise(Fault::type_mismatch, target.spelled);
  Value old = std::exchange(*cell, own(std::move(value)));
  bury(std::move(old));
  (void)set;
}

void Machine::assign_call(const Expression& target, Value value, bool set) {
  ArrayRef keep;
  if (Value* place = element(target, keep)) {
    Value old = std::exchange(*place, own(std::move(value)));
    bury(std::move(old));
    return;
  }
  const Expression& callee = *target.operands[0];
  std::vector<Argument> arguments;
  for (size_t i = 1; i < target.operands.size(); ++i)
    arguments.push_back({evaluate(*target.operands[i]), nullptr});
  if (callee.kind == ExpressionKind::member) {
    object_of(*callee.operands[0])->put(callee.spelled, arguments, own(std::move(value)), set);
    return;
  }
  object_of(callee)->put({}, arguments, own(std::move(value)), set);
}

void Machine::append(const Statement& statement) {
  const Expression& target = *statement.expressions[0];
  Cell cell = find_variable(target.name);
  const Text* held = cell ? cell->get<Text>() : nullptr;
  // The general way for what is not a text.
  if (!held || constants_.contains(target.name)) {
    Value whole = evaluate(target);
    for (size_t i = 1; i < statement.expressions.size(); ++i)
      whole = combine(Operator::concatenate, whole, evaluate(*statement.expressions[i]));
    assign_name(target, std::move(whole), false);
    return;
  }
  // What is evaluated may assign to the variable: the sum begins with its old text all the same.
  Text before = *held;
  std::u16string tail;
  for (size_t i = 1; i < statement.expressions.size(); ++i) {
    Value more = evaluate(*statement.expressions[i]);
    if (!more.is<Null>()) tail += text_of(more);
  }
  check_text(before->size() + tail.size());
  held = cell->get<Text>();
  if (held && *held == before && before.use_count() == 2)
    *before += tail;
  else
    *cell = Value(*before + tail);
}

}  // namespace shikake::honeyclient::vbscript
