#include "honeyclient/vbscript/interpreter.h"

#include "honeyclient/vbscript/convert.h"
#include "honeyclient/vbscript/instance.h"
#include "honeyclient/vbscript/parser.h"

namespace shikake::honeyclient::vbscript {

namespace {

// Of the thread's stack, from where the script was entered: a worker has 8 MiB, the page's own script some of
// it.
constexpr ptrdiff_t max_stack_bytes = 1 << 20;
constexpr uint64_t steps_between_questions = 4096;
constexpr size_t units_a_step = 1024;  // what is copied in about a step's time

}  // namespace

Machine::Machine(Host& the_host) : host(the_host) {
  frames_.push_back(std::make_unique<Frame>());
}
Machine::~Machine() {
  ending_ = true;
}

void Machine::step(uint64_t cost) {
  if (stop_requested_) throw Stopped{};
  steps_ += cost;
  if (steps_ - asked_at_ < steps_between_questions) return;
  asked_at_ = steps_;
  if (!host.keep_going()) throw Stopped{};
}

void Machine::check_text(size_t units) {
  if (units > max_text_units) raise(Fault::out_of_string_space);
  step(units / units_a_step);
}

void Machine::check_stack() {
  const char* here = static_cast<const char*>(__builtin_frame_address(0));
  if (stack_base_ && stack_base_ - here > max_stack_bytes) raise(Fault::out_of_stack);
}

Machine::Entry::Entry(Machine& machine)
    : machine_(machine), outer_(machine.stack_base_), depth_(machine.frames_.size()) {
  if (!outer_) machine.stack_base_ = static_cast<const char*>(__builtin_frame_address(0));
}
Machine::Entry::~Entry() {
  machine_.stack_base_ = outer_;
  while (machine_.frames_.size() > depth_) machine_.frames_.pop_back();
}

void Machine::run(std::u16string_view text, uint32_t source) {
  Entry entry(*this);
  std::shared_ptr<Program> program = parse_program(text);
  program->source = source;
  auto frame = std::make_unique<Frame>();
  frame->source = source;
  frame->option_explicit = program->option_explicit;
  frames_.push_back(std::move(frame));
  load(program);
  run_block(program->statements);
}

Value Machine::evaluate_text(std::u16string_view text, uint32_t source) {
  Entry entry(*this);
  std::shared_ptr<Program> program = parse_expression(text);
  program->source = source;
  programs_.push_back(program);
  auto frame = std::make_unique<Frame>();
  frame->source = source;
  frames_.push_back(std::move(frame));
  return evaluate(*program->statements[0].expressions[0]);
}

Value Machine::evaluate_here(std::u16string_view text) {
  host.evaluated(u"Eval", text);
  check_stack();
  std::shared_ptr<Program> program;
  try {
    program = parse_expression(text);
  } catch (const SyntaxError& wrong) {
    throw RuntimeError{wrong.error.number, wrong.error.description, u"Microsoft VBScript compilation error"};
  }
  return evaluate(*program->statements[0].expressions[0]);
}

std::shared_ptr<Procedure> Machine::find_procedure(std::u16string_view lowered) const {
  auto found = procedures_.find(std::u16string(lowered));
  return found == procedures_.end() ? nullptr : found->second;
}
Cell Machine::find_global(std::u16string_view lowered) const {
  auto found = globals_.find(std::u16string(lowered));
  return found == globals_.end() ? nullptr : found->second;
}
std::shared_ptr<ClassDeclaration> Machine::find_class(std::u16string_view lowered) const {
  auto found = classes_.find(std::u16string(lowered));
  return found == classes_.end() ? nullptr : found->second;
}

void Machine::define_global(std::u16string_view name, Value value) {
  Cell& cell = globals_[lower_case(name)];
  if (cell)
    *cell = std::move(value);
  else
    cell = std::make_shared<Value>(std::move(value));
  host.defined(name, false);
}

ObjectRef Machine::procedure_object(std::u16string_view name) {
  auto found = find_procedure(lower_case(name));
  return found ? std::make_shared<ProcedureObject>(*this, std::move(found)) : nullptr;
}

Whereabouts Machine::whereabouts() const {
  if (!stack_base_) return {};
  return {frame().source, frame().line, frame().column};
}

// Errors of Class_Terminate go nowhere.
void Machine::terminate(std::shared_ptr<Instance> instance) {
  auto procedure = instance->procedure(u"class_terminate", ProcedureKind::sub);
  if (!procedure || ending_ || !stack_base_) return;
  try {
    call_procedure(procedure, {}, instance);
  } catch (const RuntimeError&) {
  } catch (const Stopped&) {
    stop_requested_ = true;
  }
}

Interpreter::Interpreter(Host& host) : machine_(std::make_unique<Machine>(host)) {}
Interpreter::~Interpreter() = default;

namespace {

template <class Work>
Outcome caught(Work work) {
  Outcome outcome;
  try {
    outcome.value = work();
  } catch (const SyntaxError& wrong) {
    outcome.error = wrong.error;
  } catch (const RuntimeError& raised) {
    outcome.error = ScriptError{raised.number, raised.description, raised.line, raised.column};
  } catch (const Stopped&) {
    outcome.stopped = true;
  }
  return outcome;
}

}  // namespace

Outcome Interpreter::run(std::u16string_view text, uint32_t source) {
  return caught([&] {
    machine_->run(text, source);
    return Value();
  });
}

Outcome Interpreter::evaluate(std::u16string_view expression, uint32_t source) {
  return caught([&] { return machine_->evaluate_text(expression, source); });
}

Outcome Interpreter::call(std::u16string_view name, std::vector<Value> values) {
  return caught([&] {
    auto procedure = machine_->find_procedure(lower_case(name));
    if (!procedure) raise(Fault::not_defined, name);
    std::vector<Argument> arguments;
    for (Value& value : values) arguments.push_back({std::move(value), nullptr});
    // A handler that takes none gets none, whatever the event hands over.
    arguments.resize(procedure->parameters.size());
    return machine_->call_procedure(procedure, arguments, nullptr);
  });
}

bool Interpreter::call_uncalled() {
  return machine_->call_uncalled();
}

bool Interpreter::has_procedure(std::u16string_view name) const {
  return machine_->find_procedure(lower_case(name)) != nullptr;
}
ObjectRef Interpreter::procedure(std::u16string_view name) {
  return machine_->procedure_object(name);
}
std::optional<Value> Interpreter::variable(std::u16string_view name) const {
  Cell cell = machine_->find_global(lower_case(name));
  return cell ? std::optional(*cell) : std::nullopt;
}
void Interpreter::set_variable(std::u16string_view name, Value value) {
  machine_->define_global(name, std::move(value));
}
Whereabouts Interpreter::whereabouts() const {
  return machine_->whereabouts();
}

}  // namespace shikake::honeyclient::vbscript
