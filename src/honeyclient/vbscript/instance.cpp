#include "honeyclient/vbscript/instance.h"

#include <algorithm>

#include "honeyclient/vbscript/convert.h"

namespace shikake::honeyclient::vbscript {

Instance::Instance(Machine& machine, std::shared_ptr<ClassDeclaration> declaration)
    : machine_(machine), declaration_(std::move(declaration)) {
  for (const ClassDeclaration::Field& field : declaration_->fields) {
    Value value;
    if (field.array) {
      auto array = std::make_shared<Array>();
      array->bounds = field.bounds;
      array->dynamic = field.bounds.empty();
      uint64_t size = Array::size_of(field.bounds);
      if (size > max_array_items) raise(Fault::out_of_memory);
      array->items.resize(size);
      value = Value(std::move(array));
    }
    fields_[field.name] = std::make_shared<Value>(std::move(value));
  }
}

Instance::~Instance() {
  for (auto& [name, cell] : fields_)
    if (cell.use_count() == 1) bury(std::move(*cell));
}

Cell Instance::field(std::u16string_view name) const {
  auto found = fields_.find(std::u16string(name));
  return found == fields_.end() ? nullptr : found->second;
}

std::shared_ptr<Procedure> Instance::procedure(std::u16string_view name, ProcedureKind kind) const {
  for (const auto& one : declaration_->procedures)
    if (one->kind == kind && (name.empty() ? one->is_default : one->name == name)) return one;
  return nullptr;
}

std::shared_ptr<Procedure> Instance::readable(std::u16string_view name) const {
  for (ProcedureKind kind : {ProcedureKind::property_get, ProcedureKind::function, ProcedureKind::sub})
    if (auto found = procedure(name, kind)) return found;
  return nullptr;
}

bool Instance::is_method(std::u16string_view given) const {
  auto found = readable(lower_case(given));
  return found && found->kind != ProcedureKind::property_get;
}

Value Instance::call(std::u16string_view given, Arguments arguments) {
  std::u16string name = lower_case(given);
  if (auto found = readable(name)) {
    if (found->is_private) raise(Fault::no_such_member, given);
    return machine_.call_procedure(found, arguments, self_.lock());
  }
  for (const ClassDeclaration::Field& one : declaration_->fields) {
    if (one.name != name) continue;
    if (one.is_private) break;
    const Value& value = *fields_.at(name);
    if (arguments.empty()) return value;
    const ArrayRef* array = value.get<ArrayRef>();
    if (array) return machine_.element_of(**array, arguments);
    if (const ObjectRef* object = value.get<ObjectRef>(); object && *object)
      return (*object)->call({}, arguments);
    raise(Fault::type_mismatch, given);
  }
  raise(Fault::no_such_member, given);
}

void Instance::put(std::u16string_view given, Arguments arguments, const Value& value, bool set) {
  std::u16string name = lower_case(given);
  ProcedureKind kind = set ? ProcedureKind::property_set : ProcedureKind::property_let;
  auto found = procedure(name, kind);
  // An object is assigned through Let too where there is no Set, and the other way about.
  if (!found) found = procedure(name, set ? ProcedureKind::property_let : ProcedureKind::property_set);
  if (found) {
    if (found->is_private) raise(Fault::no_such_member, given);
    std::vector<Argument> all(arguments.begin(), arguments.end());
    all.push_back({value, nullptr});
    machine_.call_procedure(found, all, self_.lock());
    return;
  }
  for (const ClassDeclaration::Field& one : declaration_->fields) {
    if (one.name != name) continue;
    if (one.is_private) break;
    Value& held = *fields_.at(name);
    if (arguments.empty()) {
      held = value;
      return;
    }
    if (ArrayRef* array = held.get<ArrayRef>()) {
      machine_.element_of(**array, arguments) = value;
      return;
    }
    break;
  }
  raise(Fault::no_such_member, given);
}

Value ProcedureObject::call(std::u16string_view name, Arguments arguments) {
  if (!name.empty() && !same_name(name, u"call")) raise(Fault::no_such_member, name);
  // Who hands over an event does not ask whether the handler takes it.
  return machine_.call_procedure(
      procedure_, arguments.first(std::min(arguments.size(), procedure_->parameters.size())), nullptr);
}

ObjectRef make_instance(Machine& machine, const std::shared_ptr<ClassDeclaration>& declaration) {
  // Class_Terminate needs the object alive: the deleter runs it in a second life, then lets go.
  auto made = std::shared_ptr<Instance>(new Instance(machine, declaration), [&machine](Instance* ending) {
    auto last = std::shared_ptr<Instance>(ending);
    last->set_self(last);
    machine.terminate(std::move(last));
  });
  made->set_self(made);
  if (auto start = made->procedure(u"class_initialize", ProcedureKind::sub)) {
    machine.call_procedure(start, {}, made);
  }
  return made;
}

}  // namespace shikake::honeyclient::vbscript
